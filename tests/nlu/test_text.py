import pytest

from nlu.components.text import fold, one_code, says_something


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("圖書館幾點開門？", "图书馆几点开门?"),
        ("著火了", "着火了"),
        ("７４８Ｂ　幾點", "748b 几点"),
        ("Hello，小瀝", "hello,小沥"),
        ("", ""),
    ],
)
def test_width_script_and_case_make_no_difference(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@pytest.mark.parametrize(
    "typed",
    [
        "İstanbul ß ﬁ",
        "𠀋字🙂👨‍👩‍👧",
        "臺灣的計程車與軟體",
        "ＡＢＣ　１２３",
        "مرحبا",
        "\u200b零宽",
        "é e\u0301",
    ],
)
def test_a_character_never_moves(typed: str) -> None:
    folded = fold(typed)
    assert len(folded) == len(typed)
    for at, character in enumerate(typed):
        if character.isascii():
            assert folded[at] == character.lower()


def test_a_phrase_that_another_script_writes_longer_still_keeps_its_offsets() -> None:
    typed = "計程車到圖書館"
    assert fold(typed)[4:] == "图书馆"


def test_folding_twice_changes_nothing_more() -> None:
    assert fold(fold("圖書館ＯＫ")) == fold("圖書館ＯＫ")


@pytest.mark.parametrize("typed", ["R42 872 是什么", "r42872 是什么", "R-42-872 是什么"])
def test_what_a_message_wants_does_not_depend_on_the_code_in_it(typed: str) -> None:
    assert one_code(typed) == "K37492 是什么"


@pytest.mark.parametrize(
    "typed", ["K740路几点", "GL-261124-0003", "A374921", "12345", "B2 3号"]
)
def test_what_is_no_code_stays_as_it_is(typed: str) -> None:
    assert one_code(typed) == typed


@pytest.mark.parametrize("text", ["好", "ok", "3", "👍", "😀!", "٣"])
def test_letters_digits_and_pictures_say_something(text: str) -> None:
    assert says_something(text)


@pytest.mark.parametrize("text", ["", " ", "/", "／", "。。。", "?!", "——", "+", "~", "￥"])
def test_marks_alone_say_nothing(text: str) -> None:
    assert not says_something(text)
