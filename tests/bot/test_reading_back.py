from bot.reading_back import ASKED, READ_BACK, SHOW
from bot.taps import TAPS


def test_every_deed_of_a_tap_is_in_one_table() -> None:
    assert set(TAPS) == SHOW | ASKED | READ_BACK
    assert len(SHOW) + len(ASKED) + len(READ_BACK) == len(TAPS)
