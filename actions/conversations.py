"""Conversations and what was said in them: one per resident and channel address."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    func,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions import channels, sending
from actions.channels import Reached
from actions.db import Base, Db, UtcDateTime
from actions.people.model import Address, Resident, Words
from actions.people.roles import Work
from actions.people.scope import Scoped
from actions.sending import USUAL, Way

CHOICE_ID = re.compile(r"^c\.[A-Za-z0-9_-]{11}$")  # as `say` gives them
LOOKED_AT, LATELY = 8, "lately"  # so many messages, and where a session remembers them
MORE = "say_more"  # the intent of the choice that asks for what was held back
SURE, NOT_SURE = "sure", "not_sure"  # … and of the answers to a tap that was read back


class Status(StrEnum):
    """Who answers: the assistant (pending), a person (open), nobody needs to (resolved)."""

    PENDING = "pending"
    OPEN = "open"
    RESOLVED = "resolved"


class Author(StrEnum):
    """Who wrote a message."""

    RESIDENT = "resident"
    ASSISTANT = "assistant"
    STAFF = "staff"


@dataclass(frozen=True)
class Choice:
    """Something the resident may tap, or name by its number or label.

    `intent` and `value` are what it means to us; the resident only ever sees `id` and `label`.
    """

    label: str
    intent: str
    value: str = ""
    id: str = ""


@dataclass(frozen=True)
class Attachment:
    """A photo or voice (an upload's id), or a place (WGS-84 degrees).

    `remote` is what the platform knows a file by that has still to be fetched from it. `heard`
    says of a voice how well it was understood: sure, unsure, or why it was not.
    """

    kind: str
    upload_id: str = ""
    lat: float | None = None
    lon: float | None = None
    remote: str = ""
    heard: str = ""


class Conversation(Scoped, Base):
    """What a resident and we say to one another on one channel; `aloud`: by voice as well.

    `held_by` is the number of the gateway that answers it at this moment, `seat` the Rasa
    process that knows its tracker.
    """

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_unanswered", "status", "unanswered_since"),)
    work = Work.TALKS
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"), unique=True)
    status: Mapped[str] = mapped_column(String(10), default=Status.PENDING)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    receipt_given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unanswered_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    introduced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_understood: Mapped[int] = mapped_column(default=0)  # messages in a row
    aloud: Mapped[bool] = mapped_column(default=False)
    epoch: Mapped[int] = mapped_column(default=0)
    seat: Mapped[str] = mapped_column(String(16), default="")
    held_by: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    resident: Mapped[Resident] = relationship(lazy="joined")

    @property
    def tracker_id(self) -> str:
        """What Rasa knows the conversation by; a new epoch makes Rasa start afresh."""
        return f"{self.id}-{self.epoch}"


class Message(Base):
    """One thing said. Its words are in `words`, so that they can be erased.

    `for_neighbour`: said to us to be passed on, so it is not shown to staff. `held` and `rest`
    are the choices and the words an elder is told when they ask for more.
    """

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_conversation", "conversation_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    author: Mapped[str] = mapped_column(String(10))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    inbox_id: Mapped[int | None] = mapped_column(index=True)  # what it answers
    words_id: Mapped[int] = mapped_column(ForeignKey("words.id"), index=True)
    choices: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    held: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    rest_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    for_neighbour: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    words: Mapped[Words] = relationship(lazy="joined", foreign_keys=[words_id])
    rest: Mapped[Words | None] = relationship(foreign_keys=[rest_id])

    @property
    def text(self) -> str:
        """What was said."""
        return self.words.text

    @property
    def offered(self) -> list[Choice]:
        """The choices offered with it, in order."""
        return [Choice(**choice) for choice in self.choices]

    @property
    def held_back(self) -> list[Choice]:
        """The choices that are shown when more is asked for, in order."""
        return [Choice(**choice) for choice in self.held]


class Upload(Base):
    """A file a resident or a member of staff sent; it lies in a folder under its random id."""

    __tablename__ = "uploads"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    resident_id: Mapped[str | None] = mapped_column(ForeignKey("residents.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    content_type: Mapped[str] = mapped_column(String(60))
    size: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Draft(Base):
    """A form somebody is in the middle of: Rasa's tracker may be lost, this is not."""

    __tablename__ = "drafts"
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id"), primary_key=True
    )
    form: Mapped[str] = mapped_column(String(60))
    slots: Mapped[dict[str, Any]] = mapped_column(JSON)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Complaint(StrEnum):
    """What was wrong with a reply, if the resident likes to say."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    UNCLEAR = "unclear"
    NOT_ASKED = "not_asked"


class Feedback(Base):
    """Whether a reply helped; the resident's latest word on it counts."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("message_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    good: Mapped[bool]
    complaint: Mapped[str | None] = mapped_column(String(12))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)


