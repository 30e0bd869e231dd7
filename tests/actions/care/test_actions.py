"""What Rasa calls for care: a neighbour is reported, the daily question is talked about."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions import conversations
from actions.care import actions as care
from actions.care import check_ins
from actions.care.check_in_rules import Plan
from actions.care.model import CheckIn
from actions.conversations import Message
from actions.dialogue import Ground
from actions.people import blocks, nicknames
from actions.people.model import Household, Resident
from actions.relay import relaying
from actions.square import Square
from actions.wording import read_payload
from tests.actions.conftest import Talk


def topic(ground: Ground) -> Iterable[Any]:
    return care.actions(ground)


def meet(ground: Ground, talk: Talk, about: str, nickname: str = "") -> str:
    """A neighbour writes to them through a relay; returns who that is."""
    now = ground.clock.now()
    mine = talk.conversation_id
    with ground.database.transaction() as db:
        one = db.get_one(conversations.Conversation, mine)
        other = conversations.at_address(db, channel="webchat", address=about, now=now)
        if nickname:
            nicknames.call(db, other.resident_id, nickname, now=now)
        until = now + timedelta(days=1)
        relaying.open_between(db, one, other, about=about, now=now, closes_at=until)
        return other.resident_id


@pytest.mark.parametrize(
    ("language", "text", "first", "label"),
    [
        ("zh", "那个邻居骚扰我", "现在有危险，请先打 110。", "举报并拉黑"),
        (
            "en",
            "my neighbour is harassing me",
            "If you are in danger now, ring 110 first.",
            "Report and block",
        ),
    ],
)
def test_the_one_neighbour_is_meant_and_what_was_said_goes_along(
    ground: Ground, language: str, text: str, first: str, label: str
) -> None:
    talk = Talk(ground, topic, language=language)
    meet(ground, talk, "help:1", "老赵")
    heard = talk.do("action_report_neighbour", text, intent="report_neighbour")
    assert heard.text.startswith(first)
    assert "老赵" in heard.text
    choice = next(one for one in heard.choices if one["title"] == label)
    intent, value = read_payload(choice["payload"])
    relay, _, message = value.partition("=")
    with ground.database.reading() as db:
        said = db.get_one(Message, int(message))
        assert said.text == text
    assert (intent, relay) == ("block_and_report", "1")


def test_of_several_the_latest_comes_first_and_an_elder_gets_three(ground: Ground) -> None:
    talk = Talk(ground, topic, elder=True)
    mine = talk.resident_id
    with ground.database.transaction() as db:
        db.get_one(Resident, mine).elder = True
    for number in range(1, 5):
        meet(ground, talk, f"help:{number}", f"邻居{number}")
        ground.clock.pass_by(timedelta(hours=1))  # type: ignore[attr-defined]
    heard = talk.do("action_report_neighbour", "拉黑", intent="report_neighbour")
    assert [c["title"] for c in heard.choices] == ["第 1 位", "第 2 位", "第 3 位"]
    assert "1. 邻居4" in heard.text
    assert "邻居1" not in heard.text


def test_who_met_nobody_is_offered_a_person_and_a_report(ground: Ground) -> None:
    talk = Talk(ground, topic)
    heard = talk.do("action_report_neighbour", "举报邻居", intent="report_neighbour")
    offered = [read_payload(one["payload"])[0] for one in heard.choices]
    assert offered == ["ask_person", "report_problem", "leave_report"]


@pytest.mark.parametrize(
    "text", ["我的拉黑", "看看我拉黑了谁", "解除拉黑", "黑名单", "my blocks", "unblock him"]
)
def test_the_blocks_are_shown_by_their_own_words(ground: Ground, text: str) -> None:
    talk = Talk(ground, topic)
    other, mine = meet(ground, talk, "help:1", "老赵"), talk.resident_id
    with ground.database.transaction() as db:
        blocks.block(db, mine, other, now=ground.clock.now())
    heard = talk.do("action_report_neighbour", text, intent="report_neighbour")
    assert "1. 老赵" in heard.text
    assert heard.values == [other]


@pytest.mark.parametrize("text", ["拉黑他", "拉黑那个邻居", "block him", "把那个人拉黑"])
def test_to_block_somebody_is_not_to_look_at_blocks(ground: Ground, text: str) -> None:
    talk = Talk(ground, topic)
    meet(ground, talk, "help:1")
    heard = talk.do("action_report_neighbour", text, intent="report_neighbour")
    assert "拉黑以后" in heard.text


def agree(ground: Ground, talk: Talk) -> None:
    conversation_id = talk.conversation_id
    with ground.database.transaction() as db:
        check_ins.begin(
            db,
            Square(ground.pack, ground.wording),
            conversation=db.get_one(conversations.Conversation, conversation_id),
            plan=Plan(),
            channel="webchat",
            now=ground.clock.now(),
        )


def the_check_in(ground: Ground) -> CheckIn | None:
    with ground.database.reading() as db:
        return db.scalar(select(CheckIn))


@pytest.mark.parametrize(
    ("text", "hour"), [("每天问问我好不好", "09:00"), ("每天早上八点半问我一句", "08:30")]
)
def test_a_wish_is_read_back_and_nothing_is_agreed_yet(
    ground: Ground, text: str, hour: str
) -> None:
    talk = Talk(ground, topic)
    heard = talk.do("action_manage_checkin", text, intent="manage_checkin")
    assert f"每天 {hour} 问您一句好不好" in heard.text
    assert heard.values[0].startswith(f"{hour}/")
    assert the_check_in(ground) is None


def test_an_hour_of_the_night_is_refused_with_the_hours(ground: Ground) -> None:
    talk = Talk(ground, topic)
    heard = talk.do("action_manage_checkin", "每天半夜三点问我", intent="manage_checkin")
    assert "07:00 到 20:00" in heard.text


def test_the_one_they_live_with_is_proposed(ground: Ground) -> None:
    talk, daughter = Talk(ground, topic), Talk(ground, topic, address="b")
    now, those = ground.clock.now(), (talk.resident_id, daughter.resident_id)
    with ground.database.transaction() as db:
        house = Household(created_at=now)
        db.add(house)
        db.flush()
        for one in those:
            db.get_one(Resident, one).household_id = house.id
        nicknames.call(db, those[1], "小芳", now=now)
    heard = talk.do("action_manage_checkin", "平安问候", intent="manage_checkin")
    assert "告诉小芳" in heard.text
    assert heard.values[0] == f"09:00/11:00/{those[1]}"


def test_words_alone_end_it_and_pause_it(ground: Ground) -> None:
    talk = Talk(ground, topic)
    agree(ground, talk)
    heard = talk.do("action_manage_checkin", "这周出门不用问", intent="manage_checkin")
    assert talk.told(heard) == (
        "11月24日（周二）到11月29日（周日）不问您，11月30日（周一）再问。"
    )
    heard = talk.do("action_manage_checkin", "停掉问候", intent="manage_checkin")
    assert "停掉了" in talk.told(heard)
    found = the_check_in(ground)
    assert found
    assert found.ended_at == ground.clock.now()
    heard = talk.do("action_manage_checkin", "停掉问候", intent="manage_checkin")
    assert "现在没有每天的问候" in heard.text


def test_a_pause_without_days_asks_how_long(ground: Ground) -> None:
    talk = Talk(ground, topic)
    agree(ground, talk)
    heard = talk.do("action_manage_checkin", "问候先暂停", intent="manage_checkin")
    assert [notice.response for notice in heard.news] == ["utter_check_in_how_long"]


def test_who_has_agreed_hears_how_it_is_and_what_can_be_changed(ground: Ground) -> None:
    talk = Talk(ground, topic, elder=True)
    agree(ground, talk)
    heard = talk.do("action_manage_checkin", "每日问候", intent="manage_checkin")
    assert "现在每天 09:00 问您" in heard.text
    assert [c["title"] for c in heard.choices] == ["换个时间", "停几天", "停掉"]
