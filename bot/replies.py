"""What is written down in answer to an entry, and what came of an update."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from actions import conversations, outbox, told
from actions.conversations import Author, Choice, Conversation, Message
from actions.db import Db
from actions.learning import misses
from actions.outbox import Notice
from actions.turns import EntryState, InboxEntry
from actions.wording import Said
from bot.ground import Ground
from bot.inbox import Kept


@dataclass(frozen=True)
class Answered:
    """What came of a message: our replies so far, and who answers the conversation now."""

    replies: list[Message]
    status: str
    waiting: bool  # the last word on it is still to come

    @property
    def is_silent(self) -> bool:
        """Whether the resident has heard nothing yet of a message that waits."""
        return self.waiting and not self.replies


@dataclass(frozen=True)
class Replies:
    """Writes replies down, in the caller's transaction."""

    ground: Ground

    def reply(
        self,
        db: Db,
        entry: InboxEntry,
        response: str,
        *,
        values: Mapping[str, Any] | None = None,
        choices: Sequence[Choice] = (),
    ) -> None:
        """Answer an entry with a response of the domain."""
        conversation = db.get_one(Conversation, entry.conversation_id)
        said = self.ground.wording.render(
            response,
            language=conversation.resident.language,
            elder=conversation.resident.elder,
            values=values or {},
            choices=choices,
        )
        self.write(db, entry, conversation, said)

    def write(
        self,
        db: Db,
        entry: InboxEntry,
        conversation: Conversation,
        said: Said,
        words_of: str = "",
    ) -> None:
        """Write a reply down; a resident's first one comes after who we are, said once.

        `words_of` is the resident whose words it repeats, if not this conversation's.
        """
        now = self.ground.clock.now()
        if conversations.introduce(db, conversation, now=now):
            self.reply(db, entry, "utter_introduction")
        reply = conversations.say(
            db,
            conversation,
            said.text,
            author=Author.ASSISTANT,
            now=now,
            choices=said.choices,
            inbox_id=entry.id,
            words_of=words_of,
        )
        told.keep(db, reply, said.told, now=now)
        misses.note(db, conversation, reply, said.told, now=now)

    def say(
        self,
        db: Db,
        entry: InboxEntry,
        conversation: Conversation,
        news: Sequence[Notice],
        said: Sequence[Said],
    ) -> None:
        """Tell the news of what was done for an entry, then what the assistant said."""
        conversations.hold(db, conversation.id)  # before the notices, as the worker does
        for notice in news:
            if outbox.mark_sent(db, notice.id, now=self.ground.clock.now()):
                choices = [Choice(**choice) for choice in notice.choices]
                self.reply(db, entry, notice.response, values=notice.values, choices=choices)
        for reply in said:
            self.write(db, entry, conversation, reply)


def of_update(db: Db, kept: Kept) -> Answered:
    """Return what came of an update so far."""
    state, status = db.execute(
        select(InboxEntry.state, Conversation.status)
        .join(Conversation, Conversation.id == InboxEntry.conversation_id)
        .where(InboxEntry.id == kept.entry_id)
    ).one()
    replies = conversations.replies_to(db, kept.entry_id)
    return Answered(replies, status, waiting=state == EntryState.WAITING)


def has_reply(db: Db, entry: InboxEntry) -> bool:
    """Whether an entry has been answered with anything."""
    return bool(conversations.replies_to(db, entry.id))
