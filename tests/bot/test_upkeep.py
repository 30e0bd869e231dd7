"""The programme is written once a day; a publication that was ordered is begun, once."""

import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from actions import conversations
from actions.acquaintance.service import open_up
from actions.booking import service
from actions.booking.bookings import Order
from actions.booking.model import Booking, Draw, Session
from actions.booking.programme import Programme
from actions.content import publications
from actions.content.editions import Shelf
from actions.conversations import Author, Upload
from actions.db import Database, Db
from actions.mydata import erasing
from actions.mydata.model import Erasure
from actions.people.model import Acting, Area, Resident, Words
from actions.square import Square
from actions.wording import read_wording
from bot.upkeep import (
    LOOKS_EVERY,
    PAUSE,
    Draws,
    EndedActing,
    Forgotten,
    Introductions,
    Publisher,
    Retention,
    Upkeep,
    run_due,
)
from knowledge.pack import load_pack
from tests.conftest import StandingClock

PACK = load_pack(Path("knowledge/data/guali"))


def sessions(database: Database) -> int:
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(Session)) or 0


def test_the_days_work_is_done_once(database: Database, clock: StandingClock) -> None:
    upkeep = Upkeep(database, Shelf(PACK, Path("nowhere")), clock)
    assert upkeep.run_due()
    assert not upkeep.run_due()
    assert sessions(database) > 0


def test_a_week_later_another_week_is_there(database: Database, clock: StandingClock) -> None:
    upkeep = Upkeep(database, Shelf(PACK, Path("nowhere")), clock)
    upkeep.run_due()
    before = sessions(database)
    clock.pass_by(timedelta(weeks=1))
    assert upkeep.run_due()
    assert sessions(database) > before


def test_draws_are_opened_held_and_freed_by_the_worker_each_once(
    database: Database, clock: StandingClock
) -> None:
    shelf, wording = Shelf(PACK, Path("nowhere")), read_wording(PACK.zone)
    Upkeep(database, shelf, clock).run_due()
    draws = Draws(database, shelf, wording, clock)

    def found() -> tuple[int, int, int]:
        with database.reading() as db:
            drawn = db.scalars(select(Draw.drawn_at)).all()
            kept = db.scalar(select(func.count()).where(Session.kept > 0)) or 0
        return len(drawn), len([*filter(None, drawn)]), kept

    assert draws.run_due()
    opened, held, kept = found()
    assert held == 0
    assert kept == opened > 0
    assert not draws.run_due()
    clock.pass_by(timedelta(days=2, hours=3))  # Thursday, 13:00
    assert draws.run_due()
    assert found()[1] == 1  # Saturday's swimming
    assert not draws.run_due()
    clock.pass_by(timedelta(days=1))  # Friday, 13:00
    assert draws.run_due()
    assert found()[2] < found()[0]


def written(database: Database, clock: StandingClock) -> str:
    """A resident who has said something; their id."""
    with database.transaction() as db:
        talk = conversations.at_address(db, channel="webchat", address="a", now=clock.now())
        conversations.say(db, talk, "旧话", author=Author.RESIDENT, now=clock.now())
        return talk.resident_id


def test_what_was_kept_long_enough_goes_by_day_and_who_is_silent_with_it(
    database: Database, clock: StandingClock
) -> None:
    resident_id = written(database, clock)
    retention = Retention(
        database, Shelf(PACK, Path("nowhere")), read_wording(PACK.zone), clock
    )
    assert not retention.run_due()
    clock.pass_by(timedelta(days=400))
    assert retention.run_due()  # the message
    assert not retention.run_due()
    assert not retention.run_due()  # done for the day
    with database.reading() as db:
        assert db.scalars(select(Words)).all() == []
        assert db.get(Resident, resident_id)
    clock.pass_by(timedelta(days=400))
    assert retention.run_due()  # the resident
    assert not retention.run_due()
    with database.reading() as db:
        assert db.scalars(select(Resident)).all() == []
        assert db.scalars(select(Erasure.cause)).all() == ["retention"]


def test_files_of_who_was_forgotten_go_and_the_store_is_scrubbed_once(
    database: Database, clock: StandingClock, tmp_path: Path
) -> None:
    resident_id = written(database, clock)
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    (uploads / ("f" * 32)).write_bytes(b"photo")
    with database.transaction() as db:
        db.add(
            Upload(
                id="f" * 32,
                resident_id=resident_id,
                content_type="image/jpeg",
                size=5,
                created_at=clock.now(),
            )
        )
    forgotten = Forgotten(database, uploads)
    forgotten.run_due()
    assert list(uploads.iterdir())
    assert not forgotten.run_due()
    with database.transaction() as db:
        erasing.forget(db, resident_id, now=clock.now())
    assert forgotten.run_due()
    assert not list(uploads.iterdir())
    assert not forgotten.run_due()


