"""A photo that comes without words is offered to what was reported of late, and only there."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import conversations
from actions.conversations import Conversation, Upload
from actions.db import Db
from actions.governance import handling, history, reporting, service
from actions.governance.handling import By
from actions.governance.model import Kind, ServiceRequest, Update
from actions.governance.service import Report, Where
from actions.people.model import Area, Role, Staff
from tests.bot.conftest import PACK, Bot


def reporter(bot: Bot, db: Db) -> Conversation:
    address = bot.parts.webchat.address(bot.session)
    return conversations.at_address(db, channel="webchat", address=address, now=bot.clock.now())


def file(bot: Bot) -> int:
    with bot.parts.database.transaction() as db:
        for area in sorted(PACK.areas.values(), key=lambda area: area.id.count("/")):
            if db.get(Area, area.id) is None:
                db.add(Area(id=area.id, parent_id=area.parent, tier=area.tier))
                db.flush()
        return service.file(
            db,
            pack=PACK,
            report=Report("road-light", "路灯坏了", Where("gz-youyi")),
            conversation=reporter(bot, db),
            now=bot.clock.now(),
        ).id


async def send_photo(bot: Bot, name: str) -> dict[str, object]:
    """Send a photo without words; returns the last reply."""
    with bot.parts.database.transaction() as db:
        db.add(
            Upload(
                id=name * 32,
                resident_id=reporter(bot, db).resident_id,
                content_type="image/jpeg",
                size=9,
                created_at=bot.clock.now(),
            )
        )
    answer = await bot.post("", attachments=[{"kind": "photo", "upload_id": name * 32}])
    last: dict[str, object] = answer.json()["replies"][-1]
    return last


def tap_of(reply: dict[str, object], label: str) -> str:
    choices = reply["choices"]
    assert isinstance(choices, list)
    return str(next(one["value"] for one in choices if one["label"] == label))


def added(bot: Bot) -> list[list[str]]:
    with bot.parts.database.reading() as db:
        wanted = select(Update.attachments).where(Update.kind == Kind.ADDED)
        return list(db.scalars(wanted))


async def test_it_is_offered_to_the_one_report_and_added_once(bot: Bot) -> None:
    file(bot)
    reply = await send_photo(bot, "a")
    assert "GQ-261124-0001（路灯不亮，友谊路）" in str(reply["text"])
    tap = tap_of(reply, "补充进去")
    for _ in range(2):
        (told,) = await bot.say(tap)
        assert "补充好了" in told
    assert added(bot) == [["a" * 32]]
    assert bot.assistant.heard == []


@pytest.mark.parametrize(("reports", "days"), [(0, 0), (2, 0), (1, 4)])
async def test_without_one_report_of_late_it_is_asked_what_it_is_about(
    bot: Bot, reports: int, days: int
) -> None:
    for _ in range(reports):
        file(bot)
    bot.clock.pass_by(timedelta(days=days))
    reply = await send_photo(bot, "a")
    assert "您想反映什么问题" in str(reply["text"])
    assert reply["choices"] == []


async def test_a_shared_place_alone_is_not_a_photo(bot: Bot) -> None:
    file(bot)
    place = {"kind": "location", "lat": 30.17, "lon": 120.46}
    answer = await bot.post("", attachments=[place])
    assert "您想反映什么问题" in answer.json()["replies"][-1]["text"]


async def test_only_ones_own_photos_go_to_a_report_of_theirs(bot: Bot) -> None:
    file(bot)
    tap = tap_of(await send_photo(bot, "a"), "补充进去")
    bot.session = "t" * 32
    await bot.say("你好")
    (told,) = (await bot.say(tap))[-1:]
    assert "补充好了" not in told
    assert added(bot) == []


async def test_what_follows_a_question_of_staff_is_for_the_form_in_a_new_epoch(
    bot: Bot,
) -> None:
    await bot.say("你好")
    number = file(bot)
    with bot.parts.database.transaction() as db:
        desk = Staff(
            username="desk",
            password_hash="-",
            role=Role.STAFF,
            area_id="guali/",
            created_at=bot.clock.now(),
        )
        db.add(desk)
        db.flush()
        request = db.get_one(ServiceRequest, number)
        by = By(desk.id, bot.clock.now())
        handling.ask(db, PACK, request, by=by, words="是哪一盏？")
    await bot.say("着火了")
    assert [text for _, text in bot.assistant.heard] == ["你好"]  # the number came first
    await bot.say("东边那盏")
    before, after = (tracker for tracker, _ in bot.assistant.heard)
    assert before != after
    photo = await send_photo(bot, "a")
    assert "补充到您报的" not in str(photo["text"])  # the form has it
    assert bot.assistant.heard[-1][1] == "📷"
    with bot.parts.database.reading() as db:
        request = db.get_one(ServiceRequest, number)
        assert history.question_of(db, request) == "是哪一盏？"
        assert reporting.filed_lately(db, resident_id=request.resident_id, now=bot.clock.now())
