"""Who is never brought together with whom, and who may not ask or help for a while."""

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError

from actions.db import Db
from actions.people.model import Block, Suspension


def block(db: Db, resident_id: str, other_id: str, *, now: datetime) -> None:
    """Never bring these two together again; asked for once, it lasts until taken back."""
    if db.get(Block, (resident_id, other_id)) is not None:
        return
    try:
        with db.begin_nested():
            db.add(Block(resident_id=resident_id, other_id=other_id, made_at=now))
            db.flush()
    except IntegrityError:  # said on two channels at once
        pass


def unblock(db: Db, resident_id: str, other_id: str) -> bool:
    """Take back what a resident has asked for; what the other side asked for lasts."""
    found = db.get(Block, (resident_id, other_id))
    if found is not None:
        db.delete(found)
        db.flush()
    return found is not None


def blocked_by(db: Db, resident_id: str) -> list[Block]:
    """Return whom a resident has blocked, the latest first."""
    mine = select(Block).where(Block.resident_id == resident_id)
    return list(db.scalars(mine.order_by(Block.made_at.desc(), Block.other_id)))


def blocked_with(db: Db, resident_id: str) -> frozenset[str]:
    """Return all whom a resident has blocked, or who have blocked them."""
    pairs = db.execute(
        select(Block.resident_id, Block.other_id).where(
            or_(Block.resident_id == resident_id, Block.other_id == resident_id)
        )
    )
    return frozenset(other if mine == resident_id else mine for mine, other in pairs)


def is_suspended(db: Db, resident_id: str, *, now: datetime) -> bool:
    """Whether a resident may neither ask neighbours nor help them at this moment."""
    lasting = select(Suspension.id).where(*_lasting(resident_id, now))
    return db.scalar(lasting.limit(1)) is not None


def suspend(
    db: Db,
    resident_id: str,
    *,
    cause: str,
    until: datetime,
    now: datetime,
    staff_id: int | None = None,
) -> Suspension:
    """Let a resident neither ask nor help until then; without `staff_id` it came by itself."""
    suspension = Suspension(
        resident_id=resident_id, cause=cause, staff_id=staff_id, since=now, until=until
    )
    db.add(suspension)
    db.flush()
    return suspension


def lift_what_came_by_itself(db: Db, resident_id: str, *, now: datetime) -> bool:
    """Staff have looked: what came by itself ends; whether there was such."""
    lifted = db.execute(
        update(Suspension)
        .where(*_lasting(resident_id, now), Suspension.staff_id.is_(None))
        .values(lifted_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(lifted.rowcount)  # type: ignore[attr-defined]


def _lasting(resident_id: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Suspension.resident_id == resident_id,
        Suspension.since <= now,
        Suspension.until > now,
        Suspension.lifted_at.is_(None),
    )
