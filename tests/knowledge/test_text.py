import pytest

from knowledge.text import normalise


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("著火了", "着火了"),
        ("圖書館幾點開門", "图书馆几点开门"),
        ("３６０路", "360路"),
        ("Wi-Fi 密码？", "wi-fi 密码?"),
        ("  好  ", "好"),
        ("", ""),
    ],
)
def test_what_people_type_is_brought_to_one_form(typed: str, normal: str) -> None:
    assert normalise(typed) == normal


def test_to_normalise_twice_changes_nothing() -> None:
    once = normalise("裡面著火ＡＢＣ")
    assert normalise(once) == once
