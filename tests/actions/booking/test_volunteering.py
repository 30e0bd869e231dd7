"""Who asks for their hours as a volunteer gets the sum, the last tasks, the certificates."""

from datetime import timedelta

import pytest

from actions.booking import actions as booking
from actions.booking.model import Booking
from actions.dialogue import Ground
from tests.actions.booking.conftest import MakeSession, at, book
from tests.actions.conftest import Talk

ACTION, TASK, CLUB = "action_list_volunteer_hours", "task-canteen-meal", "club-calligraphy"


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, booking.actions)


def served(  # noqa: PLR0913 - a booking, and whether they came
    ground: Ground,
    make_session: MakeSession,
    day: int,
    *,
    hours: float = 1,
    who: str = "a",
    came: bool = True,
    activity_id: str = TASK,
) -> str:
    """Somebody booked, and came unless said otherwise; returns the booking's page."""
    starts = at(day, 9)
    session_id = make_session(
        9, activity_id=activity_id, starts_at=starts, ends_at=starts + timedelta(hours=hours)
    )
    booking_id = book(ground, session_id, who=who, now=at(1, 9))
    with ground.database.transaction() as db:
        made = db.get_one(Booking, booking_id)
        made.checked_in_at = starts if came else None
        return f"/b/{made.token}"


def test_the_hours_are_summed_and_the_last_tasks_come_with_their_certificates(
    ground: Ground, make_session: MakeSession, talk: Talk
) -> None:
    first = served(ground, make_session, 10, hours=1.5)
    last = served(ground, make_session, 12, hours=2)
    text = talk.do(ACTION, "我的志愿时长").text
    assert "一共做了 2 次志愿任务，3.5 小时" in text
    assert "11月10日（周二）09:00，1.5 小时" in text
    assert text.index(last) < text.index(first)
    assert "示例数据" in text


def test_the_same_in_english(ground: Ground, make_session: MakeSession) -> None:
    page = served(ground, make_session, 10)
    said = Talk(ground, booking.actions, language="en").do(ACTION, "my volunteer hours").text
    assert "1 volunteer task(s), 1 hour in all" in said
    assert "Tue 10 Nov, 09:00, 1 hour" in said
    assert f"Certificate: {page}" in said


def test_only_tasks_one_came_to_count(
    ground: Ground, make_session: MakeSession, talk: Talk
) -> None:
    served(ground, make_session, 10, came=False)
    served(ground, make_session, 11, activity_id=CLUB)
    served(ground, make_session, 12, who="b")
    assert "还没有记到您的志愿时长" in talk.do(ACTION, "我的志愿时长").text
    talk.language = "en"
    english = talk.do(ACTION, "my volunteer hours").text
    assert english.startswith("No volunteer hours of yours are recorded yet")


def test_an_elder_is_shown_fewer_of_them(ground: Ground, make_session: MakeSession) -> None:
    for day in range(10, 16):
        served(ground, make_session, day)
    talk = Talk(ground, booking.actions, elder=True)
    text = talk.do(ACTION, "我志愿做了多少小时").text
    assert "您一共做了 6 次志愿，6 小时" in text
    assert text.count("/b/") == 2
