"""What the assistant is asked: one entry, or one errand of it, with its turn."""

from dataclasses import dataclass

from actions import wording
from actions.conversations import Choice, Message

# What Rasa reads for a message that is only a photo or a place.
ATTACHMENT_SIGNS = {"photo": "📷", "location": "📍", "lost": "📎"}


@dataclass(frozen=True)
class Work:
    """One entry to be answered by the assistant: its turn, and what Rasa shall read.

    `seat` names the Rasa process that knows the tracker. `to_read` are texts to be understood
    first: the message, then each of its clauses.
    """

    entry_id: int
    turn_id: str
    seat: str
    tracker_id: str
    text: str
    within: float
    to_read: tuple[str, ...] = ()


def for_rasa(choice: Choice | None, message: Message) -> str:
    """Return our own payload for a choice; for words the words, which never become one."""
    if choice is not None:
        return wording.write_payload(choice.intent, choice.value)
    if not message.text:
        return ATTACHMENT_SIGNS.get(message.attachments[0]["kind"], "📎")
    return as_words(message.text)


def as_words(text: str) -> str:
    """Return a text as Rasa reads it as words, whatever it begins with."""
    return f"／{text[1:]}" if text.startswith("/") else text
