"""Who may be asked about a need: neighbours whom no rule forbids, the best first.

Nobody is asked who has the need, or spoke for who has it, lives in the same household (they
need nobody to bring them together), was asked before (unless somebody else had it since, and
could not come after all), is blocked, suspended or paused, has not
agreed to be asked, does not give this kind of help or never wants to be asked for it, did not
offer the time, lives farther than they go, was asked or has helped as often this week as they
like, or is not verified where the kind wants it.

All others are scored by `matching`. Of very many, `AT_ONCE` are looked at: those of the own
village, and by lot of the rest of the town, where one way is as long as another; more only
when these are too few.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Row, String, and_, cast, or_, select
from sqlalchemy.orm import aliased

from actions.conversations import Conversation
from actions.db import Db
from actions.neighbours import matching, track_record, weekly
from actions.neighbours.kinds import TIERS
from actions.neighbours.matching import ASSUMED, Facts, Floats
from actions.neighbours.model import HelpOffer, HelpRequest, Match, MatchStatus, OfferedKind
from actions.people import blocks, consents, scope
from actions.people.model import Area, Consent, Household, Resident, Suspension
from actions.square import Square
from knowledge.geo import EARTH_RADIUS
from knowledge.pack import HelpKind

AT_ONCE = 400  # neighbours who are looked at together
TAKES = 60  # minutes, when nobody said how long
LANGUAGES = frozenset({"dialect", "en", "sign"})  # what may be asked for, and offered
STEPS = {step: rank for rank, step in enumerate(("building", "village", "town"))}


class Who(StrEnum):
    """Who may help with a kind, as the pack's `who_may_help` has it."""

    ANYBODY = "any-resident"
    VERIFIED = "verified"
    NOBODY = "verified-and-guardian-approved"  # staff alone bring these together


@dataclass(frozen=True)
class Candidate:
    """A neighbour who may be asked, how well they fit (0 to 1), and why, by name of reason."""

    resident_id: str
    conversation_id: str
    score: float
    metres: int | None
    reasons: tuple[str, ...] = ()


def who_may_help(kind: HelpKind | None) -> Who:
    """Return who may help with a kind; with a need of none, whom staff know.

    What the pack says in words we do not know is for staff alone.
    """
    if kind is None:
        return Who.VERIFIED
    known = not kind.restricted and kind.who_may_help in set(Who)
    return Who(kind.who_may_help) if known else Who.NOBODY


def best(
    db: Db, square: Square, request: HelpRequest, *, step: str, now: datetime, limit: int
) -> list[Candidate]:
    """Return whom to ask next about a need that has come as far as `step`, the best first.

    For a need of nobody's area there is nothing to go by: the whole town hears of it at once.
    """
    who = who_may_help(square.pack.help_kinds.get(request.kind_id))
    if who is Who.NOBODY:
        return []
    with scope.unlimited(db):  # a neighbour's area need not be that of the staff who look
        need = _need(db, square, request, step, now)
        found: list[Candidate] = []
        for fitting in _fitting(db, need, who):
            found += _ranked(db, need, fitting, limit - len(found))
            if len(found) >= limit:
                break
        return found


@dataclass(frozen=True)
class _Need:
    """A need, and what is looked up of it once."""

    square: Square
    request: HelpRequest
    step: str
    now: datetime
    household_id: int | None
    spoke_for: str  # who asked, perhaps for another
    point: tuple[float, float] | None
    speak: frozenset[str]
    avoided: frozenset[str]


@dataclass(frozen=True)
class _Fitting:
    """An offer that fits a need: named for its kind, and how much of its time it has."""

    offer_id: int
    named: bool
    time: float
    spoken: float


def _need(db: Db, square: Square, request: HelpRequest, step: str, now: datetime) -> _Need:
    asker = db.get_one(Resident, request.resident_id)
    asked = LANGUAGES & set(request.special or ())
    return _Need(
        square=square,
        request=request,
        step=step if request.area_id else "town",
        now=now,
        household_id=asker.household_id,
        spoke_for=db.scalars(
            select(Conversation.resident_id).where(Conversation.id == request.conversation_id)
        ).one(),
        point=_point(db, square, request, asker),
        speak=asked | ({"en"} if asker.language == "en" else set()),
        avoided=blocks.blocked_with(db, asker.id),
    )


