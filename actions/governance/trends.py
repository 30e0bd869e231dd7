"""How requests went over some days, step by step: counted by the database.

A step's promises are those that fell due in it: kept when the last answer came in time. Times
are medians, by the calendar, of what was done for the first time in the step.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from actions.db import Db
from actions.governance.counts import EVERYTHING, Sieve
from actions.governance.model import Kind, Rating, ServiceRequest, Status, Update

S = Status
TAKEN_ON = frozenset({S.ACKNOWLEDGED, S.IN_PROGRESS, S.REPLIED, S.DECLINED})
ANSWERED = frozenset({S.REPLIED, S.DECLINED})
STANDS_ANSWERED = ANSWERED | {S.RESOLVED, S.UNCONFIRMED}
NO_PROMISE = frozenset({S.MERGED, S.WITHDRAWN})
STEPS = {7: 1, 30: 1, 90: 10}  # days looked back → days in a step


@dataclass(frozen=True)
class Period:
    """Some days up to today, in steps of equal length; the last one is today's."""

    first_on: date
    days: int
    step: int
    zone: tzinfo
    now: datetime

    @property
    def starts_at(self) -> datetime:
        """The midnight the first day begins with."""
        return datetime.combine(self.first_on, time(), self.zone)

    @property
    def steps(self) -> range:
        """The numbers of the steps."""
        return range(self.days // self.step)

    def on(self, number: int) -> date:
        """Return the first day of a step."""
        return self.first_on + timedelta(days=number * self.step)


@dataclass(frozen=True)
class Step:
    """What happened in one step."""

    on: date
    filed: int = 0
    answered: int = 0
    resolved: int = 0
    reopened: int = 0
    due: int = 0
    kept: int = 0
    first_move: timedelta | None = None
    first_answer: timedelta | None = None
    ratings: int = 0
    rating: float | None = None

    @property
    def on_time(self) -> float | None:
        """The share of promises that were kept."""
        return self.kept / self.due if self.due else None

    @property
    def not_solved(self) -> float | None:
        """The share of what residents judged that they said was not solved."""
        judged = self.resolved + self.reopened
        return self.reopened / judged if judged else None


def period(days: int, step: int, *, zone: tzinfo, now: datetime) -> Period:
    """Return the days up to today, whole ones, in the community's zone."""
    today = now.astimezone(zone).date()
    return Period(today - timedelta(days=days - 1), days, step, zone, now)


def trend(
    db: Db, over: Period, *, sieve: Sieve = EVERYTHING, parts: Iterable[str] = ()
) -> list[Step]:
    """Return how it went, the earliest step first; only some `PARTS`, when they are named."""
    known: dict[int, dict[str, Any]] = {number: {} for number in over.steps}
    for part in parts or PARTS:
        for number, told in PARTS[part](db, over, sieve):
            known[number] |= told
    return [Step(on=over.on(number), **told) for number, told in known.items()]


def _seconds(moment: Any) -> ColumnElement[int]:
    return extract("epoch", moment)


def _step(over: Period, moment: Any) -> ColumnElement[int]:
    """Say in SQL in which step a moment lies; with summer time, an hour may be the next's."""
    since = _seconds(moment) - literal(int(over.starts_at.timestamp()), literal_execute=True)
    long = literal(over.step * 24 * 3600, literal_execute=True)
    return cast((since - since % long) / long, Integer)


def _grouped(over: Period, moment: Any, *what: Any) -> Select[Any]:
    step = _step(over, moment).label("step")
    return select(step, *what).where(moment >= over.starts_at, moment <= over.now)


Part = Iterator[tuple[int, dict[str, Any]]]  # what is known of a step, by its number


def _filed(db: Db, over: Period, sieve: Sieve) -> Part:
    at = ServiceRequest.created_at
    asked = _grouped(over, at, func.count(ServiceRequest.id))
    for number, count in db.execute(
        asked.where(sieve.lets_through()).group_by(_step(over, at))
    ):
        yield number, {"filed": count}


def _moved(db: Db, over: Period, sieve: Sieve) -> Part:
    at, status = Update.happened_at, Update.status
    of = {
        "answered": func.count(case((status.in_(ANSWERED), 1))),
        "resolved": func.count(case((status == S.RESOLVED, 1))),
        "reopened": func.count(case((status == S.REOPENED, 1))),
    }
    asked = (
        _grouped(over, at, *of.values())
        .join(ServiceRequest, ServiceRequest.id == Update.request_id)
        .where(Update.kind == Kind.MOVED, sieve.lets_through())
        .group_by(_step(over, at))
    )
    for number, *counts in db.execute(asked):
        yield number, dict(zip(of, counts, strict=True))


def _promised(db: Db, over: Period, sieve: Sieve) -> Part:
    at, status = ServiceRequest.due_at, ServiceRequest.status
    an_answer = and_(
        Update.request_id == ServiceRequest.id,
        Update.kind == Kind.MOVED,
        Update.status.in_(ANSWERED),
    )
    promise = (
        _grouped(over, at, status, at, func.max(Update.happened_at).label("answered_at"))
        .outerjoin(Update, an_answer)
        .where(
            status.not_in(NO_PROMISE),
            or_(ServiceRequest.paused_at.is_(None), status.in_(STANDS_ANSWERED)),
            sieve.lets_through(),
        )
        .group_by(ServiceRequest.id)
        .subquery()
    )
    in_time = promise.c.answered_at <= promise.c.due_at
    kept = case((and_(promise.c.status.in_(STANDS_ANSWERED), in_time), 1))
    asked = select(promise.c.step, func.count(), func.count(kept)).group_by(promise.c.step)
    for number, due, count in db.execute(asked):
        yield number, {"due": due, "kept": count}


def _rated(db: Db, over: Period, sieve: Sieve) -> Part:
    at = Rating.given_at
    asked = (
        _grouped(over, at, func.count(Rating.id), func.avg(Rating.rating))
        .join(ServiceRequest, ServiceRequest.id == Rating.request_id)
        .where(sieve.lets_through())
        .group_by(_step(over, at))
    )
    for number, count, mean in db.execute(asked):
        yield number, {"ratings": count, "rating": float(mean)}


def _median(name: str, statuses: frozenset[Status]) -> Callable[[Db, Period, Sieve], Part]:
    """Return what tells how long it took from filing to the first of these moves."""

    def part(db: Db, over: Period, sieve: Sieve) -> Part:
        first = _first(over, sieve, statuses).subquery()
        ranked = select(
            first.c.step,
            first.c.took,
            func.row_number()
            .over(partition_by=first.c.step, order_by=first.c.took)
            .label("nth"),
            func.count().over(partition_by=first.c.step).label("all"),
        ).subquery()
        middle = (2 * ranked.c.nth - ranked.c.all).between(0, 2)
        median = select(ranked.c.step, func.avg(ranked.c.took)).where(middle)
        for number, seconds in db.execute(median.group_by(ranked.c.step)):
            yield number, {name: timedelta(seconds=float(seconds))}

    return part


def _first(over: Period, sieve: Sieve, statuses: frozenset[Status]) -> Select[Any]:
    """Say in SQL how long each took whose first such move was made in the period."""
    before = aliased(Update)
    earlier = (
        select(before.id)
        .where(
            before.request_id == Update.request_id,
            before.id < Update.id,
            before.kind == Kind.MOVED,
            before.status.in_(statuses),
        )
        .exists()
    )
    took = _seconds(Update.happened_at) - _seconds(ServiceRequest.created_at)
    return (
        _grouped(over, Update.happened_at, took.label("took"))
        .join(ServiceRequest, ServiceRequest.id == Update.request_id)
        .where(Update.kind == Kind.MOVED, Update.status.in_(statuses), ~earlier)
        .where(sieve.lets_through())
    )


# What may be told of a step, each asked for on its own.
PARTS: Mapping[str, Callable[[Db, Period, Sieve], Part]] = {
    "filed": _filed,
    "moved": _moved,
    "promised": _promised,
    "rated": _rated,
    "first_move": _median("first_move", TAKEN_ON),
    "first_answer": _median("first_answer", ANSWERED),
}
