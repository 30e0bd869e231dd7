"""The clock's part: a nudge before it is due, a rise when it is broken, a name for silence."""

from datetime import timedelta

import pytest

from actions.db import Db
from actions.governance import handling, history, moves, overdue, reporting
from actions.governance.model import Kind, ServiceRequest, Status
from actions.outbox import Notice
from tests.actions.governance.conftest import Hall

HOUR = timedelta(hours=1)


def look_after(hall: Hall, db: Db) -> int:
    return overdue.look_after(db, hall.pack, now=hall.clock.now())


def kinds(db: Db, request: ServiceRequest) -> list[str]:
    return [made.kind for made in history.history(db, request)]


def test_its_team_is_reminded_while_there_is_time_and_only_once(hall: Hall) -> None:
    with hall.database.transaction() as db:
        hall.chat(db, team_id="road-team")
        request = hall.file(db)  # within 48 hours, day and night
        hall.clock.pass_by(35 * HOUR)
        assert not overdue.is_any_due(db, now=hall.clock.now())
        hall.clock.pass_by(2 * HOUR)
        assert overdue.is_any_due(db, now=hall.clock.now())
        assert [look_after(hall, db), look_after(hall, db)] == [1, 0]
        assert kinds(db, request) == [Kind.MOVED, Kind.NUDGED]
        assert hall.told(db) == []


def test_a_broken_promise_rises_tier_by_tier_and_is_told_each_time(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db, "rubbish")  # within 24 hours, by the grid
        tiers = []
        for _ in range(8):
            hall.clock.pass_by(13 * HOUR)
            look_after(hall, db)
            tiers.append(request.tier)
        assert tiers == [
            *("grid", "village", "village", "town"),
            *("town", "town", "town", "town"),
        ]
        assert hall.told(db) == ["utter_request_raised"] * 2
        assert kinds(db, request).count(Kind.RAISED) == 2


def test_nobody_is_woken_by_what_the_clock_has_to_say(hall: Hall) -> None:
    with hall.database.transaction() as db:
        hall.clock.pass_by(13 * HOUR)  # 23:00
        request = hall.file(db, "rubbish")
        hall.clock.moment = request.due_at
        look_after(hall, db)
        look_after(hall, db)
        told = db.query(Notice).filter(Notice.response == "utter_request_raised").one()
        assert told.due_at.astimezone(hall.pack.zone).hour == 7


def test_silence_on_a_reply_is_asked_about_once_and_then_named(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        hall.reply(db, request)
        hall.deliver(db)
        hall.clock.pass_by(moves.ASK_AGAIN_AFTER)
        look_after(hall, db)
        assert hall.told(db)[-1] == "utter_request_ask_solved"
        hall.clock.pass_by(moves.UNCONFIRMED_AFTER - moves.ASK_AGAIN_AFTER)
        look_after(hall, db)
        assert request.status == Status.UNCONFIRMED
        assert hall.told(db)[-1] == "utter_request_unconfirmed"
        assert not overdue.is_any_due(db, now=hall.clock.now() + timedelta(days=365))


def test_the_promise_waits_for_the_residents_answer_and_then_runs_on(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)  # due in 48 hours
        hall.clock.pass_by(8 * HOUR)
        handling.ask(db, hall.pack, request, by=hall.by, words="是哪一盏？")
        hall.clock.pass_by(100 * HOUR)
        look_after(hall, db)
        assert (request.tier, request.status) == ("village", Status.RECEIVED)
        reporting.add(
            db,
            hall.pack,
            request,
            resident_id=request.resident_id,
            words="最东边那盏",
            now=hall.clock.now(),
        )
        assert request.due_at == hall.clock.now() + 40 * HOUR
        assert kinds(db, request)[-1] == Kind.ANSWERED


def test_a_question_nobody_answers_does_not_stop_the_clock_for_good(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        handling.ask(db, hall.pack, request, by=hall.by, words="是哪一盏？")
        hall.clock.pass_by(moves.ANSWER_WITHIN)
        look_after(hall, db)
        assert request.paused_at is None
        assert request.due_at == hall.clock.now() + 48 * HOUR


def test_a_second_no_goes_to_the_tier_above(hall: Hall) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        hall.reply(db, request)
        hall.say_solved(db, request, solved=False)
        assert request.tier == "village"
        hall.reply(db, request)
        hall.say_solved(db, request, solved=False)
        assert request.tier == "town"
        assert request.due_at == hall.clock.now() + 48 * HOUR


@pytest.mark.parametrize("status", [Status.DECLINED, Status.RESOLVED])
def test_what_is_over_is_left_alone(hall: Hall, status: Status) -> None:
    with hall.database.transaction() as db:
        request = hall.file(db)
        if status == Status.DECLINED:
            hall.move(db, request, status)
        else:
            hall.reply(db, request)
            hall.say_solved(db, request, solved=True)
        assert request.look_at is None
