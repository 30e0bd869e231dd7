"""action_answer_question: the record that answers, “did you mean …?”, or an honest no."""

from collections.abc import Sequence

import structlog

from actions import followup
from actions.answers import showing, telling
from actions.content import offline
from actions.conversations import Choice
from actions.dialogue import Answer, Events, Ground, Turn
from actions.learning import learned
from actions.told import SUGGESTED as ASKED_BACK
from actions.told import UNKNOWN, Told
from knowledge.errors import IndexUnusable
from knowledge.pack import Activity, key_of, title_of
from knowledge.search import Found, KnowledgeBase

SUGGESTED = 3

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
        if turn.pack.record((kind, record_id)):
            return _tell(turn, (kind, record_id))
        found = look_up(turn, self._base, _before(turn))
        found = [one for one in found if turn.pack.record(one.record)]
        if found and found[0].confident:
            return _tell(turn, found[0].record)
        if found and found[0].likely:
            offered, told = _suggest(turn, found), _untold(ASKED_BACK, found)
            response = "utter_did_you_mean" if offered else "utter_answer_offline"
            turn.say(response, choices=offered, told=told)
        else:
            turn.say("utter_answer_unknown", told=_untold(UNKNOWN, found))
        return []


def look_up(turn: Turn, base: KnowledgeBase, after: str = "") -> list[Found]:
    """Search the active edition's index, with what staff have taught since.

    `after` is as in `search`.

    An index that cannot be used is passed over.
    """
    if turn.index_version is not None:
        try:
            base.use(turn.index_version)
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
    known = len(key) == 2 and turn.pack.record(key)
    return title_of(known).in_(turn.language) if known else ""


def _tell(turn: Turn, key: Key) -> Events:
    """Tell a record, or the one to believe in its place, unless that is offline."""
    record, told = showing.asked(turn, key)
    if offline.hidden(turn.db).covers(turn.pack, *(key_of(record) or key)):
        turn.say("utter_answer_offline")
        return []
    telling.tell(turn, told, record)
    topic = followup.ACTIVITIES if isinstance(record, Activity) else followup.RECORDS
    return followup.answered(turn, topic, record=key_of(record))


def _untold(kind: str, found: Sequence[Found]) -> Told:
    """Mark that no record was told, and which came nearest: staff look there first."""
    return Told(kind, likely=tuple(f"{hit.kind}:{hit.record_id}" for hit in found))


def _suggest(turn: Turn, found: Sequence[Found]) -> list[Choice]:
    offered: list[Choice] = []
    hidden = offline.hidden(turn.db)
    for hit in found[:SUGGESTED]:
        if turn.pack.record(hit.record) and not hidden.covers(turn.pack, *hit.record):
            title = turn.pack.name_of(hit.record).in_(turn.language)
            offered.append(Choice(title, "ask_knowledge", f"{hit.kind}:{hit.record_id}"))
    return offered