def at_address(db: Db, *, channel: str, address: str, now: datetime) -> Conversation:
    """Find the conversation at an address; somebody new becomes a resident.

    `address` is the resident's id on the channel (for the web page: the session's keyed hash).
    """
    found = db.scalar(
        select(Conversation)
        .join(Address, Address.id == Conversation.address_id)
        .where(Address.channel == channel, Address.address == address)
    )
    return found or _welcome_once(db, channel=channel, address=address, now=now)


def _welcome_once(db: Db, *, channel: str, address: str, now: datetime) -> Conversation:
    """Welcome somebody new, or find them: two of their messages may arrive at once."""
    try:
        with db.begin_nested():
            return _welcome(db, channel=channel, address=address, now=now)
    except IntegrityError:
        return db.scalars(
            select(Conversation)
            .join(Address, Address.id == Conversation.address_id)
            .where(Address.channel == channel, Address.address == address)
        ).one()


def _welcome(db: Db, *, channel: str, address: str, now: datetime) -> Conversation:
    resident = Resident(id=secrets.token_hex(16), language="zh", elder=False, created_at=now)
    db.add(resident)
    db.flush()
    door = Address(resident_id=resident.id, channel=channel, address=address, created_at=now)
    db.add(door)
    db.flush()
    conversation = Conversation(
        id=secrets.token_hex(16), resident_id=resident.id, address_id=door.id, created_at=now
    )
    conversation.status, conversation.epoch, conversation.seat = Status.PENDING, 0, ""
    conversation.not_understood, conversation.aloud = 0, False
    db.add(conversation)
    db.flush()
    return conversation


def channel_of(db: Db, conversation: Conversation) -> str:
    """Return the name of the channel a conversation is on."""
    return db.get_one(Address, conversation.address_id).channel


def of_resident(db: Db, resident_id: str) -> Conversation | None:
    """Return where a resident is reached: the conversation they spoke in last, or any."""
    return db.scalar(
        select(Conversation)
        .outerjoin(
            Message,
            (Message.conversation_id == Conversation.id) & (Message.author == Author.RESIDENT),
        )
        .where(Conversation.resident_id == resident_id)
        .group_by(Conversation.id)
        .order_by(func.coalesce(func.max(Message.id), 0).desc(), Conversation.created_at)
        .limit(1)
    )


def say(  # noqa: PLR0913 - one row has this many facts
    db: Db,
    conversation: Conversation,
    text: str,
    *,
    author: Author,
    now: datetime,
    choices: Sequence[Choice] = (),
    held: Sequence[Choice] = (),
    rest: str = "",
    attachments: Sequence[Attachment] = (),
    inbox_id: int | None = None,
    staff_id: int | None = None,
    words_of: str = "",
    kept: Words | None = None,
    way: Way = USUAL,
) -> Message:
    """Write down one thing said; choices are given their opaque ids here.

    `words_of` is the resident with whose words it is erased, if not the conversation's. `kept`
    are words that exist already: the message has these, and whoever erases them erases it. What
    we say on a platform is owed to it in the same transaction, and goes out this `way`.
    """
    hold(db, conversation.id)
    whose = words_of or conversation.resident_id
    words = kept or Words(resident_id=whose, text=text, created_at=now)
    message = Message(
        conversation_id=conversation.id,
        author=author,
        staff_id=staff_id,
        inbox_id=inbox_id,
        words=words,
        choices=_issued(choices),
        held=_issued(held),
        rest=Words(resident_id=whose, text=rest, created_at=now) if rest else None,
        attachments=[asdict(attachment) for attachment in attachments],
        created_at=now,
    )
    db.add(message)
    db.flush()
    db.info.get(LATELY, {}).pop(conversation.id, None)
    if author != Author.RESIDENT:
        _owe_platform(db, conversation, message, way, now)
    return message


