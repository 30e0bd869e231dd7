"""Which reminders a resident wants holds for what is booked already, at once."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select

from actions.booking import actions as booking
from actions.booking.preferring import wanted_reminders
from actions.booking.reminders import Preference
from actions.dialogue import Ground
from actions.outbox import Notice, NoticeState
from tests.actions.booking.conftest import at, book
from tests.actions.conftest import Talk

ACTION = "action_set_reminders"
On = Callable[[str, datetime], int]
EVENING, SOON = at(27, 18), at(28, 12)


@pytest.fixture
def talk(ground: Ground, on: On) -> Talk:
    book(ground, on("club-calligraphy", at(28, 14)))
    return Talk(ground, booking.actions)


def due(ground: Ground) -> list[datetime]:
    with ground.database.reading() as db:
        waiting = select(Notice.due_at).where(
            Notice.response == "utter_booking_reminder", Notice.state == NoticeState.WAITING
        )
        return sorted(db.scalars(waiting))


@pytest.mark.parametrize(
    "text",
    [
        *("不用提醒我", "提醒太多了，关掉吧", "don't remind me", "turn off reminders"),
        *("提醒太烦了，不要了", "活动前不用通知我", "勿要提醒我哉", "no more reminders please"),
    ],
)
def test_none_are_wanted(text: str) -> None:
    assert wanted_reminders(text) == Preference.NONE


@pytest.mark.parametrize(
    "text",
    [
        *("只要前一天晚上提醒", "两小时前那个提醒不用了", "一次提醒就够了，头一天晚上"),
        *("不要提前两小时提醒", "only remind me the evening before", "前一晚提醒我，别忘了"),
        *("当天不用提醒，前一天说一声", "the evening before, not on the day", "当天的不要"),
        *("前一晚告诉我一声就行，别的不用", "两小时前那个提醒不用了，前一天的留着"),
    ],
)
def test_only_the_evening_before_is_wanted(text: str) -> None:
    assert wanted_reminders(text) == Preference.EVENING


@pytest.mark.parametrize(
    "text",
    [
        *("只要当天的提醒", "当天提醒就行", "前一天的不要，当天提醒我", "只在活动当天提醒我"),
        *(
            "前一晚不用提醒",
            "不要提前一天提醒我",
            "开始前两小时提醒一次就够",
            "只要当天的，别的不要",
        ),
        *(
            "当天早上叫我就好",
            "只要提前两小时提醒",
            "前一天别提醒，当天提醒",
            "当天说一声，别忘了",
        ),
        *("only remind me on the day", "don't remind me the evening before"),
        *("no reminder the evening before, just on the day", "just two hours before, please"),
    ],
)
def test_only_the_day_itself_is_wanted(text: str) -> None:
    assert wanted_reminders(text) == Preference.DAY


@pytest.mark.parametrize(
    "text",
    [
        *("提醒我", "别忘了提醒我", "前一天和当天都提醒我", "switch the reminders back on"),
        *("把提醒给我重新打开", "remind me the evening before and two hours before"),
        *("年纪大忘性大，到时候喊我一声", "don't forget to remind me"),
    ],
)
def test_all_are_wanted(text: str) -> None:
    assert wanted_reminders(text) == Preference.ALL


def test_what_is_booked_is_reminded_of_as_it_is_wanted_now(talk: Talk) -> None:
    ground = talk.ground
    assert due(ground) == [EVENING, SOON]
    assert "不再提醒" in talk.told(talk.do(ACTION, "不用提醒我", intent="set_reminders"))
    assert due(ground) == []
    told = talk.told(talk.do(ACTION, "只要前一天晚上提醒", intent="set_reminders"))
    assert "只在前一天晚上" in told
    assert due(ground) == [EVENING]
    assert "只在当天" in talk.told(talk.do(ACTION, "只要当天的提醒", intent="set_reminders"))
    assert due(ground) == [SOON]
    assert "开始前 2 小时" in talk.told(talk.do(ACTION, "提醒我", intent="set_reminders"))
    assert due(ground) == [EVENING, SOON]


def test_what_is_booked_later_follows_it(talk: Talk, on: On) -> None:
    talk.do(ACTION, "不用提醒我", intent="set_reminders")
    book(talk.ground, on("club-tea", at(2, 9, 30, month=12)))
    assert due(talk.ground) == []


def test_others_are_reminded_as_before(talk: Talk, on: On) -> None:
    book(talk.ground, on("club-calligraphy", at(28, 14)), who="b")
    talk.do(ACTION, "不用提醒我", intent="set_reminders")
    assert due(talk.ground) == [EVENING, SOON]


def test_the_same_in_english(ground: Ground, on: On) -> None:
    talk = Talk(ground, booking.actions, language="en")
    told = talk.told(talk.do(ACTION, "don't remind me", intent="set_reminders"))
    assert told.startswith("All right, no more reminders")
    told = talk.told(talk.do(ACTION, "only remind me on the day", intent="set_reminders"))
    assert told.startswith("All right: one reminder only, on the day")
