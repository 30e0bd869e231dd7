"""When activities take place: weekly ones every week, what happens once in its own week."""

from datetime import date, time, timedelta

import pytest

from knowledge.calendar import DayKind, published_kind
from knowledge.pack import Pack
from knowledge.programme import Occurrence, first_day, in_week

LOADED_ON = date(2026, 11, 25)  # a Wednesday


def starts(found: list[Occurrence], activity_id: str) -> list[str]:
    own = [each for each in found if each.activity.id == activity_id]
    return [f"{each.starts_at:%m-%d %H:%M}" for each in own]


def test_a_weekly_activity_takes_place_on_its_days_of_the_week(guali: Pack) -> None:
    found = in_week(guali, date(2026, 12, 3), loaded_on=LOADED_ON)
    assert starts(found, "club-wushu") == ["12-01 06:30", "12-03 06:30", "12-05 06:30"]
    assert found == sorted(found, key=lambda each: each.starts_at)


def test_what_happens_once_is_counted_from_the_week_of_loading(guali: Pack) -> None:
    """one-market is on the Saturday of the week after."""
    activity = guali.activities["one-market"]
    assert first_day(activity, LOADED_ON) == date(2026, 12, 5)
    own_week = in_week(guali, date(2026, 11, 30), loaded_on=LOADED_ON)
    assert starts(own_week, "one-market") == ["12-05 09:00"]
    for monday in (date(2026, 11, 23), date(2026, 12, 7), date(2026, 12, 28)):
        assert not starts(in_week(guali, monday, loaded_on=LOADED_ON), "one-market")


def test_nothing_takes_place_before_the_pack_was_loaded(guali: Pack) -> None:
    assert in_week(guali, date(2026, 11, 16), loaded_on=LOADED_ON) == []


@pytest.mark.parametrize(("end", "on"), [(time(23, 30), "11-24"), (time(0, 30), "11-25")])
def test_an_activity_past_midnight_belongs_to_the_day_it_began(
    guali: Pack, end: time, on: str
) -> None:
    late = guali.activities["club-choir"].model_copy(update={"start": time(22), "end": end})
    pack = guali.model_copy(update={"activities": {late.id: late}})
    (found,) = in_week(pack, LOADED_ON, loaded_on=LOADED_ON)
    assert f"{found.starts_at:%m-%d}" == "11-24"
    assert f"{found.ends_at:%m-%d}" == on


def only(guali: Pack, activity_id: str, **facts: object) -> Pack:
    activity = guali.activities[activity_id].model_copy(update=facts)
    return guali.model_copy(update={"activities": {activity_id: activity}})


def weeks(pack: Pack, monday: date, count: int) -> list[str]:
    return [
        start
        for n in range(count)
        for start in starts(
            in_week(pack, monday + timedelta(weeks=n), loaded_on=monday),
            next(iter(pack.activities)),
        )
    ]


def test_days_left_out_and_days_added_are_the_organisers_word(guali: Pack) -> None:
    pack = only(
        guali,
        "club-calligraphy",
        except_days=(date(2026, 12, 5),),
        extra_days=(date(2026, 12, 9),),
    )
    assert weeks(pack, date(2026, 11, 30), 2) == ["12-09 14:00", "12-12 14:00"]


@pytest.mark.parametrize(
    ("on_holidays", "expected"),
    [(True, ["09-26 14:00", "10-03 14:00", "10-10 14:00"]), (False, ["10-10 14:00"])],
)
def test_a_holiday_is_kept_where_the_activity_says_so(
    guali: Pack, on_holidays: bool, expected: list[str]
) -> None:
    """26 September 2026 is in the Mid-Autumn holiday, 3 October in that of the National Day."""
    pack = only(guali, "club-calligraphy", on_holidays=on_holidays)
    assert weeks(pack, date(2026, 9, 21), 3) == expected


def test_a_make_up_workday_changes_no_class(guali: Pack) -> None:
    """10 October 2026, a Saturday, is worked; the Saturday class takes place."""
    assert published_kind(date(2026, 10, 10)) == DayKind.MAKEUP_WORKDAY
    pack = only(guali, "club-calligraphy", on_holidays=False)
    assert weeks(pack, date(2026, 10, 5), 1) == ["10-10 14:00"]
