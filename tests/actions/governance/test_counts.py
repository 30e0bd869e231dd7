"""Figures are counted by the database, and never count what somebody may not see."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from actions.db import Db
from actions.governance import counts, following, handling, overdue, reporting, trends
from actions.governance.counts import Route, Sieve
from actions.governance.model import ServiceRequest, Status, Update
from actions.governance.trends import Step, period, trend
from actions.people import scope
from tests.actions.governance.conftest import Hall

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def views(hall: Hall, db: Db) -> dict[str, int]:
    return dict(counts.together(counts.counted(db, hall.pack, now=hall.clock.now())))


def last_days(hall: Hall, db: Db, days: int = 7, step: int = 7) -> list[Step]:
    return trend(db, period(days, step, zone=hall.pack.zone, now=hall.clock.now()))


def test_each_view_counts_what_it_says(hall: Hall) -> None:
    with hall.database.transaction() as db:
        new, late, asked = (hall.file(db, place=None) for _ in range(3))
        handling.ask(db, hall.pack, asked, by=hall.by, words="是哪一盏？")
        hall.clock.pass_by(37 * HOUR)  # of 48: reminded of two, the third waits
        overdue.look_after(db, hall.pack, now=hall.clock.now())
        hall.reply(db, new)
        assert views(hall, db) == {
            "open": 2,
            "new": 2,
            "soon": 1,
            "waiting": 1,
            "replied": 1,
        }
        hall.clock.pass_by(12 * HOUR)
        overdue.look_after(db, hall.pack, now=hall.clock.now())
        counted = views(hall, db)
        assert (counted["late"], counted.get("soon")) == (1, None)
        assert counted["raised"] == 1
        assert late.due_at < hall.clock.now()


def test_what_nobody_touched_for_a_week_lies_still(hall: Hall) -> None:
    with hall.database.transaction() as db:
        hall.file(db)
        touched = hall.file(db)
        hall.clock.pass_by(5 * DAY)
        handling.note(db, touched, by=hall.by, words="看过了")
        overdue.look_after(db, hall.pack, now=hall.clock.now())  # a reminder is no move
        hall.clock.pass_by(3 * DAY)
        assert views(hall, db)["still"] == 1


def test_a_sieve_lets_its_categories_and_its_team_through(hall: Hall) -> None:
    with hall.database.transaction() as db:
        hall.file(db, "road-light")
        hall.file(db, "rubbish")
        now, since = hall.clock.now(), hall.clock.now() - DAY
        for sieve, seen in (
            (Sieve(), 2),
            (Sieve(categories=frozenset({"rubbish"})), 1),
            (Sieve(team_id="road-team"), 1),
            (Sieve(categories=frozenset({"rubbish"}), team_id="road-team"), 0),
            (Sieve(categories=frozenset()), 0),
        ):
            assert counts.filed(db, since=since, sieve=sieve) == seen
            found = counts.counted(db, hall.pack, now=now, sieve=sieve)
            assert counts.together(found)["open"] == seen


def test_a_step_tells_how_requests_went(hall: Hall) -> None:
    with hall.database.transaction() as db:
        quick, slow, left = (hall.file(db) for _ in range(3))  # promised within 48 hours
        hall.clock.pass_by(2 * HOUR)
        hall.move(db, quick, Status.ACKNOWLEDGED)
        hall.clock.pass_by(2 * HOUR)
        hall.move(db, quick, Status.REPLIED)
        hall.clock.pass_by(2 * DAY)
        hall.reply(db, slow)
        hall.say_solved(db, quick, solved=True)
        hall.say_solved(db, slow, solved=False)
        reporting.rate(db, quick, resident_id=quick.resident_id, rating=3, now=hall.clock.now())
        (step,) = last_days(hall, db)
        assert (step.filed, step.answered, step.resolved, step.reopened) == (3, 2, 1, 1)
        assert (step.due, step.kept) == (2, 1)  # what was not solved has a new promise
        assert step.not_solved == pytest.approx(0.5)
        assert step.first_move == (2 * HOUR + 52 * HOUR) / 2
        assert step.first_answer == (4 * HOUR + 52 * HOUR) / 2
        assert (step.ratings, step.rating) == (1, 3.0)
        assert left.status == Status.RECEIVED


@pytest.mark.parametrize("hours", [[1], [1, 9], [1, 2, 9], [1, 2, 4, 9]])
def test_the_time_it_took_is_the_median(hall: Hall, hours: list[int]) -> None:
    began = hall.clock.now()
    middle = (hours[(len(hours) - 1) // 2] + hours[len(hours) // 2]) / 2
    with hall.database.transaction() as db:
        requests = [hall.file(db) for _ in hours]
        for request, after in zip(requests, hours, strict=True):
            hall.clock.moment = began + after * HOUR
            hall.move(db, request, Status.ACKNOWLEDGED)
            hall.move(db, request, Status.IN_PROGRESS)  # not the first any more
        (step,) = last_days(hall, db)
        assert step.first_move == middle * HOUR


def test_a_day_begins_at_midnight_in_the_community(hall: Hall) -> None:
    with hall.database.transaction() as db:
        for moment in ("15:59", "16:00"):  # in UTC: 23:59 and 0:00 in Hangzhou
            hall.clock.moment = datetime.fromisoformat(f"2026-11-22T{moment}:59+00:00")
            hall.file(db)
        hall.clock.moment = datetime(2026, 11, 24, 2, tzinfo=UTC)
        steps = last_days(hall, db, 7, 1)
        assert {step.on.day: step.filed for step in steps if step.filed} == {22: 1, 23: 1}
        assert (steps[0].on.day, steps[-1].on.day) == (18, 24)


def test_the_route_that_was_wrong_names_the_team_that_gave_it_back(hall: Hall) -> None:
    with hall.database.transaction() as db:
        for _ in range(2):
            handling.give_back(
                db, hall.pack, hall.file(db), by=hall.by, team_id="property-team", reason="不是"
            )
        hall.file(db, "rubbish")
        found = counts.returned(db, since=hall.clock.now() - DAY)
        assert found == [Route("road-light", "road-team", 2)]


@contextmanager
def seen_by(hall: Hall, areas: list[str] | None, team: str | None = None) -> Iterator[Db]:
    """What was filed, moved and rated so far, as somebody sees it; None: without a scope."""
    with hall.database.reading() as db:
        if areas is not None:
            scope.limit(db, scope.Reach(tuple(areas), team))
        yield db


def everything(hall: Hall, db: Db) -> dict[str, Any]:
    """Every figure there is; all of them 0 when nothing is seen."""
    since = hall.clock.now() - 30 * DAY
    (step,) = last_days(hall, db, 30, 30)
    return {
        **views(hall, db),
        **{name: value or 0 for name, value in vars(step).items() if name != "on"},
        "filed_since": counts.filed(db, since=since),
        "followed": counts.followed(db, since=since),
        "returned": sum(route.times for route in counts.returned(db, since=since)),
        "silent": sum(counts.unconfirmed(db, since=since).values()),
    }


def fill(hall: Hall, category: str, place: str, area: str) -> None:
    """One request that went through everything, and one more that was given back."""
    with hall.database.transaction() as db:
        for _ in range(2):
            request = hall.file(db, category, place=place)
            request.area_id = area
        handling.give_back(
            db, hall.pack, request, by=hall.by, team_id="grid-team", reason="不是我们的"
        )
        first = db.get_one(ServiceRequest, request.id - 1)
        if first.visibility == "public":
            following.follow(
                db, request=first, conversation=hall.talk(db, "other"), now=hall.clock.now()
            )
        hall.reply(db, first)
        hall.say_solved(db, first, solved=False)
        hall.reply(db, first)
        hall.say_solved(db, first, solved=True)
        reporting.rate(db, first, resident_id=first.resident_id, rating=1, now=hall.clock.now())


def test_figures_count_nothing_outside_the_scope(hall: Hall) -> None:
    """Not the updates, ratings and followers either, which have no area of their own."""
    fill(hall, "road-light", "gz-youyi", "guali/meilin/")
    fill(hall, "dispute", "gz-youyi", "guali/qicai/")  # restricted, of the mediation team
    with seen_by(hall, ["guali/qicai/"]) as db:
        assert not any(everything(hall, db).values())
    with seen_by(hall, []) as db:
        assert not any(everything(hall, db).values())
    with seen_by(hall, ["guali/qicai/"], "mediation-team") as db:
        ours = everything(hall, db)
        assert (ours["filed"], ours["ratings"], ours["followed"]) == (1, 1, 0)
    # The control: without the scope all of it is there to be counted.
    with seen_by(hall, None) as db:
        all_of_it = everything(hall, db)
        zero = {name for name, value in all_of_it.items() if not value}
        assert zero <= {"due", "kept", "silent", "first_move", "first_answer"}
        assert (all_of_it["filed"], all_of_it["ratings"]) == (4, 2)


def test_what_is_not_joined_with_its_request_would_be_counted(hall: Hall) -> None:
    """The control: the scope takes hold of requests, so every figure has to go by them."""
    fill(hall, "road-light", "gz-youyi", "guali/meilin/")
    with seen_by(hall, ["guali/qicai/"]) as db:
        alone = select(func.count(Update.id))
        joined = alone.join(ServiceRequest, ServiceRequest.id == Update.request_id)
        assert (db.scalar(alone) or 0) > 0
        assert db.scalar(joined) == 0


def test_every_length_of_a_trend_is_made_of_whole_steps() -> None:
    assert all(days % step == 0 for days, step in trends.STEPS.items())
