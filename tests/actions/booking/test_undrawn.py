"""A draw that was not held in time: whoever entered is told once, kindly; staff can see it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from actions.booking import draw, organising, undrawn
from actions.booking.bookings import Order
from actions.booking.model import DrawEntry, DrawStatus, Session
from actions.dialogue import Ground
from actions.outbox import Notice
from actions.people.model import Resident
from tests.actions.booking.conftest import (
    MakeSession,
    at,
    bring_back,
    conversation_of,
    programme_of,
    staff_of,
    take_offline,
)
from tests.conftest import StandingClock

SWIM, RESPONSE = "class-swim-learn", "utter_draw_not_held"
BEGINS = at(28, 10, 30)


@pytest.fixture
def swim(ground: Ground, make_session: MakeSession) -> int:
    """A session on Saturday whose draw `a` and `b` have entered."""
    ends = BEGINS + timedelta(hours=1)
    session_id = make_session(10, activity_id=SWIM, starts_at=BEGINS, ends_at=ends)
    with ground.database.transaction() as db:
        for who in "ab":
            draw.enter(
                db,
                programme_of(ground),
                order=Order(session_id),
                conversation=conversation_of(db, who),
                now=ground.clock.now(),
            )
    return session_id


def tell(ground: Ground) -> int:
    with ground.database.transaction() as db:
        return undrawn.tell_due(db, programme_of(ground), now=ground.clock.now())


def told(ground: Ground) -> list[Notice]:
    with ground.database.reading() as db:
        return list(db.scalars(select(Notice).where(Notice.response == RESPONSE)))


def shown(ground: Ground) -> list[int]:
    with ground.database.reading() as db:
        return [one.id for one in undrawn.lately(db, now=ground.clock.now())]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whoever_entered_is_told_once_when_it_has_begun_with_others_to_choose_from(
    ground: Ground, swim: int, make_session: MakeSession, clock: StandingClock, language: str
) -> None:
    later = BEGINS + timedelta(days=7)
    other = make_session(
        10, activity_id=SWIM, starts_at=later, ends_at=later + timedelta(hours=1)
    )
    with ground.database.transaction() as db:
        db.get_one(Resident, conversation_of(db, "a").resident_id).language = language
    clock.moment = BEGINS - timedelta(seconds=1)
    assert tell(ground) == 0
    clock.moment = BEGINS
    assert tell(ground) == 2
    assert tell(ground) == 0
    notices = told(ground)
    assert len({notice.conversation_id for notice in notices}) == 2
    with ground.database.reading() as db:
        asked = conversation_of(db, "a").id
    notice = next(each for each in notices if each.conversation_id == asked)
    said = ground.wording.render(RESPONSE, language=language, values=notice.values)
    assert ("对不起，学游泳" if language == "zh" else "I am sorry: the draw of") in said.text
    assert [c["value"] for c in notice.choices] == [str(other)]
    label = notice.choices[0]["label"]
    assert ("12月5日" if language == "zh" else "5 Dec") in label
    with ground.database.reading() as db:
        assert set(db.scalars(select(DrawEntry.status))) == {DrawStatus.LOST}


def test_one_that_was_held_tells_nothing_of_the_kind(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    clock.moment = at(26, 12)
    with ground.database.transaction() as db:
        assert draw.hold_due(db, programme_of(ground), now=clock.now()) == 1
    clock.moment = BEGINS
    assert tell(ground) == 0
    assert shown(ground) == []


def test_what_was_offline_until_it_began_counts_and_what_came_back_in_time_does_not(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    take_offline(ground, SWIM)
    clock.moment = at(27, 9)
    with ground.database.transaction() as db:
        assert draw.hold_due(db, programme_of(ground), now=clock.now()) == 0
    assert shown(ground) == [swim]
    bring_back(ground, SWIM)
    with ground.database.transaction() as db:
        assert draw.hold_due(db, programme_of(ground), now=clock.now()) == 1
    assert shown(ground) == []
    clock.moment = BEGINS
    assert tell(ground) == 0


@pytest.mark.parametrize(
    ("now", "late"),
    [
        (at(26, 12), False),  # it is being held this minute
        (at(26, 12, 14), False),
        (at(26, 12, 15), True),
        (at(28, 11), True),
        (at(6, 9, month=12), False),  # a week is enough
    ],
)
def test_staff_see_it_from_a_quarter_of_an_hour_on_for_a_week(
    ground: Ground, swim: int, clock: StandingClock, now: datetime, late: bool
) -> None:
    clock.moment = now
    assert shown(ground) == ([swim] if late else [])
    if now < at(1, 0, month=12):
        with ground.database.reading() as db:
            assert undrawn.is_undrawn(db.get_one(Session, swim), now) is late


def test_a_called_off_session_is_told_as_such_and_not_again(
    ground: Ground, swim: int, clock: StandingClock
) -> None:
    editor = staff_of(ground)
    with ground.database.transaction() as db:
        organising.call_off(
            db,
            programme_of(ground),
            session_id=swim,
            reason="停电",
            staff_id=editor,
            now=clock.now(),
        )
    clock.moment = BEGINS
    assert tell(ground) == 0
    assert shown(ground) == []


def test_nobody_is_woken_to_hear_it(ground: Ground, swim: int, clock: StandingClock) -> None:
    clock.moment = at(28, 23)
    assert tell(ground) == 2
    assert {notice.due_at for notice in told(ground)} == {at(29, 7)}
