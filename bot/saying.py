"""Writes what the assistant says into a conversation: for elders in short, plain messages.

Everything said to a resident comes through here, in answer or by itself. What a person wrote,
staff or a neighbour, is theirs and stays whole.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from actions import conversations, told
from actions.conversations import Attachment, Author, Conversation, Message
from actions.db import Db
from actions.plain import few_choices, one_question, plainly
from actions.wording import Said, Wording


def as_heard(said: Said, conversation: Conversation, wording: Wording) -> list[Said]:
    """Return the messages in which a resident gets it."""
    resident = conversation.resident
    return plainly(said, wording, resident.language) if resident.elder else [said]


def as_written(said: Said, conversation: Conversation, wording: Wording) -> list[Said]:
    """Return a person's own words, whole, as a resident gets them."""
    resident = conversation.resident
    return [few_choices(said, wording, resident.language) if resident.elder else said]


def of_one_turn(said: Sequence[Said], conversation: Conversation) -> list[Said]:
    """Return what is said in one turn: an elder is asked one thing."""
    return one_question(said) if conversation.resident.elder else list(said)


def write(
    db: Db, conversation: Conversation, heard: Sequence[Said], *, now: datetime, **row: Any
) -> Message:
    """Write these messages down, with the mark of what they told; returns the last.

    `row` is what `conversations.say` wants to know of each beside its words.
    """
    for said in heard:
        message = conversations.say(
            db,
            conversation,
            said.text,
            now=now,
            choices=said.choices,
            held=said.held,
            rest=said.rest,
            attachments=[Attachment("photo", upload_id=photo) for photo in said.photos],
            **{"author": Author.ASSISTANT, **row},
        )
    told.keep(db, message, heard[-1].told, now=now)
    return message
