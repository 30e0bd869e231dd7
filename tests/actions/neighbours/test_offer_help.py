"""action_offer_help: what neighbours need, and taking one on by a tap."""

from actions.conversations import Choice
from actions.dialogue import Ground
from actions.neighbours import actions as neighbours
from tests.actions.conftest import Heard, Talk


def post(asker: Talk, text: str = "帮我取个快递，我姓王", when: str = "明天下午三点") -> None:
    asker.begin("request_help_form", "action_request_help", text, intent="request_help")
    asker.say(when)
    asker.say("1", choice="yes")


def offered(heard: Heard) -> list[Choice]:
    return [Choice(**choice) for notice in heard.news for choice in notice.choices]


def test_open_needs_are_offered_and_a_tap_takes_one_on(ground: Ground) -> None:
    asker = Talk(ground, neighbours.actions)
    helper, late = (Talk(ground, neighbours.actions, address=a) for a in "bc")
    post(asker)
    heard = helper.do("action_offer_help", "我想帮忙", intent="offer_help")
    (choice,) = offered(heard)
    assert choice.intent == "offer_help"
    assert choice.label == "取快递 · 11月25日（周三）15:00"
    assert "姓王" not in choice.label
    taken = helper.do("action_offer_help", "1", choice=choice.value)
    assert "交给您了：取快递" in helper.told(taken)
    too_late = late.do("action_offer_help", "1", choice=choice.value)
    assert "别的邻居接走了" in too_late.text
    assert too_late.news == []


def test_without_needs_the_offer_is_thanked_for(ground: Ground) -> None:
    helper = Talk(ground, neighbours.actions, language="en")
    heard = helper.do("action_offer_help", "I want to help", intent="offer_help")
    assert "Nobody nearby" in helper.told(heard)


def test_elder_mode_offers_three_at_most(ground: Ground) -> None:
    for address in "abcd":
        post(Talk(ground, neighbours.actions, address=address))
    helper = Talk(ground, neighbours.actions, address="h", elder=True)
    assert len(offered(helper.do("action_offer_help", "我想帮忙"))) == 3


def test_the_same_tap_twice_takes_it_on_once(ground: Ground) -> None:
    """P12: Rasa calls an action again when it has not heard back."""
    post(Talk(ground, neighbours.actions))
    helper = Talk(ground, neighbours.actions, address="b")
    (choice,) = offered(helper.do("action_offer_help", "我想帮忙"))
    heard = helper.do("action_offer_help", "1", choice=choice.value)
    helper.run(helper.actions["action_offer_help"], heard, "1", choice=choice.value)
    assert heard.texts == []
    assert len(heard.news) == 1
