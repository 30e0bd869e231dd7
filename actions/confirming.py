"""Read-back for elders of deeds that others do with their first words: 1 对 · 2 不对."""

from dataclasses import replace
from typing import Any

from actions.conversations import NOT_SURE, Author, Choice, Message
from actions.dialogue import SKIPPED, Turn

SAID = "said:"  # begins the value of a yes: the message whose words are meant
SHOWN = 30  # characters that are read back
YES, NO = "yes", "no"


def words(turn: Turn, intent: str) -> Turn | None:
    """Return the turn with the words that are meant; None when an elder is asked about them.

    A yes comes back as a choice of the intent.
    """
    if turn.choice is not None and turn.choice.startswith(SAID):
        return _said_before(turn, turn.choice.removeprefix(SAID))
    if not turn.elder or turn.choice is not None:
        return turn
    yes, no = (
        turn.wording.render(label, language=turn.language)
        for label in ("utter_label_yes", "utter_label_no")
    )
    turn.say(
        "utter_ask_sure",
        what=shorten(turn.text),
        choices=[
            Choice(yes.text, intent, f"{SAID}{turn.row.message_id}"),
            Choice(no.text, NOT_SURE),
        ],
    )
    return None


def step(turn: Turn, slot: str) -> dict[str, Any]:
    """Return what a form's read-back for elders is for others: nothing that is asked."""
    return {} if turn.elder else {slot: SKIPPED}


def read(turn: Turn) -> str | None:
    """Take a yes or a no."""
    if turn.choice in (YES, NO):
        return turn.choice
    if turn.choice is not None:
        return None
    return {"affirm": YES, "deny": NO}.get(turn.intent)


def shorten(text: str) -> str:
    """Return as much of a text as is read back."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


def _said_before(turn: Turn, message_id: str) -> Turn:
    said = turn.db.get(Message, int(message_id))
    theirs = (
        said is not None
        and said.conversation_id == turn.conversation.id
        and said.author == Author.RESIDENT
    )
    return replace(turn, text=said.text) if said and theirs else turn
