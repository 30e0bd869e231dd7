"""action_answer_question: the record that answers, “did you mean …?”, or an honest no."""

from collections.abc import Iterator, Sequence

import structlog

from actions import followup
from actions.answers import hours, service, telling
from actions.conversations import Choice
from actions.dialogue import Answer, Events, Ground, Turn
from actions.learning import learned
from actions.told import SUGGESTED as ASKED_BACK
from actions.told import UNKNOWN, Told
from actions.wording import WEEKDAYS
from knowledge import conflicts
from knowledge.article import Article
from knowledge.errors import IndexUnusable
from knowledge.pack import Activity, Facility, Sourced, Text, key_of, title_of
from knowledge.search import Found, KnowledgeBase

SUGGESTED, SUGGESTED_ELDER = 3, 2
BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

log = structlog.get_logger()

Key = tuple[str, str]  # kind and id of a record


class AnswerQuestion(Answer):
    """Looks a question up, or shows the record that was chosen."""

    def __init__(self, ground: Ground, base: KnowledgeBase) -> None:
        super().__init__(ground)
        self._base = base

    def name(self) -> str:
        return "action_answer_question"

    def act(self, turn: Turn) -> Events:
        kind, _, record_id = (turn.choice or "").partition(":")
        if turn.ground.pack.record((kind, record_id)):
            return _tell(turn, (kind, record_id))
        found = look_up(turn, self._base, _before(turn))
        found = [one for one in found if turn.ground.pack.record(one.record)]
        if found and found[0].confident:
            return _tell(turn, found[0].record)
        if found and found[0].likely:
            told = _untold(ASKED_BACK, found)
            turn.say("utter_did_you_mean", choices=_suggest(turn, found), told=told)
        else:
            turn.say("utter_answer_unknown", told=_untold(UNKNOWN, found))
        return []


def look_up(turn: Turn, base: KnowledgeBase, after: str = "") -> list[Found]:
    """Search the active index, with what staff have taught since; `after` as in `search`.

    An index that cannot be used is passed over.
    """
    version = service.active_version(turn.db)
    if version is not None:
        try:
            base.use(version)
        except IndexUnusable as unusable:
            log.error("index_unusable", why=str(unusable), answering=base.version)
    base.learn(learned.mark(turn.db), lambda: learned.passages(turn.db))
    return base.search(turn.text, turn.language, after=after)


def nearest_facility(turn: Turn, base: KnowledgeBase) -> str | None:
    """Return the facility a question is likely about, None when that is not clear."""
    found = [f for f in look_up(turn, base) if f.kind == "facility" and f.likely]
    return found[0].record_id if found else None


def _before(turn: Turn) -> str:
    """Return the name of what was answered before, if the message only adds to it."""
    key = tuple(followup.before(turn).get("record", ())) if followup.adds(turn) else ()
    known = len(key) == 2 and turn.ground.pack.record(key)
    return title_of(known).in_(turn.language) if known else ""


def _tell(turn: Turn, key: Key) -> Events:
    """Tell a record; of two that disagree the one to believe, and that they do."""
    conflict = conflicts.concerning(turn.ground.pack, key)
    record = turn.ground.pack.record(conflict.believed if conflict else key)
    if record is None:
        raise LookupError(f"No record {key} in this pack")
    disputed = [telling.line(turn, "utter_answer_disputed")] if conflict else []
    telling.tell(turn, [*_lines(turn, record), *disputed], record)
    topic = followup.ACTIVITIES if isinstance(record, Activity) else followup.RECORDS
    return followup.answered(turn, topic, record=key_of(record))


def _untold(kind: str, found: Sequence[Found]) -> Told:
    """Mark that no record was told, and which came nearest: staff look there first."""
    return Told(kind, likely=tuple(f"{hit.kind}:{hit.record_id}" for hit in found))


def _lines(turn: Turn, record: Sourced) -> list[str]:
    match record:
        case Article():
            return [record.body.in_(turn.language)]
        case Facility():
            return list(_facility(turn, record))
        case Activity():
            return list(_activity(turn, record))
    raise TypeError(f"{type(record).__name__} is no record that answers")


def _facility(turn: Turn, facility: Facility) -> Iterator[str]:
    yield telling.line(turn, "utter_facility", name=facility.name, what=facility.what)
    if facility.place:
        floor = f" {facility.floor}" if facility.floor else ""
        yield telling.line(turn, "utter_facility_place", place=facility.place + floor)
    yield from hours.right_now(turn, facility)
    if facility.fees:
        yield telling.line(turn, "utter_facility_fees", fees=facility.fees)
    if facility.phone:
        yield telling.line(turn, "utter_facility_phone", phone=facility.phone)


def _activity(turn: Turn, activity: Activity) -> Iterator[str]:
    about = activity.about.in_(turn.language) if activity.about else ""
    yield telling.line(turn, "utter_activity", name=activity.name, about=about)
    venue = turn.ground.pack.facilities.get(activity.venue)
    room = f" {activity.room}" if activity.room else ""
    yield telling.line(
        turn,
        "utter_activity_when" if _weekdays(activity, "zh") else "utter_activity_once",
        weekdays=Text(zh=_weekdays(activity, "zh"), en=_weekdays(activity, "en")),
        start=f"{activity.start:%H:%M}",
        end=f"{activity.end:%H:%M}",
        venue=(venue.name.in_(turn.language) if venue else activity.venue) + room,
    )
    if activity.fee:
        yield telling.line(turn, "utter_activity_fee", fee=activity.fee)
    if activity.bring:
        yield telling.line(turn, "utter_activity_bring", bring=activity.bring)
    yield telling.line(turn, "utter_activity_book", name=activity.name)


def _weekdays(activity: Activity, language: str) -> str:
    """Return the weekdays of a weekly activity; empty for one that is not weekly."""
    rule = dict(part.split("=", 1) for part in activity.rrule.split(";"))
    if rule.get("FREQ") != "WEEKLY" or rule.get("COUNT") == "1":
        return ""
    days = rule.get("BYDAY", activity.first.weekday).split(",")
    names = [WEEKDAYS[language][BYDAY.index(day)] for day in days]
    return ("、" if language == "zh" else ", ").join(names)


def _suggest(turn: Turn, found: Sequence[Found]) -> list[Choice]:
    limit = SUGGESTED_ELDER if turn.row.elder else SUGGESTED
    offered: list[Choice] = []
    for hit in found[:limit]:
        if turn.ground.pack.record(hit.record):
            title = turn.ground.pack.name_of(hit.record).in_(turn.language)
            offered.append(Choice(title, "ask_knowledge", f"{hit.kind}:{hit.record_id}"))
    return offered
