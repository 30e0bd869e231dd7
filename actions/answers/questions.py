"""action_answer_question: the record that answers, “did you mean …?”, or an honest no."""

from collections.abc import Sequence

from actions.answers import telling
from actions.answers.showing import lines, record_of
from actions.content import offline
from actions.conversations import Choice
from actions.dialogue import Answer, Events, Ground, Turn
from knowledge.article import Article
from knowledge.search import Found, KnowledgeBase

SUGGESTED, SUGGESTED_ELDER = 3, 2


class AnswerQuestion(Answer):
    """Looks a question up, or shows the record that was chosen."""

    def __init__(self, ground: Ground, base: KnowledgeBase) -> None:
        super().__init__(ground)
        self._base = base

    def name(self) -> str:
        return "action_answer_question"

    def act(self, turn: Turn) -> Events:
        kind, _, record_id = (turn.choice or "").partition(":")
        if record_of(turn.pack, (kind, record_id)):
            _tell(turn, kind, record_id)
            return []
        found = look_up(turn, self._base)
        if found and found[0].confident:
            _tell(turn, found[0].kind, found[0].record_id)
        elif found and found[0].likely:
            offered = _suggest(turn, found)
            response = "utter_did_you_mean" if offered else "utter_answer_offline"
            turn.say(response, choices=offered)
        else:
            turn.say("utter_answer_unknown")
        return []


def look_up(turn: Turn, base: KnowledgeBase) -> list[Found]:
    """Search the index of the active edition; what that edition does not have is left out."""
    if turn.index_version is not None:
        base.use(turn.index_version)
    found = base.search(turn.text, turn.language)
    return [hit for hit in found if record_of(turn.pack, (hit.kind, hit.record_id))]


def nearest_facility(turn: Turn, base: KnowledgeBase) -> str | None:
    """Return the facility a question is likely about, None when that is not clear."""
    found = [f for f in look_up(turn, base) if f.kind == "facility" and f.likely]
    return found[0].record_id if found else None


def _tell(turn: Turn, kind: str, record_id: str) -> None:
    """Answer with a record, unless it is offline."""
    record = record_of(turn.pack, (kind, record_id))
    if offline.hidden(turn.db).covers(turn.pack, kind, record_id):
        turn.say("utter_answer_offline")
    elif record:
        telling.tell(turn, lines(turn, record), record)


def _suggest(turn: Turn, found: Sequence[Found]) -> list[Choice]:
    limit = SUGGESTED_ELDER if turn.row.elder else SUGGESTED
    offered: list[Choice] = []
    hidden = offline.hidden(turn.db)
    for hit in found[:limit]:
        record = record_of(turn.pack, (hit.kind, hit.record_id))
        if record is not None and not hidden.covers(turn.pack, hit.kind, hit.record_id):
            title = record.title if isinstance(record, Article) else record.name
            value = f"{hit.kind}:{hit.record_id}"
            offered.append(Choice(title.in_(turn.language), "ask_knowledge", value))
    return offered