def lately(db: Db, conversation_id: str) -> Sequence[Message]:
    """Return the last things said in a conversation, the newest first.

    Several who wait for an answer ask for them: they are read once, until more is said.
    """
    known = db.info.setdefault(LATELY, {})
    if conversation_id not in known:
        known[conversation_id] = db.scalars(
            select(Message)
            .where(Message.conversation_id == conversation_id)
            .order_by(Message.id.desc())
            .limit(LOOKED_AT)
        ).all()
    found: Sequence[Message] = known[conversation_id]
    return found


def _owe_platform(
    db: Db, conversation: Conversation, message: Message, way: Way, now: datetime
) -> None:
    address = db.get_one(Address, conversation.address_id)
    if channels.reached(address.channel) == Reached.PUSHED:
        sending.put(
            db,
            message_id=message.id,
            inbox_id=message.inbox_id,
            address=address,
            way=way,
            now=now,
        )


def _issued(choices: Sequence[Choice]) -> list[dict[str, str]]:
    return [
        {**asdict(choice), "id": choice.id or f"c.{secrets.token_urlsafe(8)}"}
        for choice in choices
    ]


def hold(db: Db, conversation_id: str) -> None:
    """Let nobody else speak in a conversation until this transaction ends.

    So the ids of its messages follow the order in which they can be seen: who reads on from
    the last id misses none. SQLite lets one transaction write at a time, and needs no more.
    """
    if db.get_bind().dialect.name == "sqlite":
        return
    db.execute(
        select(Conversation.id)
        .where(Conversation.id == conversation_id)
        .with_for_update(key_share=True)
    )


def sit(db: Db, conversation: Conversation, seat: str) -> None:
    """Note which Rasa process is asked from now on; another one than before starts afresh."""
    if conversation.seat == seat:
        return
    if conversation.seat:
        conversation.epoch += 1
    conversation.seat = seat
    db.flush()


def introduce(db: Db, conversation: Conversation, *, now: datetime) -> bool:
    """Note that the resident is told who we are; False when somebody has told them before."""
    if conversation.introduced_at is not None:
        return False
    introduced = db.execute(
        update(Conversation)
        .where(Conversation.id == conversation.id, Conversation.introduced_at.is_(None))
        .values(introduced_at=now)
        .execution_options(synchronize_session=False)
    )
    db.refresh(conversation, ["introduced_at"])
    return bool(introduced.rowcount == 1)  # type: ignore[attr-defined]


def replies_to(db: Db, inbox_id: int) -> list[Message]:
    """Everything we said in answer to one inbox entry, in order."""
    return list(
        db.scalars(
            select(Message)
            .where(Message.inbox_id == inbox_id, Message.author != Author.RESIDENT)
            .order_by(Message.id)
        )
    )


def open_for_staff(db: Db, conversation: Conversation, *, now: datetime) -> None:
    """Hand the conversation to the desk: the assistant falls silent until it is returned."""
    if conversation.status != Status.OPEN:
        conversation.status = Status.OPEN
        conversation.opened_at = now
        conversation.receipt_given_at = None
        conversation.unanswered_since = now
    db.flush()


def return_to_assistant(db: Db, conversation: Conversation) -> None:
    """Give the conversation back to the assistant, which takes up the form that was left."""
    conversation.status = Status.PENDING
    conversation.epoch += 1
    conversation.opened_at = conversation.receipt_given_at = None
    conversation.unanswered_since = None
    db.flush()


def keep_draft(
    db: Db, conversation_id: str, form: str, slots: dict[str, Any], *, now: datetime
) -> None:
    """Remember how far a form has come; JSON values only."""
    draft = db.get(Draft, conversation_id)
    if draft is None:
        db.add(Draft(conversation_id=conversation_id, form=form, slots=slots, updated_at=now))
    else:
        draft.form, draft.slots, draft.updated_at = form, dict(slots), now
    db.flush()


def drop_draft(db: Db, conversation_id: str) -> None:
    """Forget the form somebody was in the middle of, if any."""
    draft = db.get(Draft, conversation_id)
    if draft is not None:
        db.delete(draft)
        db.flush()
