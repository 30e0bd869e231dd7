from datetime import date

import pytest

from knowledge.calendar import DayKind, day_kind
from knowledge.pack import MakeupWorkday, Pack


@pytest.mark.parametrize(
    ("on", "kind"),
    [
        (date(2026, 11, 24), DayKind.ORDINARY),
        (date(2026, 10, 1), DayKind.HOLIDAY),
        (date(2026, 2, 17), DayKind.HOLIDAY),
        (date(2026, 10, 10), DayKind.MAKEUP_WORKDAY),  # a Saturday worked after 国庆
        (date(2026, 11, 28), DayKind.ORDINARY),
    ],
)
def test_what_kind_of_day_it_is(guali: Pack, on: date, kind: DayKind) -> None:
    assert day_kind(guali, on) == kind


def test_a_year_nobody_has_published_is_unknown(guali: Pack) -> None:
    assert day_kind(guali, date(2040, 10, 1)) == DayKind.UNKNOWN


def test_the_pack_knows_better_than_the_calendar(guali: Pack) -> None:
    """A community may work on a day the calendar has free."""
    saturday = MakeupWorkday(date=date(2026, 11, 28), reason="补课")
    own = guali.model_copy(update={"makeup_workdays": (saturday,)})
    assert day_kind(own, saturday.date) == DayKind.MAKEUP_WORKDAY
