"""Two at once at the same request: one deed is done, and the other sees what became of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy.exc import IntegrityError

from actions.db import Db
from actions.errors import Refusal
from actions.governance import following, handling, history, reporting
from actions.governance.following import Party
from actions.governance.handling import By
from actions.governance.model import Follower, Kind, ServiceRequest, Status
from actions.governance.taps import TAPS
from actions.taps import Tap
from tests.actions.governance.conftest import Hall

pytestmark = pytest.mark.both_stores  # threads meet, or the stores differ

PATIENCE = 2.0  # s; who waits for the other's lock does not come to the barrier


def both(hall: Hall, *deeds: Callable[[Db], object]) -> list[object]:
    """Do these at once, each in a transaction of its own; return what came of each."""

    def do(deed: Callable[[Db], object]) -> object:
        try:
            with hall.database.transaction() as db:
                return deed(db)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(do, deeds))


def refused(came: list[object]) -> list[str]:
    return [one.response for one in came if isinstance(one, Refusal)]


def happened(hall: Hall, number: int, kind: Kind) -> int:
    with hall.database.reading() as db:
        done = history.history(db, db.get_one(ServiceRequest, number))
        return sum(made.kind == kind for made in done)


@pytest.fixture
def number(hall: Hall) -> int:
    with hall.database.transaction() as db:
        return hall.file(db).id


@pytest.fixture
def replied(hall: Hall, number: int) -> int:
    with hall.database.transaction() as db:
        hall.reply(db, db.get_one(ServiceRequest, number))
    return number


def passing_on(
    hall: Hall, number: int, look: Callable[[Db, ServiceRequest], None]
) -> list[object]:
    """Have two members of staff, who both saw it as it was filed, pass it on at once."""
    with hall.database.reading() as db:
        seen = history.last_id(db, db.get_one(ServiceRequest, number))
    start = Barrier(2)

    def pass_on(team_id: str) -> Callable[[Db], object]:
        def deed(db: Db) -> object:
            request = db.get_one(ServiceRequest, number)
            if hall.database.engine.dialect.name != "sqlite":  # there one writer comes in
                start.wait(PATIENCE)
            look(db, request)
            assert seen
            by = By(hall.staff_id, hall.clock.now())
            return handling.assign(
                db, hall.pack, request, by=by, team_id=team_id, reason="归他们"
            )

        return deed

    return both(hall, pass_on("water-team"), pass_on("utility-team"))


def test_of_two_staff_who_pass_it_on_the_second_sees_what_changed(
    hall: Hall, number: int
) -> None:
    with hall.database.reading() as db:
        seen = history.last_id(db, db.get_one(ServiceRequest, number))
    came = passing_on(hall, number, lambda db, one: history.alone(db, one, seen=seen))
    assert refused(came) == ["utter_move_overtaken"]
    assert happened(hall, number, Kind.ASSIGNED) == 1


def test_without_looking_alone_it_would_be_passed_on_twice(hall: Hall, number: int) -> None:
    """Negative control: the same two staff without the guard."""
    assert refused(passing_on(hall, number, lambda db, one: None)) == []
    assert happened(hall, number, Kind.ASSIGNED) == 2


def tapping(hall: Hall, intent: str, value: str, *who: str) -> list[object]:
    """Have a button tapped at once by these, who have all seen the request as it is."""
    start = Barrier(len(who))

    def tap(one: str) -> Callable[[Db], object]:
        def deed(db: Db) -> object:
            talk = hall.talk(db, one)
            db.get_one(ServiceRequest, int(value))
            if hall.database.engine.dialect.name != "sqlite":
                start.wait(PATIENCE)
            return TAPS[intent](db, hall.pack, Tap(talk, value, hall.clock.now())).response

        return deed

    return both(hall, *map(tap, who))


def test_two_taps_at_once_say_the_same_and_are_one_answer(hall: Hall, replied: int) -> None:
    came = tapping(hall, "request_solved", str(replied), "reporter", "reporter")
    assert came == ["utter_ask_rating"] * 2
    assert happened(hall, replied, Kind.MOVED) == 4


def test_without_the_lock_one_of_two_taps_would_be_turned_away(
    hall: Hall, replied: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control, where there is more than one writer."""
    if hall.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")
    monkeypatch.setattr(history, "alone", lambda db, request: None)
    came = tapping(hall, "request_solved", str(replied), "reporter", "reporter")
    assert refused(came) == ["utter_move_overtaken"]


def test_who_taps_twice_at_once_follows_once(hall: Hall, number: int) -> None:
    with hall.database.transaction() as db:
        hall.talk(db, "neighbour")
    came = tapping(hall, "follow_request", str(number), *["neighbour"] * 4)
    assert came == ["utter_request_followed"] * 4
    assert happened(hall, number, Kind.FOLLOWED) == 1
    with hall.database.reading() as db:
        assert db.query(Follower).count() == 1


def test_looking_first_would_not_be_enough_to_follow_once(
    hall: Hall, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: who looks, then writes, is stopped by the table alone, by an error."""
    if hall.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")
    looked = Barrier(2)

    def naive(db: Db, request: ServiceRequest, party: Party, now: object) -> Follower | None:
        if len(following.parties(db, request)) > 1:
            return None
        looked.wait(PATIENCE)
        follower = Follower(
            request_id=request.id,
            resident_id=party.resident_id,
            conversation_id=party.conversation_id,
            followed_at=now,
        )
        db.add(follower)
        db.flush()
        return follower

    with hall.database.transaction() as db:
        hall.talk(db, "neighbour")
    monkeypatch.setattr(history, "alone", lambda db, request: db.refresh(request))
    monkeypatch.setattr(following, "add", naive)
    came = tapping(hall, "follow_request", str(number), "neighbour", "neighbour")
    assert sum(isinstance(one, IntegrityError) for one in came) == 1


def test_two_requests_never_become_part_of_one_another(hall: Hall, number: int) -> None:
    with hall.database.transaction() as db:
        other = hall.file(db, who="other").id
    start = Barrier(2)

    def merge(one: int, into: int) -> Callable[[Db], object]:
        def deed(db: Db) -> object:
            first, second = (db.get_one(ServiceRequest, each) for each in (one, into))
            if hall.database.engine.dialect.name != "sqlite":
                start.wait(PATIENCE)
            by = By(hall.staff_id, hall.clock.now())
            return handling.merge(db, hall.pack, first, into=second, by=by)

        return deed

    came = both(hall, merge(number, other), merge(other, number))
    assert refused(came) == ["utter_cannot_merge"]


def test_what_is_taken_back_and_taken_on_at_once_is_one_of_both(
    hall: Hall, number: int
) -> None:
    start = Barrier(2)

    def ready(db: Db) -> ServiceRequest:
        request = db.get_one(ServiceRequest, number)
        if hall.database.engine.dialect.name != "sqlite":
            start.wait(PATIENCE)
        return request

    def take_back(db: Db) -> object:
        request = ready(db)
        return reporting.withdraw(
            db, hall.pack, request, resident_id=request.resident_id, now=hall.clock.now()
        )

    def take_on(db: Db) -> object:
        return hall.move(db, ready(db), Status.ACKNOWLEDGED)

    came = both(hall, take_back, take_on)
    assert len(refused(came)) == 1
    assert happened(hall, number, Kind.MOVED) == 2
