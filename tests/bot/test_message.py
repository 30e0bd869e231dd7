import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.message import clean

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    ("written", "carried"),
    [
        ("a\x00b", "ab"),
        ("\ud83d", ""),
        ("半个\udc00字", "半个字"),
        ("  空白  ", "空白"),
        ("两\n行", "两\n行"),
        ("家👨‍👩‍👧‍👦", "家👨‍👩‍👧‍👦"),
        ("\u202eمرحبا", "\u202eمرحبا"),
        ("<b>'; DROP TABLE words; --", "<b>'; DROP TABLE words; --"),
    ],
)
def test_only_what_nothing_can_carry_is_removed(written: str, carried: str) -> None:
    assert clean(written) == carried


@given(ANY_TEXT)
def test_what_is_left_can_be_stored_and_cleaning_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.encode().decode() == cleaned
    assert "\x00" not in cleaned
    assert clean(cleaned) == cleaned
