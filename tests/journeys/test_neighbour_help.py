"""Whole stories of neighbours over the chat API, with all processes up."""

import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from setup.supervisor import Assistant
from tests.journeys.conftest import Resident

SOON = 20  # s: the worker looks, then sends
PHONE, DOOR = "13912345678", "7幢2单元603"


@dataclass
class Neighbour(Resident):
    """Somebody who reads all that was said to them, and taps what they were offered."""

    read: int = field(default=0)  # messages they have looked at

    def messages(self) -> list[dict[str, Any]]:
        headers = {"X-Session": self.session}
        answer = httpx.get(f"{self.url}/api/chat/history", headers=headers, timeout=15)
        return list(answer.json()["messages"])

    def sees(self) -> str:
        """Everything said in this conversation."""
        return "\n".join(message["text"] for message in self.messages())

    def hears(self, words: str) -> None:
        """Wait for words."""
        until = time.monotonic() + SOON
        while words not in self.sees():
            assert time.monotonic() < until, f"{words} did not come: {self.sees()}"
            time.sleep(0.5)

    def tap(self, label: str) -> str:
        """Tap the choice of this label that was offered last; returns what is said."""
        offered = [c for message in self.messages() for c in message["choices"]]
        value = [choice["value"] for choice in offered if choice["label"] == label]
        assert value, f"{label} is not offered: {self.sees()}"
        return self.tell(value[-1])

    def tell(self, text: str) -> str:
        """Say something; returns what is said."""
        return "\n".join(reply["text"] for reply in self.say(text)["replies"])

    def offers(self, kind: str, name: str) -> None:
        """Sign up as a helper."""
        self.tell(f"我愿意帮邻居{kind}，随时，全镇都可以")
        self.tell(name)
        assert "登记好了" in self.tap("同意，登记")


@pytest.fixture
def street(assistant: Assistant) -> tuple[Neighbour, Neighbour, Neighbour]:
    """Who asks, and two who help."""
    url = assistant.url
    return Neighbour(url), Neighbour(url), Neighbour(url)


def test_help_from_the_question_to_the_thanks(
    street: tuple[Neighbour, Neighbour, Neighbour],
) -> None:
    asker, helper, other = street
    helper.offers("翻译外语", "阿强")
    other.offers("翻译外语", "老赵")
    asker.tell("请邻居帮我翻译一封英文信，今天下午三点")
    asker.tell("方阿姨")
    assert "发出去了" in asker.tap("对，发出去")
    for one in (helper, other):
        one.hears("方阿姨")
    assert "交给您" in helper.tap("我可以")
    other.hears("已经有邻居")
    assert "已经" in other.tap("我可以")
    asker.hears("阿强")

    asker.tap("给对方留言")
    assert "没有转过去" in asker.tell(f"我在亭子里等，电话{PHONE}")
    helper.hears("我在亭子里等")
    helper.tap("回话")
    helper.tell(f"好的，我住{DOOR}，十分钟到")
    asker.hears("十分钟到")
    assert PHONE not in helper.sees()
    assert DOOR not in asker.sees()

    assert "还早" in helper.tap("我到了")
    assert "撤回" in asker.tap("不用了")
    helper.hears("不用去了")


def test_a_door_is_shown_once_both_agreed_and_only_to_who_helps(
    street: tuple[Neighbour, Neighbour, Neighbour],
) -> None:
    asker, helper, other = street
    helper.offers("找失物", "小周")
    other.offers("找失物", "小吴")
    asker.tell("我家钥匙丢了，请邻居帮忙找找，今天上午十一点")
    asker.tell("七彩公交站")
    asker.tell("李奶奶")
    assert "发出去了" in asker.tap("对，发出去")
    helper.hears("李奶奶")
    helper.tap("我可以")
    asker.hears("小周")
    asker.tap("给对方留言")
    asker.tell(f"我住{DOOR}")
    asker.tap("给对方门牌")
    asker.tell(DOOR)
    helper.hears("愿意告诉您")
    assert DOOR not in helper.sees()
    helper.tap("要看")
    helper.hears("603")
    assert "603" not in other.sees()


def test_a_family_shares_a_household_and_a_child_books_for_the_mother(
    street: tuple[Neighbour, Neighbour, Neighbour],
) -> None:
    child, mother, stranger = street
    child.tell("我的家庭")
    code = next(word for word in child.tap("邀请家人").split() if word.count("-") == 2)
    mother.tell(code)
    mother.tap("加入")
    assert "不能用" in stranger.tell(code)
    mother.tell("老方")
    child.tell("我想替我妈办事")
    child.tap("替家人办事")
    child.tap("老方")
    child.tell("妈妈")
    mother.hears("替您")
    mother.tell("1")
    child.hears("同意")
    child.tell("给我妈报名书法社")
    assert "代办" in child.tell("1")
    child.tell("1")
    mother.hears("书法")
