"""What people send that we cannot read, and how we say so: one table for all channels.

A channel hands such a thing in as an attachment of one of these kinds.
"""

from collections.abc import Mapping

from actions.conversations import Message

LOST = "lost"  # an attachment that could not be brought in

UNREAD: Mapping[str, str] = {
    "sticker": "utter_unread_sticker",
    "video": "utter_unread_video",
    "document": "utter_unread_document",
    "contact": "utter_unread_contact",
    "poll": "utter_unread_poll",
    "large": "utter_unread_large",
    "other": "utter_unread_other",
    LOST: "utter_unread_lost",
    "forwarded": "utter_unread_forwarded",
    "edit": "utter_unread_edit",
    "tap": "utter_old_choice",
}
# Words that come with these are not said to us: somebody else's, or said before.
NOT_SAID_TO_US = frozenset({"forwarded", "edit", "tap"})


def said_of(message: Message) -> str | None:
    """Return the response that says what of a message we cannot read; None if all can be."""
    kinds = (one["kind"] for one in message.attachments)
    return next((UNREAD[kind] for kind in kinds if kind in UNREAD), None)


def is_all(message: Message) -> bool:
    """Whether nothing of a message can be read: it answers no question and changes nothing."""
    kinds = {one["kind"] for one in message.attachments}
    return bool(kinds & NOT_SAID_TO_US) or (bool(kinds & UNREAD.keys()) and not message.text)
