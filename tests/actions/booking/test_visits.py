"""Groups that visit: one slot each, one coach in the bay, one group for a guide."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from actions.booking import service, visits
from actions.booking.bookings import Order
from actions.booking.model import Booking, BookingStatus, Visit
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.outbox import Notice
from actions.people.model import Role, Staff
from tests.actions.booking.conftest import (
    MakeSession,
    at,
    conversation_of,
    programme_of,
    session_of,
    staff_of,
)

MORNING = {"starts_at": at(1, 9, 30, month=12), "ends_at": at(1, 11, month=12)}
OVERLAPPING = {"starts_at": at(1, 10, month=12), "ends_at": at(1, 12, month=12)}
AFTER = {"starts_at": at(1, 11, month=12), "ends_at": at(1, 12, month=12)}


def ask(ground: Ground, session_id: int, *, who: str = "a", **more: Any) -> int:
    facts: dict[str, Any] = {
        "heads": 20,
        "contact": "某校，王老师 13800000000",
        "bus": False,
    } | more
    staff_id = facts.pop("staff_id", None)
    with ground.database.transaction() as db:
        return visits.request(
            db,
            programme_of(ground),
            order=Order(session_id, staff_id=staff_id),
            conversation=conversation_of(db, who),
            now=ground.clock.now(),
            **facts,
        ).id


def approve(ground: Ground, booking_id: int, guide_id: int | None = None) -> None:
    guide_id = guide_id or guide(ground)
    with ground.database.transaction() as db:
        visits.approve(
            db,
            programme_of(ground),
            booking_id=booking_id,
            guide_id=guide_id,
            now=ground.clock.now(),
        )


def decline(ground: Ground, booking_id: int, reason: str = "那天停电") -> None:
    with ground.database.transaction() as db:
        visits.decline(
            db,
            programme_of(ground),
            booking_id=booking_id,
            reason=reason,
            now=ground.clock.now(),
        )


def guide(ground: Ground, name: str = "guide") -> int:
    with ground.database.transaction() as db:
        found = db.scalar(select(Staff).where(Staff.username == name))
        if found is None:
            found = Staff(username=name, role=Role.STAFF, password_hash="x", area_id="guali/")
            found.created_at = ground.clock.now()
            db.add(found)
            db.flush()
        return found.id


def status_of(ground: Ground, booking_id: int) -> str:
    with ground.database.reading() as db:
        return db.get_one(Booking, booking_id).status


def told(ground: Ground) -> list[str]:
    with ground.database.reading() as db:
        return list(db.scalars(select(Notice.response).order_by(Notice.id)))


@pytest.fixture
def slot(make_session: MakeSession) -> int:
    return make_session(2, activity_id="visit-group", **MORNING)


def test_a_visit_that_is_asked_for_holds_one_slot_and_nothing_is_promised(
    ground: Ground, slot: int
) -> None:
    booking_id = ask(ground, slot, heads=30)
    assert session_of(ground, slot).taken == 1
    assert status_of(ground, booking_id) == BookingStatus.REQUESTED
    assert told(ground) == []
    with ground.database.reading() as db:
        assert db.get_one(Visit, booking_id).heads == 30


def test_slots_that_are_asked_for_are_not_given_twice(ground: Ground, slot: int) -> None:
    for who in "ab":
        ask(ground, slot, who=who)
    with pytest.raises(Refusal, match="utter_visit_full"):
        ask(ground, slot, who="c")
    assert session_of(ground, slot).taken == 2


@pytest.mark.parametrize("heads", [0, -1, 31, 500])
def test_a_group_is_neither_empty_nor_too_large(ground: Ground, slot: int, heads: int) -> None:
    with pytest.raises(Refusal, match="utter_visit_heads"):
        ask(ground, slot, heads=heads)


@pytest.mark.parametrize(
    ("starts_at", "early"), [(at(26, 9), False), (at(27, 9), True), (at(28, 9), True)]
)
def test_groups_ask_three_working_days_ahead_but_not_staff(
    ground: Ground, make_session: MakeSession, starts_at: datetime, early: bool
) -> None:
    ends_at = starts_at.replace(hour=11)
    session_id = make_session(
        2, activity_id="visit-group", starts_at=starts_at, ends_at=ends_at
    )
    if not early:
        with pytest.raises(Refusal, match="utter_visit_too_soon"):
            ask(ground, session_id)
    ask(ground, session_id, staff_id=None if early else staff_of(ground))


def test_working_days_know_holidays_and_weekends(ground: Ground) -> None:
    thursday = date(2026, 9, 24)  # Friday to Sunday: 中秋
    assert visits.working_days_ahead(ground.pack, thursday, date(2026, 9, 28)) == 1


def test_what_is_no_visit_is_not_asked_for_as_one(
    ground: Ground, make_session: MakeSession
) -> None:
    with pytest.raises(Refusal, match="utter_not_a_visit"):
        ask(ground, make_session(2, **MORNING))


def test_a_visit_that_is_approved_is_booked_told_and_reminded_of(
    ground: Ground, slot: int
) -> None:
    booking_id = ask(ground, slot)
    approve(ground, booking_id)
    assert status_of(ground, booking_id) == BookingStatus.BOOKED
    assert sorted(told(ground)) == [
        "utter_booking_reminder",
        "utter_booking_reminder",
        "utter_visit_approved",
    ]
    assert session_of(ground, slot).taken == 1
    for decide in (approve, decline):
        with pytest.raises(Refusal, match="utter_visit_decided"):
            decide(ground, booking_id)


def test_a_visit_that_is_declined_gives_its_slot_back_and_says_why(
    ground: Ground, slot: int
) -> None:
    booking_id = ask(ground, slot)
    with pytest.raises(Refusal, match="utter_visit_no_reason"):
        decline(ground, booking_id, reason="")
    decline(ground, booking_id)
    assert session_of(ground, slot).taken == 0
    with ground.database.reading() as db:
        (notice,) = db.scalars(select(Notice)).all()
    for language, words in (("zh", "抱歉"), ("en", "Sorry")):
        said = ground.wording.render(notice.response, language=language, values=notice.values)
        assert "那天停电" in said.text
        assert words in said.text
    ask(ground, slot)  # they may ask again


def test_who_is_declined_is_shown_the_nearest_free_slots(
    ground: Ground, slot: int, make_session: MakeSession
) -> None:
    others = {
        day: make_session(
            1, activity_id="visit-group", starts_at=at(day, 9), ends_at=at(day, 10)
        )
        for day in (27, 30)
    }
    decline(ground, ask(ground, slot))
    with ground.database.reading() as db:
        (notice,) = db.scalars(select(Notice)).all()
    assert [choice["value"] for choice in notice.choices] == [
        str(others[day]) for day in (30, 27)
    ]


def test_a_visit_its_group_cancelled_is_not_approved(ground: Ground, slot: int) -> None:
    booking_id = ask(ground, slot)
    with ground.database.transaction() as db:
        service.cancel(
            db,
            programme_of(ground),
            booking_id=booking_id,
            resident_id=conversation_of(db, "a").resident_id,
            now=ground.clock.now(),
        )
    with pytest.raises(Refusal, match="utter_visit_decided"):
        approve(ground, booking_id)
    assert session_of(ground, slot).taken == 0


@pytest.mark.parametrize(
    ("when", "buses", "refused"),
    [
        (OVERLAPPING, (True, True), True),
        (OVERLAPPING, (True, False), False),
        (AFTER, (True, True), False),
    ],
)
def test_one_coach_stands_in_the_bay_at_a_time(
    ground: Ground,
    make_session: MakeSession,
    slot: int,
    when: dict[str, datetime],
    buses: tuple[bool, bool],
    refused: bool,
) -> None:
    other = make_session(2, activity_id="visit-group-pm", **when)
    first = ask(ground, slot, bus=buses[0])
    second = ask(ground, other, who="b", bus=buses[1])
    approve(ground, first)
    if refused:
        with pytest.raises(Refusal, match="utter_bus_bay_taken"):
            approve(ground, second, guide(ground, "another"))
        assert status_of(ground, second) == BookingStatus.REQUESTED
    else:
        approve(ground, second, guide(ground, "another"))


def test_a_guide_has_one_group_at_a_time_and_is_of_the_staff(ground: Ground, slot: int) -> None:
    first, second = (ask(ground, slot, who=who) for who in "ab")
    approve(ground, first)
    with pytest.raises(Refusal, match="utter_guide_taken"):
        approve(ground, second)
    for nobody in (999, staff_of_role(ground, Role.EDITOR)):
        with pytest.raises(Refusal, match="utter_visit_no_guide"):
            approve(ground, second, nobody)


def staff_of_role(ground: Ground, role: Role) -> int:
    member = guide(ground, f"a-{role}")
    with ground.database.transaction() as db:
        db.get_one(Staff, member).role = role
    return member


def at_once(ground: Ground, slot: int, make_session: MakeSession) -> list[bool]:
    """Approve two visits by coach at overlapping times at once; whether each went well."""
    other = make_session(2, activity_id="visit-group-pm", **OVERLAPPING)
    asked = [
        (ask(ground, slot, bus=True), guide(ground, "one")),
        (ask(ground, other, who="b", bus=True), guide(ground, "two")),
    ]

    def try_it(which: tuple[int, int]) -> bool:
        try:
            approve(ground, *which)
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(try_it, asked))


@pytest.mark.both_stores
def test_two_who_approve_at_once_let_one_coach_in(
    ground: Ground, make_session: MakeSession, slot: int
) -> None:
    assert at_once(ground, slot, make_session) == [False, True]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer
@pytest.mark.both_stores
def test_without_being_alone_two_coaches_are_let_in(
    ground: Ground, make_session: MakeSession, slot: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    meet = Barrier(2, timeout=20)
    monkeypatch.setattr(visits, "alone", lambda *_: meet.wait())
    assert at_once(ground, slot, make_session) == [True, True]
