"""When activities take place: weekly ones every week, what happens once in its own week."""

from datetime import date, time

import pytest

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
