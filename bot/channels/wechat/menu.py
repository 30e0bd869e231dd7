"""The menu under the chat: each button says something plain, as if it were typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GREETING = "你好"  # what following us, or scanning our code, says


@dataclass(frozen=True)
class Button:
    """One button: its name, its key, and the words it stands for."""

    name: str
    key: str
    words: str


# At most three columns of five; a name has four characters in the first row, eight below.
MENU: Mapping[str, Sequence[Button]] = {
    "问问": (
        Button("怎么坐车", "bus", "坐车"),
        Button("有什么活动", "activities", "有什么活动"),
        Button("办事开放时间", "hours", "便民中心几点开门"),
    ),
    "办事": (
        Button("报修反映问题", "report", "我要报修"),
        Button("请邻居帮忙", "help", "我想请邻居帮忙"),
        Button("我报的事", "requests", "我报的事"),
        Button("我的预约", "bookings", "我的预约"),
    ),
    "找人": (
        Button("找工作人员", "person", "人工"),
        Button("大字简单版", "elder", "老人模式"),
        Button("我的资料", "mydata", "我的资料"),
    ),
}
MEANINGS: Mapping[str, str] = {
    button.key: button.words for column in MENU.values() for button in column
}


def as_json() -> dict[str, Any]:
    """Write the menu the way WeChat takes it."""
    return {
        "button": [
            {"name": name, "sub_button": [_button(one) for one in column]}
            for name, column in MENU.items()
        ]
    }


def _button(one: Button) -> dict[str, str]:
    return {"type": "click", "name": one.name, "key": one.key}
