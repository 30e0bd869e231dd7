"""What was told is written beside the reply, what was missed is kept redacted."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY, generate_latest
from sqlalchemy import select
from structlog.testing import capture_logs

from actions import told
from actions.conversations import Complaint, Feedback, Message
from actions.db import Db
from actions.learning import correction, misses, recall
from actions.learning.model import Miss
from actions.learning.recall import Order
from actions.told import Told, ToldAnswer
from actions.wording import Said
from bot.delivery import Delivery
from tests.bot.conftest import PACK, Bot

PHONE = "13805711234"
CARD = Told("article", "ed-card", "0" * 16)
NOT_KNOWN = Told("unknown", likely=("article:ed-card",))


def answers(bot: Bot, *said: Said) -> None:
    """Let the assistant answer like this from now on."""

    async def reply(**_asked: object) -> list[Said]:
        return list(said)

    bot.assistant.reply = reply  # type: ignore[method-assign]


def tellings(bot: Bot) -> list[tuple[str, str, str]]:
    with bot.parts.database.reading() as db:
        rows = db.scalars(select(ToldAnswer).order_by(ToldAnswer.id))
        return [(row.kind, row.record_id, row.version) for row in rows]


def missed(bot: Bot) -> list[Miss]:
    with bot.parts.database.reading() as db:
        return misses.waiting(db, now=bot.clock.now())


async def judge(bot: Bot, reply_id: str, **judgement: object) -> int:
    body = {"session": bot.session, "reply_id": reply_id} | judgement
    return (await bot.client.post("/api/chat/feedback", json=body)).status_code


async def test_a_reply_that_tells_a_record_is_written_down_with_its_version(bot: Bot) -> None:
    answers(bot, Said("要身份证", told=CARD), Said("还有什么事"))
    replies = (await bot.post("借书证怎么办")).json()["replies"]
    assert tellings(bot) == [("article", "ed-card", "0" * 16)]
    with bot.parts.database.reading() as db:
        number = db.scalars(select(ToldAnswer.message_id)).one()
        assert db.get_one(Message, number).text == "要身份证"
    assert [reply["text"] for reply in replies][-2:] == ["要身份证", "还有什么事"]


async def test_a_reply_that_tells_no_record_leaves_no_trace(bot: Bot) -> None:
    await bot.say("约课")
    assert tellings(bot) == []


async def test_the_reply_and_what_it_told_are_kept_together_or_not_at_all(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_db: Db, _reply: Message, mark: Told | None, **_more: object) -> None:
        if mark:
            raise RuntimeError

    answers(bot, Said("要身份证", told=CARD))
    monkeypatch.setattr(told, "keep", fails)
    assert "要身份证" not in await bot.say("借书证怎么办")
    monkeypatch.undo()
    bot.clock.pass_by(timedelta(seconds=10))
    await bot.parts.gateway.sweep()
    with bot.parts.database.reading() as db:
        said = db.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
        assert db.scalars(select(ToldAnswer.message_id)).all() == [said.id]


async def test_nothing_is_missed_of_an_emergency_or_a_talk_with_a_person(bot: Bot) -> None:
    answers(bot, Said("不知道", told=NOT_KNOWN))
    await bot.say("厨房着火了")
    assert missed(bot) == []
    await bot.say("能写诗吗")
    assert [miss.text for miss in missed(bot)] == ["能写诗吗"]  # negative control


async def test_a_complaint_is_kept_with_the_judgement_and_the_question(bot: Bot) -> None:
    answers(bot, Said("第一段"), Said("第二段", told=CARD))
    first, second = (await bot.post("借书证怎么办")).json()["replies"][-2:]
    for reply in (first, second):
        assert await judge(bot, reply["id"], good=False) == 200
    assert await judge(bot, second["id"], good=False, complaint="outdated") == 200
    with bot.parts.database.reading() as db:
        kept = db.scalars(select(Feedback).order_by(Feedback.id)).all()
    assert [(one.good, one.complaint) for one in kept] == [
        (False, None),
        (False, Complaint.OUTDATED),
    ]
    (miss,) = missed(bot)
    assert (miss.text, miss.complaint) == ("借书证怎么办", "outdated")
    assert await judge(bot, second["id"], good=True) == 200
    assert missed(bot) == []


@pytest.mark.parametrize("complaint", ["", "x", 7, ["wrong"]])
async def test_a_complaint_nobody_offered_is_refused(bot: Bot, complaint: object) -> None:
    reply = (await bot.post("约课")).json()["replies"][-1]["id"]
    assert await judge(bot, reply, good=False, complaint=complaint) == 422


async def test_nothing_that_tells_whose_it_is_comes_into_misses_logs_or_metrics(
    bot: Bot,
) -> None:
    answers(bot, Said("不知道", told=NOT_KNOWN))
    with capture_logs() as logs:
        reply = (await bot.post(f"我叫王建国，{PHONE}，能写诗吗")).json()["replies"][-1]
        await judge(bot, reply["id"], good=False, complaint="wrong")
    (miss,) = missed(bot)
    for secret in (PHONE, "王建国"):
        for place in (miss.text, str(logs), generate_latest(REGISTRY).decode()):
            assert secret not in place
    assert "写诗" not in str(logs) + generate_latest(REGISTRY).decode()
    assert "写诗" in miss.text


async def test_a_recall_arrives_once_and_is_itself_a_telling_of_what_is_right(bot: Bot) -> None:
    answers(bot, Said("要户口本", told=CARD))
    await bot.say("借书证怎么办")
    right = correction.correct(
        PACK, bot.parts.wording, "article", "ed-card", on=bot.clock.now().date()
    )
    assert right
    order = Order(right, "key", since=bot.clock.now() - recall.MATTERS_FOR)
    with bot.parts.database.transaction() as db:
        now = bot.clock.now()
        recall.recall(db, order, staff_id=None, zone=PACK.zone, now=now)
    worker = Delivery(
        bot.parts.database,
        bot.clock,
        bot.parts.wording,
        timedelta(hours=1),
    )
    assert [worker.deliver_due(), worker.deliver_due()] == [1, 0]
    with bot.parts.database.reading() as db:
        said = db.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
    assert PACK.articles["ed-card"].body.zh in said.text
    assert tellings(bot)[-1] == ("article", "ed-card", right.version)
    answers(bot, Said("身份证就行", told=Told("article", "ed-card", right.version)))
    tapped = (await bot.post(said.choices[0]["id"])).json()["replies"]
    assert tapped[-1]["text"] == "身份证就行"