@pytest.fixture
def ordered(database: Database, clock: StandingClock) -> Database:
    """Somebody at the desk has ordered a publication."""
    with database.transaction() as db:
        publications.order(db, {}, staff_id=None, now=clock.now())
    return database


def ends_with(code: int) -> tuple[str, ...]:
    return (sys.executable, "-c", f"raise SystemExit({code})")


def wait_for(publisher: Publisher) -> None:
    assert publisher._process
    publisher._process.wait(20)


def test_neighbours_are_asked_about_one_another_now_and_then(
    database: Database, clock: StandingClock
) -> None:
    shelf, wording = Shelf(PACK, Path("nowhere")), read_wording(PACK.zone)
    square = Square(PACK, wording)
    worker = Introductions(database, shelf, wording, clock)
    assert not worker.run_due()
    with database.transaction() as db:
        db.add(Area(id="guali/", tier="town"))
        db.flush()
        for who in "ab":
            talk = conversations.at_address(db, channel="webchat", address=who, now=clock.now())
            talk.resident.area_id = "guali/"
            db.flush()
            open_up(db, square, talk, "club-chess", now=clock.now())
    assert not worker.run_due()  # it has only just looked
    clock.pass_by(LOOKS_EVERY)
    assert worker.run_due()
    assert not worker.run_due()


def test_what_was_done_for_somebody_is_given_back_once_acting_has_ended(
    database: Database, clock: StandingClock
) -> None:
    shelf, wording = Shelf(PACK, Path("nowhere")), read_wording(PACK.zone)
    worker = EndedActing(database, shelf, wording, clock)
    Upkeep(database, shelf, clock).run_due()
    with database.transaction() as db:
        child, mother = (
            conversations.at_address(db, channel="webchat", address=who, now=clock.now())
            for who in ("child", "mother")
        )
        acting = Acting(kin="mother", asked_at=clock.now(), confirmed_at=clock.now())
        acting.actor_id, acting.principal_id = child.resident_id, mother.resident_id
        db.add(acting)
        db.flush()
        later = Session.starts_at > clock.now()
        session = db.scalars(
            select(Session).where(later, Session.activity_id == "club-chess").limit(1)
        ).one()
        order, programme = Order(session.id, acting_id=acting.id), Programme(PACK, wording)
        made = service.book(db, programme, order=order, conversation=child, now=clock.now())
        booking_id, home = made.id, mother.id
    assert not worker.run_due()
    with database.transaction() as db:
        db.execute(update(Acting).values(ended_at=clock.now()))
    assert worker.run_due()
    with database.reading() as db:
        assert db.get_one(Booking, booking_id).conversation_id == home
    assert not worker.run_due()


def test_a_publisher_is_started_when_one_is_ordered_and_never_two(
    ordered: Database, clock: StandingClock
) -> None:
    publisher = Publisher(ordered, clock, (sys.executable, "-c", "import time; time.sleep(60)"))
    assert publisher.run_due()
    assert not publisher.run_due()
    assert publisher._process
    publisher._process.kill()
    wait_for(publisher)


def test_nothing_is_started_when_nothing_is_ordered(
    database: Database, clock: StandingClock
) -> None:
    assert not Publisher(database, clock, ends_with(0)).run_due()


@pytest.mark.parametrize(("code", "at_once"), [(0, True), (3, True), (1, False), (-9, False)])
def test_one_that_ended_badly_is_not_started_again_at_once(
    ordered: Database, clock: StandingClock, code: int, at_once: bool
) -> None:
    command = ends_with(code) if code >= 0 else ("sh", "-c", "kill -9 $$")
    publisher = Publisher(ordered, clock, command)
    assert publisher.run_due()
    wait_for(publisher)
    assert publisher.run_due() is at_once
    if not at_once:
        clock.pass_by(PAUSE + timedelta(seconds=1))
        assert publisher.run_due()
    wait_for(publisher)


def test_one_look_finds_what_is_due_of_all_kinds(
    database: Database, clock: StandingClock
) -> None:
    done = list[str]()

    class Kind(Draws):
        def __init__(self, name: str, due: bool) -> None:
            super().__init__(
                database, Shelf(PACK, Path("nowhere")), read_wording(PACK.zone), clock
            )
            self.name, self.due = name, due

        def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
            return self.due

        def do(self, db: Db, programme: Programme, now: datetime) -> bool:
            done.append(self.name)
            return self.name == "second"

    first, second, third = Kind("first", True), Kind("second", True), Kind("third", False)
    assert run_due([first, second, third])
    assert done == ["first", "second"]
    assert not run_due([first, third])
