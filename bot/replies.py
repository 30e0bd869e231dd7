"""What is written down in answer to an entry, and what came of an update."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from actions import conversations, elder, outbox
from actions.channels import CHANNELS
from actions.conversations import Choice, Conversation, Message
from actions.db import Db
from actions.learning import misses
from actions.outbox import Notice
from actions.people.model import Resident
from actions.sending import Way
from actions.told import MISHEARD, UNKNOWN
from actions.turns import EntryState, InboxEntry
from actions.wording import Said
from bot import saying
from bot.ground import Ground
from bot.inbox import Kept

NOT_UNDERSTOOD = frozenset({MISHEARD, UNKNOWN})  # marks of a reply


@dataclass(frozen=True)
class Answered:
    """What came of a message: our replies so far, and who answers the conversation now."""

    replies: list[Message]
    status: str
    waiting: bool  # the last word on it is still to come
    elder: bool = False  # the resident is answered in elder mode

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
        said = self.render(conversation, response, values or {}, choices)
        self.write(db, entry, conversation, said)

    def render(
        self,
        conversation: Conversation,
        response: str,
        values: Mapping[str, Any],
        choices: Sequence[Choice] = (),
    ) -> Said:
        """Fill a response of the domain in, as this resident is spoken to."""
        return self.ground.wording.render(
            response,
            language=conversation.resident.language,
            elder=conversation.resident.elder,
            values=values,
            choices=choices,
        )

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
        heard = saying.as_heard(said, conversation, self.ground.wording)
        reply = saying.write(
            db,
            conversation,
            heard,
            now=now,
            inbox_id=entry.id,
            words_of=words_of,
            way=way_of(entry),
        )
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
        replies: list[Said] = []
        for notice in news:
            if outbox.mark_sent(db, notice.id, now=self.ground.clock.now()):
                choices = [Choice(**choice) for choice in notice.choices]
                replies.append(
                    self.render(conversation, notice.response, notice.values, choices)
                )
        self._offer_elder_mode(db, entry, conversation, said)
        for reply in saying.of_one_turn([*replies, *said], conversation):
            self.write(db, entry, conversation, reply)

    def _offer_elder_mode(
        self, db: Db, entry: InboxEntry, conversation: Conversation, said: Sequence[Said]
    ) -> None:
        """Offer simpler words where two in a row were not understood; what is asked goes on.

        It comes before what is asked now, so that a number answers that.
        """
        now = self.ground.clock.now()
        missed = any(one.told and one.told.kind in NOT_UNDERSTOOD for one in said)
        elder.heard(db, conversation, understood=not missed)
        if elder.is_to_be_offered(conversation, now=now):
            conversation.resident.elder_offered_at = now
            self.reply(db, entry, "utter_offer_elder_mode")


def way_of(entry: InboxEntry) -> Way:
    """Return how a reply goes out: kept back while the webhook's own answer may carry it."""
    passive = CHANNELS[entry.channel].passive if entry.channel in CHANNELS else timedelta()
    return Way(not_before=entry.received_at + passive)


def of_update(db: Db, kept: Kept) -> Answered:
    """Return what came of an update so far."""
    state, status, elder = db.execute(
        select(InboxEntry.state, Conversation.status, Resident.elder)
        .join(Conversation, Conversation.id == InboxEntry.conversation_id)
        .join(Resident, Resident.id == Conversation.resident_id)
        .where(InboxEntry.id == kept.entry_id)
    ).one()
    replies = conversations.replies_to(db, kept.entry_id)
    return Answered(replies, status, waiting=state == EntryState.WAITING, elder=elder)


def has_reply(db: Db, entry: InboxEntry) -> bool:
    """Whether an entry has been answered with anything."""
    return bool(conversations.replies_to(db, entry.id))
