"""What has been kept long enough goes: no row is overdue afterwards, in no table (P44)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from actions import happenings
from actions.conversations import Status
from actions.db import Base, Database
from actions.happenings import What
from actions.mydata import retention, whose
from actions.mydata.retention import RULES, WITH_OTHERS, Delete
from actions.mydata.whose import HOW, NOTHING
from actions.pacing import Paced
from actions.people.model import SignInAttempt, StaffSession
from tests.actions.mydata.planting import Planted, everything, plant, plant_shared
from tests.conftest import StandingClock

# Nothing is planted in these.
OF_STAFF = {"sign_in_attempts", "staff_sessions", "paces", "happenings"}
YEARS = timedelta(days=5 * 365)


@pytest.fixture
def first(database: Database, clock: StandingClock) -> Planted:
    with database.transaction() as db:
        shared = plant_shared(db, clock.now())
        bystander = plant(db, "Zoe", shared, clock.now())
        first = plant(db, "Ann", shared, clock.now(), bystander)
        finish(db, "inbox", state="answered")
        finish(db, "outbox", state="sent")
        finish(db, "service_requests", status="resolved")
        return first


def finish(db: object, name: str, **values: str) -> None:
    db.execute(update(whose.table(name)).values(values))  # type: ignore[attr-defined]


def run_once(database: Database, clock: StandingClock) -> int:
    with database.transaction() as db:
        due = retention.find(db, now=clock.now())
        return retention.let_go(db, due, now=clock.now()) if due else 0


def run_all(database: Database, clock: StandingClock) -> int:
    count = 0
    while some := run_once(database, clock):
        count += some
    return count


def test_every_table_with_something_of_residents_has_a_term_or_a_reason() -> None:
    assert set(RULES) & set(WITH_OTHERS) == set()
    tables = set(Base.metadata.tables) - NOTHING - {"households"}
    assert set(HOW) == tables
    assert (set(RULES) | set(WITH_OTHERS)) - OF_STAFF == tables


def test_the_job_leaves_nothing_overdue(
    database: Database, clock: StandingClock, first: Planted
) -> None:
    clock.pass_by(YEARS)
    with database.reading() as db:
        before = {
            name for name in RULES if retention.overdue(db, name, now=clock.now(), limit=1)
        }
    assert before == set(RULES) - OF_STAFF
    assert run_all(database, clock) > 0
    with database.reading() as db:
        for name in RULES:
            assert not retention.overdue(db, name, now=clock.now(), limit=1), name
        assert not retention.unattached(db, now=clock.now(), limit=1)
        assert retention.find(db, now=clock.now()) is None
        written = str(everything(db))
    left = [where for where, canary in first.canaries.items() if canary in written]
    assert [where for where in left if where.partition(".")[0] in RULES] == []


def test_nothing_goes_before_its_time(
    database: Database, clock: StandingClock, first: Planted
) -> None:
    with database.reading() as db:
        before = everything(db)
    clock.pass_by(timedelta(days=6))
    assert run_all(database, clock) == 0
    with database.reading() as db:
        assert everything(db) == before


@pytest.mark.parametrize("name", sorted(set(RULES) - OF_STAFF))
def test_a_row_goes_on_the_day_after_its_term(
    database: Database, clock: StandingClock, first: Planted, name: str
) -> None:
    clock.pass_by(timedelta(days=RULES[name].days))
    with database.reading() as db:
        assert not retention.overdue(db, name, now=clock.now(), limit=1)
        later = clock.now() + timedelta(seconds=1)
        assert len(retention.overdue(db, name, now=later, limit=9)) == 1


def test_what_is_open_waits_or_is_owed_stays(
    database: Database, clock: StandingClock, first: Planted
) -> None:
    with database.transaction() as db:
        finish(db, "conversations", status=Status.OPEN)
        finish(db, "inbox", state="waiting")
        finish(db, "outbox", state="waiting")
        finish(db, "service_requests", status="in_progress")
    clock.pass_by(YEARS)
    with database.reading() as db:
        for name in ("messages", "inbox", "outbox", "service_requests", "request_updates"):
            assert not retention.overdue(db, name, now=clock.now(), limit=1), name


def test_a_report_that_waits_for_staff_keeps_what_was_passed_on(
    database: Database, clock: StandingClock, first: Planted
) -> None:
    with database.transaction() as db:
        reports = whose.table("neighbour_reports")
        db.execute(update(reports).values(closed_at=None))
    clock.pass_by(YEARS)
    with database.reading() as db:
        assert not retention.overdue(db, "relay_messages", now=clock.now(), limit=1)


def test_a_photo_that_belongs_to_something_stays(
    database: Database, clock: StandingClock, first: Planted
) -> None:
    with database.transaction() as db:
        attached = [{"kind": "photo", "upload_id": first.made["uploads"]}]
        db.execute(update(whose.table("messages")).values(attachments=attached))
    clock.pass_by(timedelta(days=31))
    with database.reading() as db:
        assert not retention.unattached(db, now=clock.now(), limit=1)
    clock.pass_by(YEARS)
    run_all(database, clock)
    with database.reading() as db:
        uploads = whose.table("uploads")
        assert db.execute(select(uploads.c.resident_id)).scalars().all() == [None]


def test_a_batch_is_small(database: Database, clock: StandingClock, first: Planted) -> None:
    words, messages = whose.table("words"), whose.table("messages")
    with database.transaction() as db:
        talk = first.made["conversations"]
        for _ in range(retention.AT_ONCE + 5):
            said = {"resident_id": first.resident_id, "text": "x", "created_at": clock.now()}
            number = db.scalar(words.insert().values(said).returning(words.c.id))
            db.execute(
                messages.insert().values(
                    conversation_id=talk,
                    author="resident",
                    words_id=number,
                    choices=[],
                    attachments=[],
                    created_at=clock.now(),
                )
            )
    clock.pass_by(YEARS)
    done = []
    while some := run_once(database, clock):
        done.append(some)
    assert max(done) == retention.AT_ONCE
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(messages)) == 0


def test_who_is_silent_for_years_and_has_nothing_standing_is_found(
    database: Database, clock: StandingClock, first: Planted
) -> None:
    clock.pass_by(YEARS)
    with database.reading() as db:
        assert retention.silent(db, now=clock.now(), limit=9) == ["z" * 32]
    run_all(database, clock)
    with database.transaction() as db:
        db.execute(whose.table("callers").delete())  # staff know them no more
        db.execute(whose.table("news_readers").delete())  # and they want to hear of nothing
    with database.reading() as db:
        found = retention.silent(db, now=clock.now(), limit=9)
    assert found == [first.resident_id, "z" * 32]


def test_deleting_what_something_else_needs_is_an_error_not_a_hole(
    database: Database, clock: StandingClock, first: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table that hangs on a deleted row must say what becomes of it."""
    fewer = {name: own for name, own in HOW.items() if name != "feedback"}
    monkeypatch.setattr(retention, "HOW", fewer)
    assert isinstance(RULES["messages"], Delete)
    clock.pass_by(YEARS)
    with pytest.raises(TypeError, match="feedback"):
        run_all(database, clock)


def test_what_is_of_staff_goes_too(database: Database, clock: StandingClock) -> None:
    with database.transaction() as db:
        shared = plant_shared(db, clock.now())
        db.add(SignInAttempt(username_hash="u", address_hash="a", tried_at=clock.now()))
        db.add(Paced(scope="telegram/1", free_at=clock.now()))
        db.add(
            StaffSession(
                id="s",
                staff_id=shared["staff"],
                csrf_token="t",
                created_at=clock.now(),
                expires_at=clock.now(),
            )
        )
        happenings.note(
            db, What.REQUEST_FILED, "request/1", area_id=None, facts={}, now=clock.now()
        )
    clock.pass_by(timedelta(days=31))
    assert run_all(database, clock) == len(OF_STAFF)
