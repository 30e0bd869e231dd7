"""action_answer_question: the record that answers, “did you mean …?”, or an honest no."""

from collections.abc import Iterator, Sequence

from actions.answers import hours, service, telling
from actions.conversations import Choice
from actions.dialogue import Answer, Events, Ground, Turn
from actions.learning import learned
from actions.told import SUGGESTED as ASKED_BACK
from actions.told import UNKNOWN, Told
from actions.wording import WEEKDAYS
from knowledge.article import Article
from knowledge.pack import Activity, Facility, Sourced, Text
from knowledge.passages import record_of, title_of
from knowledge.search import Found, KnowledgeBase

SUGGESTED, SUGGESTED_ELDER = 3, 2
BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

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
        if record := _record(turn, (kind, record_id)):
            telling.tell(turn, _lines(turn, record), record)
            return []
        found = look_up(turn, self._base)
        first = _record(turn, (found[0].kind, found[0].record_id)) if found else None
        if first and found[0].confident:
            telling.tell(turn, _lines(turn, first), first)
        elif found and found[0].likely:
            told = _untold(ASKED_BACK, found)
            turn.say("utter_did_you_mean", choices=_suggest(turn, found), told=told)
        else:
            turn.say("utter_answer_unknown", told=_untold(UNKNOWN, found))
        return []


def look_up(turn: Turn, base: KnowledgeBase) -> list[Found]:
    """Search the index that is the active one now, with what staff have taught since."""
    version = service.active_version(turn.db)
    if version is not None:
        base.use(version)
    base.learn(learned.mark(turn.db), lambda: learned.passages(turn.db))
    return base.search(turn.text, turn.language)


def nearest_facility(turn: Turn, base: KnowledgeBase) -> str | None:
    """Return the facility a question is likely about, None when that is not clear."""
    found = [f for f in look_up(turn, base) if f.kind == "facility" and f.likely]
    return found[0].record_id if found else None


def _record(turn: Turn, key: Key) -> Article | Facility | Activity | None:
    return record_of(turn.ground.pack, *key)


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
        record = _record(turn, (hit.kind, hit.record_id))
        if record is not None:
            title, value = title_of(record), f"{hit.kind}:{hit.record_id}"
            offered.append(Choice(title.in_(turn.language), "ask_knowledge", value))
    return offered
