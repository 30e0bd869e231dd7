"""Codes people say to one another are read however they are written, or refused with why."""

import pytest

from actions.booking import codes
from actions.errors import Refusal


def test_a_code_has_nothing_that_looks_like_something_else() -> None:
    for _ in range(500):
        assert not set(codes.new_code()) & set("01OILZSB")


@pytest.mark.parametrize(
    "said",
    [
        *(
            "K37492",
            "k37492",
            "Ｋ３７４９２",
            "K37 492",
            "k-37-492",
            "编号K37492",
            "我的编号是k 37492。",
        ),
        *("K三七四九二", "K 3 7 4 9 2", "code K37492 please", "K3749Z"),
    ],
)
def test_a_code_is_read_however_it_is_written(said: str) -> None:
    assert codes.read_code(said) == "K37492"


@pytest.mark.parametrize(
    "said", ["我要取消", "12345", "B区3号楼", "A4", "周六14:00", "K374928"]
)
def test_what_is_no_code_is_none(said: str) -> None:
    assert codes.read_code(said) is None


@pytest.mark.parametrize("said", ["K07492", "K3749l", "KO7492", "K一七四九二", "Q37492"])
def test_a_code_that_cannot_be_ours_is_refused(said: str) -> None:
    with pytest.raises(Refusal, match="utter_code_unreadable"):
        codes.read_code(said)


def test_what_is_shown_is_read_back() -> None:
    code = codes.new_code()
    assert codes.read_code(codes.shown(code)) == code
