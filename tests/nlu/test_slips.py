"""How examples are mistyped for readers to learn from."""

import random

import pytest

from knowledge.text import is_han
from nlu.components.slips import slipped


def slips(text: str, times: int = 200) -> set[str]:
    return {slipped(text, random.Random(seed)) for seed in range(times)}


def test_a_chinese_sentence_loses_or_changes_one_character() -> None:
    text = "图书馆几点关门"
    for found in slips(text) - {text}:
        assert is_han(found)
        if len(found) == len(text):
            assert sum(a != b for a, b in zip(found, text, strict=True)) == 1
        else:
            assert any(found == text[:n] + text[n + 1 :] for n in range(len(text)))


def test_some_slips_sound_the_same_and_some_do_not() -> None:
    found = slips("图书馆几点关门", 600)
    assert any("图书管" in text or "图书官" in text for text in found)
    assert any(len(text) < 7 for text in found)


@pytest.mark.parametrize("text", ["", "你好", "when is the library open", "12345", "😀"])
def test_what_is_short_or_not_chinese_is_left_alone(text: str) -> None:
    assert slips(text, 20) == {text}


def test_the_same_dealer_slips_the_same_way() -> None:
    assert slipped("图书馆几点关门", random.Random(1)) == slipped(
        "图书馆几点关门", random.Random(1)
    )
