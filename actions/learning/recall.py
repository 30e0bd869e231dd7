"""Answer recall: whoever was told a wrong version of a record hears once what is right.

Only the last telling of a record counts for a conversation: who has got the corrected one since
gets no notice. The notice itself is a telling, of the right version, when it arrives.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from actions import told as telling
from actions import wording
from actions.conversations import Author, Conversation, Message
from actions.db import Db
from actions.errors import Refusal
from actions.learning.correction import Correction
from actions.learning.model import Recall
from actions.outbox import Notice, NoticeState
from actions.people import locks
from actions.people.model import Address
from actions.quiet import quiet_ends
from actions.told import Told, ToldAnswer

MATTERS_FOR = timedelta(days=14)  # how long ago a wrong answer may have been told


@dataclass(frozen=True)
class Order:
    """What staff order: which correction, of which versions told since when, and why.

    Without `wrong_versions` every other version is wrong. The same `key` is the same recall.
    """

    correction: Correction
    key: str
    since: datetime
    wrong_versions: Collection[str] | None = None
    note: str = ""


@dataclass(frozen=True)
class Telling:
    """A version of a record, how many conversations were told it last, and when."""

    kind: str
    record_id: str
    version: str
    conversations: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Progress:
    """A recall, and how many of its notices are in which state."""

    recall: Recall
    notices: dict[str, int] = field(default_factory=dict)


def recall(
    db: Db, order: Order, *, staff_id: int | None, zone: tzinfo, now: datetime
) -> Recall:
    """Owe everybody who was told wrong exactly one notice, in the quiet hours for the morning.

    Reaches all areas: an answer is the same everywhere. Notices of earlier recalls of the
    record that are still waiting are taken back, as this one says what holds now.

    Raises:
        Refusal: nobody was told a wrong version, or who was has been told since.
    """
    locks.alone(db, Recall)
    before = db.scalar(select(Recall).where(Recall.key == order.key))
    if before is not None:
        return before
    try:
        with db.begin_nested():
            return _recall(db, order, staff_id=staff_id, due_at=quiet_ends(now, zone), now=now)
    except IntegrityError:  # the same order has just been carried out
        return db.scalars(select(Recall).where(Recall.key == order.key)).one()


def tellings(
    db: Db, *, since: datetime, kind: str | None = None, record_id: str | None = None
) -> list[Telling]:
    """Return what was told since, by record and version; the one told last first."""
    asked = [ToldAnswer.kind == kind, ToldAnswer.record_id == record_id] if kind else []
    last = func.max(ToldAnswer.told_at)
    rows = db.execute(
        select(
            ToldAnswer.kind,
            ToldAnswer.record_id,
            ToldAnswer.version,
            func.count(),
            func.min(ToldAnswer.told_at),
            last,
        )
        .where(ToldAnswer.version != "", _is_last_telling(), ToldAnswer.told_at >= since)
        .where(*asked)
        .group_by(ToldAnswer.kind, ToldAnswer.record_id, ToldAnswer.version)
        .order_by(last.desc())
    )
    return [Telling(*row) for row in rows]


def everything(db: Db, limit: int = 100) -> list[Progress]:
    """Return the recalls, the newest first, each with how far its notices have come."""
    recalls = db.scalars(select(Recall).order_by(Recall.id.desc()).limit(limit)).all()
    states = db.execute(
        select(Notice.about, Notice.state, func.count())
        .where(Notice.about.in_([_about(one.id) for one in recalls]))
        .group_by(Notice.about, Notice.state)
    ).all()
    return [
        Progress(
            one, {state: count for about, state, count in states if about == _about(one.id)}
        )
        for one in recalls
    ]


def _recall(
    db: Db, order: Order, *, staff_id: int | None, due_at: datetime, now: datetime
) -> Recall:
    _take_back(db, order.correction)
    wrong = db.execute(_told_wrong(order)).all()
    if not wrong:
        raise Refusal("utter_desk_recall_nobody")
    made = Recall(
        key=order.key,
        kind=order.correction.kind,
        record_id=order.correction.record_id,
        wrong_versions=sorted({version for _, version, _ in wrong}),
        right_version=order.correction.version,
        since=order.since,
        note=order.note,
        told=len(wrong),
        staff_id=staff_id,
        recalled_at=now,
    )
    db.add(made)
    db.flush()
    db.add_all(
        _notice(made, order.correction, conversation_id, told_at, due_at)
        for conversation_id, _, told_at in wrong
    )
    db.flush()
    return made


def _notice(
    made: Recall,
    correction: Correction,
    conversation_id: str,
    told_at: datetime,
    due_at: datetime,
) -> Notice:
    """Write what is owed to one conversation; its key lets it exist once for a recall."""
    values = {
        "title": correction.title,
        "answer": correction.answer,
        "at": told_at,
        "record": f"{correction.kind}:{correction.record_id}",
    }
    mark = Told(correction.kind, correction.record_id, correction.version)
    return Notice(
        key=f"recall:{made.id}:{conversation_id}",
        conversation_id=conversation_id,
        about=_about(made.id),
        response=correction.response,
        values=wording.to_json(values),
        choices=[],
        told=telling.to_json(mark),
        state=NoticeState.WAITING,
        due_at=due_at,
        tries=0,
    )


def _take_back(db: Db, correction: Correction) -> None:
    """Cancel the notices of earlier recalls of the record that have not gone out."""
    earlier = db.scalars(
        select(Recall.id).where(
            Recall.kind == correction.kind, Recall.record_id == correction.record_id
        )
    )
    db.execute(
        update(Notice)
        .where(
            Notice.about.in_([_about(number) for number in earlier]),
            Notice.state.in_([NoticeState.WAITING, NoticeState.HELD]),
        )
        .values(state=NoticeState.CANCELLED)
        .execution_options(synchronize_session=False)
    )


def _told_wrong(order: Order) -> Select[str, str, datetime]:
    """Say in SQL who was told wrong: conversation, version and when, reachable ones only.

    The tables themselves are asked, not their classes: the row scope of who is at the desk does
    not limit whom a wrong answer has reached.
    """
    talks, addresses = Conversation.__table__, Address.__table__
    right = order.correction
    wrong = (
        ToldAnswer.version.in_(order.wrong_versions)
        if order.wrong_versions is not None
        else ToldAnswer.version != right.version
    )
    return (
        select(ToldAnswer.conversation_id, ToldAnswer.version, ToldAnswer.told_at)
        .join(talks, talks.c.id == ToldAnswer.conversation_id)
        .join(addresses, addresses.c.id == talks.c.address_id)
        .where(ToldAnswer.kind == right.kind, ToldAnswer.record_id == right.record_id)
        .where(wrong, ToldAnswer.told_at >= order.since, _is_last_telling(), ~_is_closed())
        .order_by(ToldAnswer.id)
    )


def _is_last_telling() -> ColumnElement[bool]:
    """Whether the conversation was not told the record again since."""
    later = aliased(ToldAnswer)
    return ~(
        select(later.id)
        .where(
            later.conversation_id == ToldAnswer.conversation_id,
            later.kind == ToldAnswer.kind,
            later.record_id == ToldAnswer.record_id,
            later.id > ToldAnswer.id,
        )
        .exists()
    )


def _is_closed() -> ColumnElement[bool]:
    """Whether our last notice never arrived, and nothing was heard from there since."""
    dead, heard = aliased(Notice), aliased(Message)
    heard_since = (
        select(heard.id)
        .where(
            heard.conversation_id == dead.conversation_id,
            heard.author == Author.RESIDENT,
            heard.created_at > dead.due_at,
        )
        .exists()
    )
    return (
        select(dead.id)
        .where(
            dead.conversation_id == ToldAnswer.conversation_id,
            dead.state == NoticeState.DEAD,
            ~heard_since,
        )
        .exists()
    )


def _about(recall_id: int) -> str:
    return f"recall:{recall_id}"
