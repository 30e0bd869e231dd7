import pytest

from bot.voice.answers import ALWAYS, LONGEST, answers_to


def test_a_choice_is_said_by_its_words_or_its_place() -> None:
    said = answers_to([("书法", "a"), ("太极拳", "b")], "zh")
    assert {words for words, meaning in said.items() if meaning == "b"} == {
        *("太极拳", "二", "第二个", "选二", "二号", "我要第二个")
    }
    assert [said[words] for words in ALWAYS["zh"]] == list(ALWAYS["zh"])


def test_in_english_too() -> None:
    said = answers_to([("Yes", "y"), ("No", "n")], "en")
    assert {said[words] for words in ("No", "two", "number two", "the second one")} == {"n"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_where_nothing_is_asked_nothing_is_expected(language: str) -> None:
    assert answers_to([], language) == {}


def test_long_words_are_said_by_their_place_and_the_eleventh_by_its_words() -> None:
    said = answers_to(
        [("长" * (LONGEST + 1), "long"), *((str(n), str(n)) for n in range(11))], "zh"
    )
    assert "长" * (LONGEST + 1) not in said
    assert said["第一个"] == "long"
    assert [words for words, meaning in said.items() if meaning == "10"] == ["10"]


def test_two_choices_of_the_same_words_are_the_first_by_words_and_both_by_place() -> None:
    said = answers_to([("好", "a"), ("好", "b")], "zh")
    assert (said["好"], said["第一个"], said["第二个"]) == ("a", "a", "b")