def _point(
    db: Db, square: Square, request: HelpRequest, asker: Resident
) -> tuple[float, float] | None:
    """Return where the helper would go: the public place they meet at, or the household."""
    place = square.pack.places.get(request.place_id or "")
    if place is not None and place.lat is not None and place.lon is not None:
        return place.lat, place.lon
    home = db.get(Household, asker.household_id) if asker.household_id else None
    known = home is not None and home.lat is not None and home.lon is not None
    return (home.lat, home.lon) if home and known else None  # type: ignore[return-value]


def _fitting(db: Db, need: _Need, who: Who) -> Iterator[list[_Fitting]]:
    """Yield the offers of this kind, place and time, some at a time, the own village first."""
    rows = db.execute(_offers(need, who)).all()
    shares = {hours: _share(need, hours) for hours in {row.hours for row in rows}}
    rows = [row for row in rows if shares[row.hours] > 0]
    village = _around(need.request.area_id or "", "village")
    near = np.array([(row.area_id or "").startswith(village) for row in rows], np.bool_)
    ids = np.array([row.id for row in rows], np.int64)
    turns = matching.in_turn(need.request.id, ids, near)
    for start in range(0, len(rows), AT_ONCE):
        yield [
            _Fitting(
                row.id,
                row.named is not None,
                shares[row.hours],
                _spoken(need.speak, row.languages),
            )
            for row in (rows[at] for at in turns[start : start + AT_ONCE])
        ]


def _share(need: _Need, hours: str) -> float:
    """Return how much of the time it takes lies in hours as the store keeps them."""
    wanted = need.request.wanted_from, need.request.wanted_until
    takes = need.request.minutes or TAKES
    return weekly.share(tuple(json.loads(hours)), wanted, takes, need.square.zone)


def _offers(need: _Need, who: Who) -> Any:
    request, today = need.request, need.now.astimezone(need.square.zone).date()
    rules: list[ColumnElement[bool]] = [
        HelpOffer.withdrawn_at.is_(None),
        or_(HelpOffer.paused_until.is_(None), HelpOffer.paused_until < today),
        _gives(),
        _goes(request.area_id, need.step),
    ]
    if who is Who.VERIFIED:
        rules.append(HelpOffer.verified_at.is_not(None))
    if need.step != "town":
        rules.append(_lives(request.area_id, need.step))
    return (
        select(
            HelpOffer.id,
            HelpOffer.area_id,
            cast(HelpOffer.hours, String).label("hours"),
            cast(HelpOffer.languages, String).label("languages"),
            OfferedKind.kind_id.label("named"),
        )
        .outerjoin(
            OfferedKind,
            and_(OfferedKind.offer_id == HelpOffer.id, OfferedKind.kind_id == request.kind_id),
        )
        .where(*rules)
    )


def _gives() -> ColumnElement[bool]:
    """They named the kind; or named none they give, and do not refuse this one."""
    given = aliased(OfferedKind)
    named = select(given.offer_id).where(given.offer_id == HelpOffer.id, given.never.is_(False))
    return or_(
        OfferedKind.never.is_(False),
        and_(OfferedKind.offer_id.is_(None), ~named.exists()),
    )


def _goes(area_id: str | None, step: str) -> ColumnElement[bool]:
    """They go as far as the step, or live as near as they go."""
    nearer = [one for one in STEPS if STEPS[one] < STEPS[step]]
    far = [one for one in STEPS if one not in nearer]
    within = [and_(HelpOffer.reach == one, _lives(area_id, one)) for one in nearer]
    return or_(HelpOffer.reach.in_(far), *within)


def _lives(area_id: str | None, step: str) -> ColumnElement[bool]:
    around = _around(area_id or "", step)
    return HelpOffer.area_id.in_(
        select(Area.id).where(Area.id.startswith(around, autoescape=True))
    )


def _ranked(db: Db, need: _Need, fitting: Sequence[_Fitting], limit: int) -> list[Candidate]:
    """Return the best of some offers, leaving out whom a rule forbids to ask."""
    told = {one.offer_id: one for one in fitting}
    rows = [row for row in db.execute(_homes(need, told)) if _goes_as_far(need, row)]
    helpers = [row.resident_id for row in rows]
    counts = track_record.counts(db, need.request, helpers, now=need.now)
    rested = [
        at
        for at, row in enumerate(rows)
        if not track_record.has_enough(counts, at, row.per_week)
    ]
    known = _facts(need, [told[row.id] for row in rows], rows, counts)
    keep = np.array(rested, np.intp)
    rows, known = [rows[at] for at in rested], known.of(keep)
    ids = np.array([row.id for row in rows], np.int64)
    scores, exact = matching.score(known), measured(need.point, rows)
    chosen = matching.in_order(need.request.id, ids, scores, limit)
    return [
        Candidate(
            rows[at].resident_id,
            rows[at].conversation_id,
            round(float(scores[at]), 4),
            None if np.isnan(exact[at]) else round(float(exact[at])),
            why,
        )
        for at, why in zip(chosen, matching.reasons(known.of(chosen)), strict=True)
    ]


