import pytest

from bot.voice.script import LONGEST, script

REST = "后面还有，请看文字。"


def said(text: str, *labels: str, language: str = "zh") -> str:
    return script(text, labels, language, REST)


def test_a_short_text_is_said_whole_with_its_choices() -> None:
    assert said("去吗？3.5元，10:30开始。", "去", "不去") == (
        "去吗？\n3.5元，10:30开始。\n1，去\n2，不去"
    )
    assert said("Coming?", "Yes", language="en") == "Coming?\n1: Yes"


def test_choices_the_text_reads_out_are_not_said_twice() -> None:
    assert said("选一个：\n1. 去\n2. 不去", "去", "不去") == "选一个：\n1，去\n2，不去"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_long_text_ends_with_a_whole_sentence_and_says_that_there_is_more(
    language: str,
) -> None:
    sentence = "图书馆每天开门。" if language == "zh" else "The library is open every day."
    told = said(" ".join([sentence] * 60), language=language).split("\n")
    assert set(told[:-1]) == {sentence}
    assert told[-1] == REST
    assert 0 < LONGEST[language] - len("".join(told[:-1])) < len(sentence)


def test_a_number_to_call_is_told_however_far_down_and_figure_by_figure() -> None:
    told = said("图书馆每天开门。" * 60 + "要人帮忙打 0571-82370000。" + "就这些。")
    assert told.endswith(f"要人帮忙打 零五七幺-八二三七零零零零。\n{REST}")
    assert said("快打 119！") == "快打 幺幺九！"
    assert said("Call 110 now!", language="en") == "Call 1 1 0 now!"


def test_what_is_no_number_to_call_stays_a_number() -> None:
    assert said("坐 110路，票价 120元，到 12幢。") == "坐 110路，票价 120元，到 12幢。"


def test_the_address_of_a_page_is_not_spelled_out() -> None:
    assert said("看这里 https://xiaoli.example.org/b/Ab3-x_9?q=1 就行。") == "看这里  就行。"
