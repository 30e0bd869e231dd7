"""Who is asked about whom: strangers of one village, then of the town, who like the same.

Nobody is asked twice in a week, nor at night; a pair is asked once, whatever comes of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from actions import behalf, outbox
from actions.acquaintance import interests, service
from actions.acquaintance.model import Introduction, Openness
from actions.db import Db
from actions.people import acting, blocks, consents
from actions.people.model import Consent, Resident
from actions.quiet import is_quiet
from actions.square import Square
from actions.wording import to_json

ONCE_IN = timedelta(days=7)
ANSWERS_WITHIN = timedelta(days=7)
# How much of an area's path two have in common, and how they are then asked.
NEAR = ((2, "utter_meet_asked_village"), (1, "utter_meet_asked_town"))


@dataclass(frozen=True)
class Willing:
    """Somebody who may be asked now."""

    resident_id: str
    conversation_id: str
    household_id: int | None
    area: tuple[str, ...]
    interests: tuple[str, ...]


def is_any_due(db: Db, square: Square, *, now: datetime) -> bool:
    """Whether `propose_due` may find two to be asked about one another."""
    if is_quiet(now, square.zone):
        return False
    two = select(Openness.resident_id).where(Openness.ended_at.is_(None)).limit(2)
    return len(db.scalars(two).all()) == 2


def propose_due(db: Db, square: Square, *, now: datetime) -> int:
    """Ask all who may be asked, two by two; returns about how many pairs."""
    if is_quiet(now, square.zone):
        return 0
    free = _willing(db, now)
    asked: set[str] = set()
    for depth, response in NEAR:
        for one in free:
            if one.resident_id in asked:
                continue
            left = [other for other in free if other.resident_id not in asked]
            for other, interest in _fitting(db, square, one, left, depth):
                if _ask(db, square, (one, other), interest, response, now):
                    asked |= {one.resident_id, other.resident_id}
                    break
    return len(asked) // 2


def _willing(db: Db, now: datetime) -> list[Willing]:
    """Return who may be asked, who has waited longest first.

    Their rows are locked: two workers at once do not ask anybody twice in a week.
    """
    consented = select(Consent.resident_id).where(
        Consent.purpose == service.PURPOSE,
        Consent.version == consents.PURPOSES[service.PURPOSE],
        Consent.withdrawn_at.is_(None),
    )
    locked = db.scalars(
        select(Openness)
        .where(Openness.ended_at.is_(None), Openness.resident_id.in_(consented))
        .order_by(Openness.resident_id)
        .with_for_update()
    ).all()
    residents = {
        one.id: one
        for one in db.scalars(
            select(Resident).where(Resident.id.in_([o.resident_id for o in locked]))
        )
    }
    busy = _asked_lately(db, now)
    return [
        Willing(
            one.resident_id,
            one.conversation_id,
            residents[one.resident_id].household_id,
            tuple(filter(None, (residents[one.resident_id].area_id or "").split("/"))),
            tuple(one.interests),
        )
        for one in sorted(locked, key=lambda one: (one.begun_at, one.resident_id))
        if one.resident_id not in busy and not blocks.is_suspended(db, one.resident_id, now=now)
    ]


def _asked_lately(db: Db, now: datetime) -> set[str]:
    asked = db.execute(
        select(Introduction.one_id, Introduction.other_id).where(
            Introduction.asked_at > now - ONCE_IN
        )
    )
    return {one for pair in asked for one in pair}


def _fitting(
    db: Db, square: Square, one: Willing, others: Sequence[Willing], depth: int
) -> Iterator[tuple[Willing, str]]:
    """Yield the strangers as near as that who like the same, with what it is."""
    if len(one.area) < depth:
        return
    known = _known_to(db, one.resident_id)
    for other in others:
        if other.area[:depth] != one.area[:depth] or other.resident_id in known:
            continue
        home = one.household_id is not None and one.household_id == other.household_id
        shared = [each for each in one.interests if each in other.interests]
        still = [each for each in shared if interests.is_known(db, square.pack, each)]
        if still and not home:
            yield other, still[0]


def _known_to(db: Db, resident_id: str) -> frozenset[str]:
    """Return with whom somebody is not brought together: known, asked before, or blocked."""
    mine = or_(Introduction.one_id == resident_id, Introduction.other_id == resident_id)
    pairs = db.execute(select(Introduction.one_id, Introduction.other_id).where(mine))
    before = {one for pair in pairs for one in pair}
    family = {*acting.actors_of(db, resident_id), *behalf.principals_of(db, resident_id)}
    return blocks.blocked_with(db, resident_id) | before | family | {resident_id}


def _ask(
    db: Db,
    square: Square,
    two: tuple[Willing, Willing],
    interest: str,
    response: str,
    now: datetime,
) -> bool:
    """Ask both; False when they have been asked about one another this moment."""
    first, second = sorted(two, key=lambda one: one.resident_id)
    asked = Introduction(
        one_id=first.resident_id,
        other_id=second.resident_id,
        interest=interest,
        asked_at=now,
        expires_at=now + ANSWERS_WITHIN,
    )
    try:
        with db.begin_nested():
            db.add(asked)
            db.flush()
    except IntegrityError:
        return False
    for one in (first, second):
        outbox.put_once(
            db,
            key=f"{service.about(asked)}:{one.resident_id}:asked",
            conversation_id=one.conversation_id,
            response=response,
            due_at=now,
            stale_at=asked.expires_at,
            values=to_json(service.values_of(square, asked)),
            about=service.about(asked),
        )
    return True
