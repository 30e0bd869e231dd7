"""Every kind of message, as WeCom's customer service holds them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.calls import Unreadable
from bot.channels.wecom.reading import Called, Entered, Page, read_call, read_page
from bot.message import InboundMessage
from tests.bot.channels.wecom.kf import ACCOUNT, CALL_TOKEN, PERSON

PAYLOADS = Path(__file__).parent / "payloads"
PAGE = json.loads((PAYLOADS / "page.json").read_text("utf-8"))


def test_a_page_is_read_in_order_without_what_staff_and_the_system_say() -> None:
    page = read_page(PAGE)
    *messages, entered = page.items
    assert entered == Entered("aaaaaa")
    assert (page.mark, page.more, page.unread) == ("4gw7MepFLfgF2VC5npN", False, 0)
    assert all(isinstance(one, InboundMessage) for one in messages)
    told = [(one.text, [each.kind for each in one.attachments]) for one in messages]  # type: ignore[union-attr]
    assert told == [
        ("下一班 368 几点?", []),
        ("", ["photo"]),
        ("", ["voice"]),
        ("", ["location"]),
        ("", ["other"]),
        ("", ["contact"]),
    ]


def test_who_wrote_where_is_the_address() -> None:
    first = read_page(PAGE).items[0]
    assert isinstance(first, InboundMessage)
    assert first.address == f"{ACCOUNT} {PERSON}"
    assert len(first.address) <= 128


def test_a_call_tells_of_which_account() -> None:
    call = (PAYLOADS / "call.xml").read_bytes()
    assert read_call(call) == Called(ACCOUNT, CALL_TOKEN)
    assert read_call(call.replace(b"kf_msg_or_event", b"kf_account_auth_change")) is None
    with pytest.raises(Unreadable):
        read_call(call.replace(b"wkAJ", b"../.."))


@pytest.mark.parametrize(
    "wrong",
    [
        {"msgid": ""},
        {"msgid": "x" * 200},
        {"external_userid": "nobody at all"},
        {"send_time": "soon"},
        {"send_time": 1e300},
        {"send_time": float("nan")},
        {"text": {"content": "长" * 10_001}},
        {"msgtype": "image", "image": {}},
        {"msgtype": "location", "location": {"latitude": "1"}},
    ],
)
def test_what_cannot_be_read_holds_up_nothing(wrong: dict[str, Any]) -> None:
    told = PAGE["msg_list"]
    page = read_page(PAGE | {"msg_list": [told[0] | wrong, *told[1:]]})
    assert (len(page.items), page.unread) == (6, 1)


@pytest.mark.parametrize(
    "wrong", [{"msg_list": {}}, {"next_cursor": 7}, {"next_cursor": "x" * 201}]
)
def test_a_page_after_which_we_could_not_read_on_is_unreadable(wrong: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read_page(PAGE | wrong)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inside: st.one_of(
        st.lists(inside, max_size=3), st.dictionaries(st.text(max_size=8), inside, max_size=3)
    ),
    max_leaves=4,
)
KEYS = sorted({key for one in PAGE["msg_list"] for key in one})
MESSAGES = st.one_of(
    VALUES,
    st.builds(
        lambda told, wrong: told | wrong,
        st.sampled_from(PAGE["msg_list"]),
        st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=3),
    ),
)


@given(
    st.builds(
        lambda told, more: {"msg_list": told} | more,
        st.one_of(VALUES, st.lists(MESSAGES, max_size=3)),
        st.dictionaries(st.sampled_from(["next_cursor", "has_more", "msg_list"]), VALUES),
    )
)
@settings(max_examples=500, derandomize=True, database=None, deadline=None)
def test_nothing_that_may_come_breaks_the_reading(told: dict[str, Any]) -> None:
    try:
        page = read_page(told)
    except Unreadable:
        return
    assert isinstance(page, Page)
