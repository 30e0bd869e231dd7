"""Notices: what we owe a resident, written in the same transaction as its cause.

No scheduler: something that happens later is a notice with a later `due_at`.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    Row,
    String,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from actions import planning
from actions.conversations import Choice, Conversation
from actions.db import Base, Db, UtcDateTime
from actions.sending import Priority
from actions.turns import TurnRow, TurnState

LEASE = timedelta(seconds=30)  # a worker that dies is replaced after this
TURN_GRACE = timedelta(
    seconds=10
)  # the gateway sends its own turn's notices; later, the worker


class NoticeState(StrEnum):
    """waiting → sent, or cancelled (its cause or its time went), or dead after the last try.

    What is owed to somebody without a page waits, once it is due, for staff to phone. What is
    held waits for a resident to write: a platform lets us say no more until then.
    """

    WAITING = "waiting"
    HELD = "held"
    TO_PHONE = "to_phone"
    SENT = "sent"
    CANCELLED = "cancelled"
    DEAD = "dead"


OWED = (NoticeState.WAITING, NoticeState.HELD, NoticeState.TO_PHONE)


class Notice(Base):
    """One thing to tell: a response of the domain with its values, or staff's own words."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "state", "due_at"),
        Index("ix_outbox_order", "state", "priority", "due_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    turn_id: Mapped[str | None] = mapped_column(ForeignKey("turns.id"), index=True)
    about: Mapped[str] = mapped_column(String(60), default="", index=True)
    response: Mapped[str] = mapped_column(String(80))
    values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    words_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    choices: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    photos: Mapped[list[str]] = mapped_column(JSON, default=list)  # ids of uploads
    told: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # its mark
    priority: Mapped[int] = mapped_column(default=Priority.NOTICE)
    state: Mapped[str] = mapped_column(String(10), default=NoticeState.WAITING)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stale_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # never sent from then on
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def put(  # noqa: PLR0913 - one row has this many facts
    db: Db,
    *,
    conversation_id: str,
    response: str,
    due_at: datetime,
    stale_at: datetime | None = None,
    values: dict[str, Any] | None = None,
    choices: Sequence[Choice] = (),
    photos: Sequence[str] = (),
    turn_id: str | None = None,
    about: str = "",
    key: str = "",
    words_id: int | None = None,
    staff_id: int | None = None,
    priority: Priority | None = None,
) -> Notice:
    """Owe somebody a notice.

    `values` must be JSON as `wording.to_json` gives it. `about` names the cause
    ("booking:12") so that it can be cancelled; `key` makes a notice that exists once. From
    `stale_at` on it is not sent any more: it would not be true. News of a turn's own deed and
    staff's own words go out as replies do, else the response says what goes first, or
    `priority`.
    """
    notice = Notice(
        key=key or secrets.token_hex(16),
        conversation_id=conversation_id,
        turn_id=turn_id,
        about=about,
        response=response,
        values=values or {},
        choices=[asdict(choice) for choice in choices],
        photos=list(photos),
        words_id=words_id,
        staff_id=staff_id,
        priority=_priority(response, turn_id or staff_id, priority),
        state=NoticeState.WAITING,
        due_at=due_at,
        stale_at=stale_at,
        tries=0,
    )
    db.add(notice)
    db.flush()
    return notice


def _priority(response: str, answers: object, given: Priority | None) -> Priority:
    if answers:
        return Priority.REPLY
    return planning.RULES[planning.kind_of(response)].priority if given is None else given


def put_once(db: Db, *, key: str, **notice: Any) -> Notice | None:
    """Owe a notice that may have been owed before: one taken back is owed again, as it is now.

    Takes what `put` takes. None when it has been sent: nobody is told twice.
    """
    found = db.scalar(select(Notice).where(Notice.key == key))
    if found is None:
        return put(db, key=key, **notice)
    if found.state not in (NoticeState.CANCELLED, *OWED):
        return None
    found.state, found.tries, found.lease_until = NoticeState.WAITING, 0, None
    found.due_at, found.stale_at = notice["due_at"], notice.get("stale_at")
    found.values = notice.get("values") or {}
    db.flush()
    return found


def is_untried(db: Db, key: str) -> bool:
    """Whether nobody has tried to send a notice: the worker slept, or the clock went ahead.

    Whoever sends it meanwhile is waited for.
    """
    untried = select(Notice).where(
        Notice.key == key,
        Notice.state.in_((NoticeState.WAITING, NoticeState.CANCELLED)),
        Notice.tries == 0,
    )
    held = untried.with_for_update().execution_options(populate_existing=True)
    return db.scalar(held) is not None


def cancel(db: Db, about: str, *, conversation_id: str = "") -> int:
    """Take back every notice about something that is still owed; returns how many.

    In one conversation alone, where it is named.
    """
    there = Notice.conversation_id == conversation_id if conversation_id else true()
    taken_back = db.execute(
        update(Notice)
        .where(Notice.about == about, Notice.state.in_(OWED), there)
        .values(state=NoticeState.CANCELLED)
        .execution_options(synchronize_session=False)
    )
    return int(taken_back.rowcount)  # type: ignore[attr-defined]


def readdress(db: Db, about: str, conversation_id: str) -> None:
    """Owe in another conversation what is still owed about something."""
    db.execute(
        update(Notice)
        .where(Notice.about == about, Notice.state.in_(OWED))
        .values(conversation_id=conversation_id, state=NoticeState.WAITING)
        .execution_options(synchronize_session=False)
    )


def of_turn(db: Db, turn_id: str) -> list[Notice]:
    """The notices a turn's deeds wrote that nobody has sent yet, in order."""
    return list(
        db.scalars(
            select(Notice)
            .where(Notice.turn_id == turn_id, Notice.state == NoticeState.WAITING)
            .order_by(Notice.id)
        )
    )


def is_any_due(db: Db, *, now: datetime) -> bool:
    """Whether `lease_due` may find something."""
    due = select(Notice.id).where(Notice.state == NoticeState.WAITING, Notice.due_at <= now)
    return db.scalar(due.limit(1)) is not None


def lease_due(db: Db, *, now: datetime, limit: int = 20) -> list[Notice]:
    """Take the next due notices for a while, at most one per conversation.

    What somebody waits for comes first, then what was due first. In a conversation notices that
    matter alike go out as they were owed: one that is being sent, or is to be tried again,
    holds the later ones up. Notices of a turn the gateway is still at are
    left to it. Run in a transaction.
    """
    ahead = aliased(Notice)
    goes_first = (
        select(ahead.id)
        .where(
            ahead.conversation_id == Notice.conversation_id,
            ahead.state == NoticeState.WAITING,
            ahead.id < Notice.id,
            ahead.priority <= Notice.priority,
            or_(ahead.due_at <= now, ahead.tries > 0),
        )
        .exists()
    )
    being_sent = (
        select(ahead.id)
        .where(
            ahead.conversation_id == Notice.conversation_id,
            ahead.state == NoticeState.WAITING,
            ahead.lease_until >= now,
        )
        .exists()
    )
    at_work = (
        select(TurnRow.id)
        .where(
            TurnRow.id == Notice.turn_id,
            TurnRow.state.in_([TurnState.RUNNING, TurnState.ACTING]),
            TurnRow.started_at > now - TURN_GRACE,
        )
        .exists()
    )
    due = (
        select(Notice)
        .where(Notice.state == NoticeState.WAITING, Notice.due_at <= now)
        # Said of the row itself too: PostgreSQL looks again at no other when it locks one.
        .where(or_(Notice.lease_until.is_(None), Notice.lease_until < now))
        .where(~goes_first, ~being_sent, ~at_work)
        .order_by(Notice.priority, Notice.due_at, Notice.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    leased = list(db.scalars(due))
    for notice in leased:
        notice.lease_until, notice.tries = now + LEASE, notice.tries + 1
    return leased


def put_off(notice: Notice, until: datetime) -> None:
    """Let a notice that is being looked at wait: it has not been tried."""
    notice.due_at, notice.lease_until, notice.tries = until, None, notice.tries - 1


def hold(notice: Notice, until: datetime) -> None:
    """Let a notice wait until its resident writes; then another way is looked for."""
    put_off(notice, until)
    notice.state = NoticeState.HELD


def release(db: Db, conversation_id: str, *, now: datetime) -> None:
    """Tell what was held: the resident has written again."""
    db.execute(
        update(Notice)
        .where(Notice.conversation_id == conversation_id, Notice.state == NoticeState.HELD)
        .values(state=NoticeState.WAITING, due_at=now)
        .execution_options(synchronize_session=False)
    )


def also_due(db: Db, notice: Notice, *, now: datetime) -> Sequence[Notice]:
    """Return what else is due in a notice's conversation and nobody is sending, in order."""
    return db.scalars(
        select(Notice)
        .where(
            Notice.conversation_id == notice.conversation_id,
            Notice.id != notice.id,
            Notice.state == NoticeState.WAITING,
            Notice.due_at <= now,
            or_(Notice.lease_until.is_(None), Notice.lease_until < now),
            _is_true(now),
        )
        .order_by(Notice.id)
        .with_for_update(skip_locked=True)
    ).all()


def last_told(db: Db, resident_id: str, responses: Collection[str]) -> datetime | None:
    """Return when a resident was told one of these last, in whichever conversation."""
    return db.scalar(
        select(Notice.sent_at)
        .join(Conversation, Conversation.id == Notice.conversation_id)
        .where(
            Conversation.resident_id == resident_id,
            Notice.state == NoticeState.SENT,
            Notice.response.in_(responses),
            Notice.sent_at.is_not(None),
        )
        .order_by(Notice.sent_at.desc())
        .limit(1)
    )


def mark_sent(db: Db, notice_id: int, *, now: datetime) -> bool:
    """Record that a notice is with the resident. False when somebody else had sent it."""
    sent = db.execute(
        update(Notice)
        .where(Notice.id == notice_id, Notice.state == NoticeState.WAITING)
        .values(state=NoticeState.SENT, sent_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(sent.rowcount == 1)  # type: ignore[attr-defined]


def to_phone(db: Db, *, now: datetime, limit: int = 100) -> Sequence[Row[Notice, Conversation]]:
    """Return what staff have to tell on the phone at this moment, oldest first."""
    return db.execute(
        select(Notice, Conversation)
        .join(Conversation, Conversation.id == Notice.conversation_id)
        .where(Notice.state == NoticeState.TO_PHONE, _is_true(now))
        .order_by(Notice.due_at, Notice.id)
        .limit(limit)
    ).all()


def mark_told(db: Db, notice_id: int, *, staff_id: int, now: datetime) -> bool:
    """Record that staff have told it on the phone. False when it is not to be told any more."""
    told = db.execute(
        update(Notice)
        .where(Notice.id == notice_id, Notice.state == NoticeState.TO_PHONE, _is_true(now))
        .values(state=NoticeState.SENT, sent_at=now, staff_id=staff_id)
        .execution_options(synchronize_session=False)
    )
    return bool(told.rowcount == 1)  # type: ignore[attr-defined]


def _is_true(now: datetime) -> ColumnElement[bool]:
    """Say in SQL that the time of a notice has not gone."""
    return or_(Notice.stale_at.is_(None), Notice.stale_at > now)
