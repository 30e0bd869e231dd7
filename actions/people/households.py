"""Households: who lives together, and where that is, as near as a building.

Who joins gets the household's area; who leaves stays who they are. Nobody is of two.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from actions.db import Base, Db
from actions.errors import Refusal
from actions.people import acting
from actions.people.model import Acting, Household, LinkCode, Resident

MOST_MEMBERS = 12


@dataclass(frozen=True)
class Where:
    """Where a household is: its area, and perhaps a point (WGS-84 degrees)."""

    area_id: str | None
    lat: float | None = None
    lon: float | None = None


def household_of(db: Db, resident_id: str) -> Household | None:
    """Return the household somebody is of."""
    return db.scalar(
        select(Household)
        .join(Resident, Resident.household_id == Household.id)
        .where(Resident.id == resident_id)
    )


def members(db: Db, household_id: int) -> list[Resident]:
    """Return who is of a household, in an order that stays."""
    return list(
        db.scalars(
            select(Resident)
            .where(Resident.household_id == household_id)
            .order_by(Resident.created_at, Resident.id)
        )
    )


def found(db: Db, *, where: Where, now: datetime) -> Household:
    """Begin a household; it has nobody until somebody joins."""
    made = Household(area_id=where.area_id, lat=where.lat, lon=where.lon, created_at=now)
    db.add(made)
    db.flush()
    return made


def of_or_new(db: Db, resident: Resident, *, now: datetime) -> Household:
    """Return the household somebody is of; who is of none founds one, where they are."""
    mine = household_of(db, resident.id)
    if mine is None:
        mine = found(db, where=Where(resident.area_id), now=now)
        join(db, mine.id, resident)
    return mine


def join(db: Db, household_id: int, resident: Resident) -> Household:
    """Make somebody a member; again changes nothing.

    Raises:
        Refusal: they are of another household, or this one is no more, or full.
    """
    household = _held(db, household_id)
    if household is None:
        raise Refusal("utter_household_gone")
    if resident.household_id not in (None, household_id):
        raise Refusal("utter_household_another")
    if resident.household_id is None and _size(db, household_id) >= MOST_MEMBERS:
        raise Refusal("utter_household_full", most=MOST_MEMBERS)
    resident.household_id = household_id
    db.flush()
    _settle(db, [resident], household.area_id)
    return household


def leave(db: Db, resident: Resident, *, now: datetime) -> list[Acting]:
    """Let somebody be of no household; acting ends, and an empty household is deleted.

    Returns the acting that ended: the others of it are to be told.
    """
    household_id = resident.household_id
    if household_id is None:
        return []
    _held(db, household_id)  # of two who leave at once the second finds it empty
    ended = acting.end_all(db, resident.id, now=now)
    resident.household_id = None
    db.flush()
    if not _size(db, household_id):
        db.execute(delete(LinkCode).where(LinkCode.household_id == household_id))
        db.execute(delete(Household).where(Household.id == household_id))
    return ended


def place(db: Db, household: Household, where: Where) -> None:
    """Say where a household is: the area becomes that of all its members."""
    household.area_id, household.lat, household.lon = where.area_id, where.lat, where.lon
    db.flush()
    _settle(db, members(db, household.id), where.area_id)


def _held(db: Db, household_id: int) -> Household | None:
    """Return a household that nobody else joins or leaves until this transaction ends."""
    return db.scalar(
        select(Household)
        .where(Household.id == household_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _size(db: Db, household_id: int) -> int:
    counted = select(func.count(Resident.id)).where(Resident.household_id == household_id)
    return db.scalars(counted).one()


def _settle(db: Db, residents: list[Resident], area_id: str | None) -> None:
    """Say of residents where they live, and of their conversations where nothing is known."""
    if area_id is None:
        return
    for resident in residents:
        resident.area_id = area_id
    db.flush()
    # The table and not its class: conversations stand on people, and staff may not see them.
    talks = Base.metadata.tables["conversations"]
    db.execute(
        update(talks)
        .where(talks.c.resident_id.in_([one.id for one in residents]))
        .where(talks.c.area_id.is_(None))
        .values(area_id=area_id)
    )
