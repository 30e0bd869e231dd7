"""Words written with other characters of the same sound are read as ours; the rest stays."""

from pathlib import Path

import pytest

from knowledge.pack import Pack
from knowledge.passages import passages_of
from knowledge.spelling import Spelling, words_of


@pytest.fixture(scope="module")
def spelling(guali: Pack) -> Spelling:
    return Spelling(words_of(p.text for p in passages_of(guali) if p.asked))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("公胶站在哪里", "公交站在哪里"),
        ("图书管几点开门", "图书馆几点开门"),
        ("警吾站有人吗", "警务站有人吗"),
        ("我要去建身房", "我要去健身房"),
        ("借书正怎么办", "借书证怎么办"),
        ("健生房多少钱", "健身房多少钱"),  # shen is sen to a southern ear
    ],
)
def test_a_word_that_only_sounds_like_ours_is_put_right(
    spelling: Spelling, written: str, meant: str
) -> None:
    assert spelling.restore(written) == meant


def test_the_pack_s_own_questions_are_left_as_they_are(guali: Pack) -> None:
    """Each read by the words of all the others, as a new question would be."""
    asked = [p.text for p in passages_of(guali) if p.asked and p.language == "zh"]
    changed = []
    for fold in range(5):
        others = Spelling(words_of(text for n, text in enumerate(asked) if n % 5 != fold))
        changed += [text for text in asked[fold::5] if others.restore(text) != text]
    assert len(changed) / len(asked) <= 0.01


@pytest.mark.parametrize(
    "text", ["明天天气怎么样", "hello, 小沥", "", "12345", "😀", "没人理我"]
)
def test_what_sounds_like_nothing_of_ours_is_left_alone(spelling: Spelling, text: str) -> None:
    assert spelling.restore(text) == text


def test_of_two_words_that_sound_alike_the_more_usual_one_is_meant() -> None:
    spelling = Spelling(words_of(["课程", "客城", "课程"]))
    assert spelling.restore("棵程") == "课程"


def test_how_a_text_sounds_may_be_said_by_a_table() -> None:
    table = {"公": "gong", "交": "jiao", "胶": "jiao"}
    spelling = Spelling(["公交"], lambda text: [table.get(one, one) for one in text])
    assert spelling.restore("公胶站") == "公交站"
    assert spelling.restore("工交站") == "工交站"  # not in the table


def test_a_pack_without_words_puts_nothing_right() -> None:
    assert Spelling([]).restore("公胶站在哪里") == "公胶站在哪里"


def test_an_english_text_is_never_touched(spelling: Spelling) -> None:
    text = Path("README.md").read_text("utf-8")
    english = "".join(character for character in text if ord(character) < 128)
    assert spelling.restore(english) == english
