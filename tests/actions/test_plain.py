"""The policy of elder mode, over every response of the domain."""

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.conversations import MORE, Choice
from actions.plain import MOST_MESSAGES, is_plain, one_question, plainly
from actions.wording import Said, read_wording

WORDING = read_wording(ZoneInfo("Asia/Shanghai"))
LONG = {
    "zh": "友谊路公交站往东走两百米，七彩小区北门旁边那一段人行道，晚上看不清。",
    "en": "the pavement two hundred metres east of the bus stop, next to the north gate",
}
PHONES = {"number": "119", "numbers": "0571-82512345、12345", "phone": "13800000000"}


def said_of(response: str, language: str) -> Said:
    """A response with long values, and a phone number where one belongs."""
    variants = WORDING.responses[response]
    named = re.findall(r"{(\w+)}", str([(v["text"], v.get("buttons")) for v in variants]))
    values = {name: PHONES.get(name, LONG[language]) for name in named}
    return WORDING.render(response, language=language, elder=True, values=values)


EVERYTHING = [(response, language) for response in WORDING.responses for language in LONG]


def test_whatever_is_said_to_elders_is_plain() -> None:
    wrong = {
        (response, message.text)
        for response, language in EVERYTHING
        for message in plainly(said_of(response, language), WORDING, language)
        if not is_plain(message)
    }
    assert wrong == set()


def test_without_the_policy_much_would_not_be() -> None:
    """The control: of long words, of choices and of numbers in the middle there are many."""
    wrong = [one for one in EVERYTHING if not is_plain(said_of(*one))]
    assert len(wrong) > 100
    assert any(len(said_of(*one).choices) > 3 for one in wrong)


@pytest.mark.parametrize("language", LONG)
def test_what_is_asked_is_said_whole_and_every_choice_is_reached(language: str) -> None:
    for response in WORDING.responses:
        said = said_of(response, language)
        messages = plainly(said, WORDING, language)
        if said.choices:
            assert _bare("".join(one.text for one in messages)) == _bare(said.text)
        assert not any(one.choices for one in messages[:-1])
        assert reached(messages[-1], language) == {choice.label for choice in said.choices}


def reached(page: Said, language: str) -> set[str]:
    """The labels somebody sees who turns all pages."""
    labels: set[str] = set()
    while shown := {choice.label for choice in page.choices if choice.intent != MORE} - labels:
        labels |= shown
        page = plainly(replace(page, choices=page.held, held=()), WORDING, language)[-1]
    return labels


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_a_long_answer_is_told_in_part_and_goes_on() -> None:
    said = Said("这是一句说明白的话，一共有二十个字左右。" * 20)
    heard: list[str] = []
    while True:
        *_, last = messages = plainly(said, WORDING, "zh")
        assert len(messages) <= MOST_MESSAGES
        heard += [one.text for one in messages]
        if not last.rest:
            break
        assert [choice.label for choice in last.choices] == ["听下文"]
        said = Said(last.rest, last.held)
    assert "".join(heard) == "这是一句说明白的话，一共有二十个字左右。" * 20


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("快打 119！先离开房间。", ["快打 119！", "先离开房间。"]),
        (
            "请打 0571-82512345，周一到周五都有人。",
            ["请打 0571-82512345，", "周一到周五都有人。"],
        ),
        ("坐 110路到坎山。每小时一班。", ["坐 110路到坎山。每小时一班。"]),
        ("", [""]),
    ],
)
def test_a_phone_number_ends_its_message(text: str, messages: list[str]) -> None:
    assert [one.text for one in plainly(Said(text), WORDING, "zh")] == messages


def test_an_elder_is_asked_one_thing_in_a_turn() -> None:
    first, last = Choice("是", "choose", "yes"), Choice("约", "claim", "1")
    said = one_question([Said("要改吗？", (first,)), Said("好。"), Said("约哪个？", (last,))])
    assert [one.choices for one in said] == [(), (), (last,)]


@given(st.text(max_size=400), st.integers(0, 9))
def test_any_text_is_said_in_short_messages_and_nothing_is_lost(
    text: str, choices: int
) -> None:
    offered = tuple(Choice(str(n), "choose", str(n)) for n in range(choices))
    messages = plainly(Said(text, offered), WORDING, "zh")
    assert all(len(one.text) <= 120 and len(one.choices) <= 3 for one in messages)
    told = "".join(one.text for one in messages) + messages[-1].rest
    assert _bare(told) == _bare(text)
