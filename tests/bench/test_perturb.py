"""How messages are bent."""

import pytest
from pypinyin import lazy_pinyin

from bench.perturb import (
    BENDS,
    TELLING,
    bare,
    capitals,
    dropped,
    filler,
    homophone,
    lookalike,
    mixed,
    traditional,
    wu,
)

SAID = "我想报名周六的书法课，几点开始？"


@pytest.mark.parametrize("kind", BENDS)
def test_a_message_always_bends_the_same_way(kind: str) -> None:
    assert BENDS[kind](SAID) == BENDS[kind](SAID)


@pytest.mark.parametrize("kind", BENDS)
@pytest.mark.parametrize("text", ["", " ", "1", "OK", "🙂", "好"])
def test_what_is_short_or_strange_does_no_harm(kind: str, text: str) -> None:
    assert isinstance(BENDS[kind](text), str)


def test_a_homophone_sounds_the_same_and_is_one_other_character() -> None:
    bent = homophone(SAID)
    changed = [(a, b) for a, b in zip(SAID, bent, strict=True) if a != b]
    assert len(changed) == 1
    assert lazy_pinyin(changed[0][0]) == lazy_pinyin(changed[0][1])


def test_a_lookalike_is_one_other_character() -> None:
    bent = lookalike("请问图书馆几点开门")
    assert sum(a != b for a, b in zip("请问图书馆几点开门", bent, strict=True)) == 1


def test_one_character_is_dropped_and_not_the_first() -> None:
    bent = dropped(SAID)
    assert len(bent) == len(SAID) - 1
    assert bent[0] == SAID[0]


@pytest.mark.parametrize("bend", [homophone, lookalike, dropped])
def test_what_tells_a_day_or_a_number_apart_is_left_alone(bend: object) -> None:
    texts = [f"明天下午{n}点半来{m}个人，周六不来" for n in "一二三四五" for m in "两三四五六"]
    assert callable(bend)
    for text in texts:
        kept = [one for one in text if one in TELLING]
        assert [one for one in bend(text) if one in TELLING] == kept


def test_traditional_characters_are_written() -> None:
    assert traditional("图书馆几点关门") == "圖書館幾點關門"


def test_filler_words_leave_every_word_in_its_order() -> None:
    rest = iter(filler(SAID))
    assert all(one in rest for one in SAID)


def test_a_sentence_without_a_known_word_is_not_mixed() -> None:
    assert mixed("路灯  坏了") == "路灯  坏了"


def test_the_longest_word_is_said_in_wu() -> None:
    assert wu("你们晚上什么时候关门，要多少钱") == "倷夜里头啥辰光关门，要几钿"


def test_english_words_stand_apart_in_a_mixed_sentence() -> None:
    assert mixed("明天图书馆开吗") == "tomorrow library 开吗"


def test_only_latin_letters_can_be_large() -> None:
    assert capitals("a bus to 坎山") == "A BUS TO 坎山"


def test_bare_messages_have_no_punctuation_and_english_keeps_its_spaces() -> None:
    assert bare("你好，几点 开门？") == "你好几点开门"
    assert bare("when, please, is it open?") == "when please is it open"
