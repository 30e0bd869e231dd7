from datetime import timedelta

from actions import conversations, outbox, turns
from actions.db import Database
from tests.actions.test_turns import a_turn
from tests.conftest import StandingClock


def owe(database: Database, clock: StandingClock, address: str, **more: object) -> int:
    with database.transaction() as db:
        conversation = conversations.at_address(
            db, channel="webchat", address=address, now=clock.now()
        )
        facts = {"due_at": clock.now(), **more}
        notice = outbox.put(
            db,
            conversation_id=conversation.id,
            response="utter_booking_reminder",
            **facts,  # type: ignore[arg-type]
        )
        return notice.id


def lease(database: Database, clock: StandingClock) -> list[int]:
    with database.transaction() as db:
        return [notice.id for notice in outbox.lease_due(db, now=clock.now())]


def test_a_conversation_gets_its_notices_one_after_another_in_order(
    database: Database, clock: StandingClock
) -> None:
    first, second, other = (owe(database, clock, address) for address in "aab")
    assert lease(database, clock) == [first, other]
    with database.transaction() as db:
        outbox.mark_sent(db, first, now=clock.now())
    assert lease(database, clock) == [second]


def test_nothing_overtakes_a_notice_that_is_being_sent(
    database: Database, clock: StandingClock
) -> None:
    first, _second = owe(database, clock, "a"), owe(database, clock, "a")
    assert lease(database, clock) == [first]
    assert lease(database, clock) == []


def test_a_worker_that_died_is_replaced_when_its_lease_ends(
    database: Database, clock: StandingClock
) -> None:
    notice = owe(database, clock, "a")
    assert lease(database, clock) == [notice]
    clock.pass_by(outbox.LEASE + timedelta(seconds=1))
    assert lease(database, clock) == [notice]


def test_what_is_due_later_waits(database: Database, clock: StandingClock) -> None:
    notice = owe(database, clock, "a", due_at=clock.now() + timedelta(hours=2))
    assert lease(database, clock) == []
    clock.pass_by(timedelta(hours=2))
    assert lease(database, clock) == [notice]


def test_cancelling_the_cause_takes_its_notices_back(
    database: Database, clock: StandingClock
) -> None:
    owe(database, clock, "a", about="booking:12")
    kept = owe(database, clock, "b", about="booking:121")
    with database.transaction() as db:
        assert outbox.cancel(db, "booking:12") == 1
    assert lease(database, clock) == [kept]


def test_a_notice_is_marked_sent_once(database: Database, clock: StandingClock) -> None:
    notice = owe(database, clock, "a")
    with database.transaction() as db:
        assert outbox.mark_sent(db, notice, now=clock.now())
        assert not outbox.mark_sent(db, notice, now=clock.now())


def test_the_worker_leaves_a_running_turns_notices_to_the_gateway(
    database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        turn = a_turn(db, clock)
        turns.act(db, turn, "book", now=clock.now())
    notice = owe(database, clock, "a", turn_id=turn.id)
    assert lease(database, clock) == []
    clock.pass_by(outbox.TURN_GRACE + timedelta(seconds=1))
    assert lease(database, clock) == [notice]