def _homes(need: _Need, told: dict[int, _Fitting]) -> Any:
    """Select where they live and are reached, of those no rule about people forbids to ask."""
    request = need.request
    rules: list[ColumnElement[bool]] = [
        HelpOffer.id.in_(told),
        HelpOffer.resident_id.not_in({request.resident_id, need.spoke_for, *need.avoided}),
        HelpOffer.resident_id.not_in(
            select(Match.helper_id).where(
                Match.request_id == request.id, Match.status != MatchStatus.LAPSED
            )
        ),
        HelpOffer.resident_id.not_in(_suspended(need.now)),
        _agreed().exists(),
    ]
    if need.household_id is not None:
        rules.append(
            or_(Resident.household_id.is_(None), Resident.household_id != need.household_id)
        )
    return (
        select(
            HelpOffer.id,
            HelpOffer.resident_id,
            HelpOffer.conversation_id,
            HelpOffer.reach,
            HelpOffer.per_week,
            HelpOffer.meaning,
            Resident.area_id,
            Household.lat,
            Household.lon,
        )
        .join(Resident, Resident.id == HelpOffer.resident_id)
        .outerjoin(Household, Household.id == Resident.household_id)
        .where(*rules)
    )


def _agreed() -> Any:
    return select(Consent.id).where(
        Consent.resident_id == HelpOffer.resident_id,
        Consent.purpose == "help",
        Consent.version == consents.PURPOSES["help"],
        Consent.withdrawn_at.is_(None),
    )


def _suspended(now: datetime) -> Any:
    return select(Suspension.resident_id).where(
        Suspension.since <= now, Suspension.until > now, Suspension.lifted_at.is_(None)
    )


def _around(area_id: str, step: str) -> str:
    """Return the path of the area a step reaches; one that is nowhere if it is not known."""
    return "/".join(area_id.split("/")[: TIERS[step]]) + "/"


@lru_cache(maxsize=4096)
def relation(area_id: str | None, other_id: str | None) -> str:
    """Return the nearest step two areas share; who has none lives somewhere in the town."""
    mine, others = (area_id or "").split("/"), (other_id or "").split("/")
    return next(
        (
            step
            for step in STEPS
            if all(mine[: TIERS[step]]) and mine[: TIERS[step]] == others[: TIERS[step]]
        ),
        "town",
    )


def _goes_as_far(need: _Need, row: Row[Any]) -> bool:
    """Whether they are within the step, and go that far; they may have moved meanwhile."""
    far = STEPS[relation(need.request.area_id, row.area_id)]
    return far <= STEPS[need.step] and far <= STEPS[row.reach]


def _facts(
    need: _Need,
    offers: Sequence[_Fitting],
    rows: Sequence[Row[Any]],
    counts: dict[str, Floats],
) -> Facts:
    mine = need.request.area_id
    about = np.array([ASSUMED[relation(mine, row.area_id)] for row in rows])
    exact = measured(need.point, rows)
    known = matching.facts(
        len(rows),
        named=[one.named for one in offers],
        time=[one.time for one in offers],
        speaks=[one.spoken for one in offers],
        metres=np.where(np.isnan(exact), about, exact),
        alike=track_record.alike(need.request.meaning, [row.meaning for row in rows]),
    )
    return replace(known, **{name: counts[name] for name in track_record.FACTS})


def measured(point: tuple[float, float] | None, rows: Sequence[Row[Any]]) -> Floats:
    """Return the metres between a point and each household; NaN where one is not known.

    As `knowledge.geo` has it, but for all at once.
    """
    places = np.array([(row.lat, row.lon) for row in rows], np.float64).reshape(-1, 2)
    if point is None:
        return np.full(len(rows), np.nan)
    here, there = np.radians(point), np.radians(places)
    half = np.sin((there - here) / 2) ** 2
    part = half[:, 0] + np.cos(here[0]) * np.cos(there[:, 0]) * half[:, 1]
    far: Floats = 2 * EARTH_RADIUS * np.arcsin(np.sqrt(part))
    return far


def _spoken(asked: frozenset[str], languages: str) -> float:
    return len(asked & set(json.loads(languages))) / len(asked) if asked else np.nan
