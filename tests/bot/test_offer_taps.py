"""Taps on what a neighbour offers, done at once, and the hours said after one."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from actions import conversations
from actions.conversations import Author, Choice, Conversation
from actions.neighbours import offers
from actions.neighbours.model import HelpOffer, HelpRequest, Match, Status
from actions.neighbours.offers import Terms
from tests.bot.conftest import Bot

KIND = "borrow-tools"


def my_talk(bot: Bot, db: Any) -> Conversation:
    address = bot.parts.webchat.address(bot.session)
    return conversations.at_address(db, channel="webchat", address=address, now=bot.clock.now())


async def tap(bot: Bot, intent: str, value: str = "") -> str:
    """Give a button out and tap it; returns what is answered."""
    with bot.parts.database.transaction() as db:
        said = conversations.say(
            db,
            my_talk(bot, db),
            "请选",
            author=Author.ASSISTANT,
            now=bot.clock.now(),
            choices=[Choice("好", intent, value)],
        )
        button = str(said.choices[0]["id"])
    bot.assistant.heard.clear()
    answer = "\n".join(await bot.say(button))
    assert bot.assistant.heard == []  # nothing had to be understood
    return answer


def offer_of(bot: Bot) -> HelpOffer:
    with bot.parts.database.reading() as db:
        return db.scalars(select(HelpOffer)).one()


@pytest.fixture
def helper(bot: Bot) -> Bot:
    """Who speaks offers to lend tools, at weekends."""
    with bot.parts.database.transaction() as db:
        terms = Terms((KIND,), ("6 00:00-24:00", "7 00:00-24:00"))
        offers.write(db, conversation=my_talk(bot, db), terms=terms, now=bot.clock.now())
    return bot


async def test_a_pause_for_a_week_and_back(helper: Bot) -> None:
    assert "暂停多久" in await tap(helper, "pause_offer")
    assert "11月30日" in await tap(helper, "pause_offer", "week")
    assert offer_of(helper).paused_until == date(2026, 11, 30)
    assert "又可以叫您" in await tap(helper, "resume_offer")
    assert offer_of(helper).paused_until is None


@pytest.mark.parametrize(
    ("value", "fact", "becomes"),
    [
        ("hours:any", "hours", []),
        ("reach:town", "reach", "town"),
        ("limit:5", "per_week", 5),
    ],
)
async def test_one_tap_changes_one_thing(
    helper: Bot, value: str, fact: str, becomes: object
) -> None:
    assert "改好了" in await tap(helper, "set_offer", value)
    assert getattr(offer_of(helper), fact) == becomes


@pytest.mark.parametrize(
    "value",
    ["", "hours:never", "reach:moon", "limit:999", "limit:x", "kind:pick-up-child", "x:1"],
)
async def test_a_button_that_means_nothing_changes_nothing(helper: Bot, value: str) -> None:
    before = vars(offer_of(helper)).copy()
    await tap(helper, "set_offer", value)
    after = vars(offer_of(helper))
    assert {k: v for k, v in before.items() if k[0] != "_"} == {
        k: v for k, v in after.items() if k[0] != "_"
    }


async def test_to_stop_takes_a_second_tap(helper: Bot) -> None:
    assert "先暂停一阵" in await tap(helper, "stop_offer")
    assert offer_of(helper).withdrawn_at is None
    assert "不再叫您" in await tap(helper, "stop_offer", "yes")
    assert offer_of(helper).withdrawn_at is not None
    assert "还没有登记" in await tap(helper, "show_offer")


async def test_never_for_a_kind_and_back(helper: Bot) -> None:
    assert "搬东西" in await tap(helper, "never_offer", "move-things")
    assert "点一个就是又可以问" in await tap(helper, "change_offer", "never")
    await tap(helper, "set_offer", "again:move-things")
    assert "没有哪类" in await tap(helper, "change_offer", "never")


async def test_hours_said_after_the_question_are_taken(helper: Bot) -> None:
    await tap(helper, "change_offer", "hours")
    assert "周二 12:00-18:00" in "\n".join(await helper.say("周二下午"))
    assert offer_of(helper).hours == ["2 12:00-18:00"]


async def test_hours_said_without_the_question_are_left_to_the_assistant(helper: Bot) -> None:
    """The control: the same words mean an activity or a need then."""
    await helper.say("周二下午")
    assert helper.assistant.heard
    assert offer_of(helper).hours == ["6 00:00-24:00", "7 00:00-24:00"]


def need(bot: Bot, kind: str) -> str:
    with bot.parts.database.transaction() as db:
        now = bot.clock.now()
        talk = conversations.at_address(db, channel="webchat", address="asker", now=now)
        request = HelpRequest(
            kind_id=kind,
            status=Status.OPEN,
            wanted_from=now,
            wanted_until=now,
            resident_id=talk.resident_id,
            conversation_id=talk.id,
            created_at=now,
            opened_at=now,
            expires_at=now.replace(hour=23),
        )
        db.add(request)
        db.flush()
        return str(request.id)


@pytest.mark.parametrize("intent", ["claim_help", "offer_help"])
async def test_a_need_is_taken_on_by_one_tap(helper: Bot, intent: str) -> None:
    assert "交给您了" in await tap(helper, intent, need(helper, KIND))
    with helper.parts.database.reading() as db:
        assert len(db.scalars(select(Match)).all()) == 1


async def test_who_is_not_checked_takes_nothing_that_needs_it(helper: Bot) -> None:
    """The control: once staff have checked them, the same tap takes it."""
    number = need(helper, "fetch-parcel")
    assert "先认识您" in await tap(helper, "claim_help", number)
    with helper.parts.database.transaction() as db:
        assert db.scalars(select(Match)).all() == []
        db.scalars(select(HelpOffer)).one().verified_at = helper.clock.now()
    assert "交给您了" in await tap(helper, "claim_help", number)
