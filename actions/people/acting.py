"""亲情代办: who may do things for whom, from asking over the other's yes to the end of it.

Only people of one household act for one another, and nothing is done before the one it is done
for, or staff who have spoken with them, said yes.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError

from actions.db import Db
from actions.errors import Refusal
from actions.people import kin
from actions.people.model import Acting, Resident

ASKED_AGAIN_AFTER = timedelta(days=1)  # when somebody has said no


def principal(db: Db, actor_id: str, words: str) -> Resident | None:
    """Return the one a resident means by 我妈 and may act for; None when there is no such one.

    Two that are called the same (two sons) are not told apart by that word: None.
    """
    kind = kin.kind_of(words)
    found = db.scalars(
        select(Resident)
        .join(Acting, Acting.principal_id == Resident.id)
        .where(
            Acting.actor_id == actor_id,
            Acting.kin == kind,
            Acting.confirmed_at.is_not(None),
            Acting.ended_at.is_(None),
        )
    ).all()
    return found[0] if kind and len(found) == 1 else None


def may_act(db: Db, actor_id: str, principal_id: str) -> bool:
    """Whether one resident may do things for another at this moment."""
    lasting = select(Acting.id).where(
        Acting.actor_id == actor_id,
        Acting.principal_id == principal_id,
        Acting.confirmed_at.is_not(None),
        Acting.ended_at.is_(None),
    )
    return db.scalar(lasting.limit(1)) is not None


def actors_of(db: Db, principal_id: str) -> list[str]:
    """Return the residents who may do things for somebody, first come first."""
    return list(
        db.scalars(
            select(Acting.actor_id)
            .where(
                Acting.principal_id == principal_id,
                Acting.confirmed_at.is_not(None),
                Acting.ended_at.is_(None),
            )
            .order_by(Acting.id)
        )
    )


def ask(db: Db, actor_id: str, principal_id: str, kind: str, *, now: datetime) -> Acting:
    """Ask to act for somebody, who is called a `kin.KINDS` by who asks; again changes nothing.

    Raises:
        Refusal: they are not of one household, or the other has just said no.
    """
    if kind not in kin.KINDS:
        raise Refusal("utter_acting_not_kin")
    _check_home(db, actor_id, principal_id)
    lasting = _between(db, actor_id, principal_id)
    if lasting is not None:
        return lasting
    if _refused_lately(db, actor_id, principal_id, now):
        raise Refusal("utter_acting_asked_lately")
    asked = Acting(actor_id=actor_id, principal_id=principal_id, kin=kind, asked_at=now)
    try:
        with db.begin_nested():
            db.add(asked)
            db.flush()
    except IntegrityError:  # they have just asked, with another tap
        found = _between(db, actor_id, principal_id)
        if found is None:
            raise
        return found
    return asked


def confirm(db: Db, asked: Acting, *, now: datetime, staff_id: int | None = None) -> Acting:
    """Write down the yes of the one it is done for; `staff_id` is who heard it on the phone.

    Raises:
        Refusal: it was taken back or ended, or they are of one household no more.
    """
    _check_home(db, asked.actor_id, asked.principal_id)
    done = db.execute(
        update(Acting)
        .where(Acting.id == asked.id, Acting.confirmed_at.is_(None), Acting.ended_at.is_(None))
        .values(confirmed_at=now, staff_id=staff_id)
        .execution_options(synchronize_session=False)
    )
    db.refresh(asked)
    if not done.rowcount and (asked.ended_at or not asked.confirmed_at):  # type: ignore[attr-defined]
        raise Refusal("utter_acting_over")
    return asked


def end(db: Db, one: Acting, *, now: datetime) -> bool:
    """End it, asked for or confirmed; False when it had ended."""
    ended = _end(db, Acting.id == one.id, now)
    db.refresh(one)
    return bool(ended)


def end_all(db: Db, resident_id: str, *, now: datetime) -> list[Acting]:
    """End whatever somebody does for others, and others for them; returns what ended."""
    lasting = lasting_of(db, resident_id)
    _end(db, or_(Acting.actor_id == resident_id, Acting.principal_id == resident_id), now)
    for one in lasting:
        db.refresh(one)
    return lasting


def lasting_of(db: Db, resident_id: str) -> list[Acting]:
    """Return all that is asked or confirmed and has not ended, on either side of it."""
    return list(
        db.scalars(
            select(Acting)
            .where(
                or_(Acting.actor_id == resident_id, Acting.principal_id == resident_id),
                Acting.ended_at.is_(None),
            )
            .order_by(Acting.id)
        )
    )


def _check_home(db: Db, actor_id: str, principal_id: str) -> None:
    homes = db.scalars(
        select(Resident.household_id).where(Resident.id.in_((actor_id, principal_id)))
    ).all()
    if len(homes) != 2 or homes[0] is None or homes[0] != homes[1]:
        raise Refusal("utter_acting_not_home")


def _between(db: Db, actor_id: str, principal_id: str) -> Acting | None:
    return db.scalar(
        select(Acting).where(
            Acting.actor_id == actor_id,
            Acting.principal_id == principal_id,
            Acting.ended_at.is_(None),
        )
    )


def _refused_lately(db: Db, actor_id: str, principal_id: str, now: datetime) -> bool:
    refused = select(Acting.id).where(
        Acting.actor_id == actor_id,
        Acting.principal_id == principal_id,
        Acting.confirmed_at.is_(None),
        Acting.ended_at > now - ASKED_AGAIN_AFTER,
    )
    return db.scalar(refused.limit(1)) is not None


def _end(db: Db, which: ColumnElement[bool], now: datetime) -> int:
    ended = db.execute(
        update(Acting)
        .where(which, Acting.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]
