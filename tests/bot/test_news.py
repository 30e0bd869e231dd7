"""News from asking to the morning's digest, and the pages everybody may read."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions.news import broadcast, history, samples, service
from actions.news.model import NewsItem
from actions.news.service import Content
from actions.people.model import Area, Role, Staff
from bot.app import HEADERS
from bot.delivery import Delivery
from bot.page import linked
from bot.upkeep import News
from tests.bot.conftest import PACK, Bot
from tests.bot.test_meeting_neighbours import heard
from tests.bot.test_taps import offer

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def staff(bot: Bot) -> tuple[int, int]:
    """Two who write news, in a town with the pack's samples."""
    now = bot.clock.now()
    with bot.parts.database.transaction() as db:
        for area in ("guali/", "guali/qicai/"):
            db.add(Area(id=area, tier="town"))
            db.flush()
        samples.take_over(db, PACK, now=now)
        two = [
            Staff(username=name, password_hash="-", role=Role.EDITOR, area_id="guali/")
            for name in ("one", "two")
        ]
        for who in two:
            who.created_at = now
        db.add_all(two)
        db.flush()
        return two[0].id, two[1].id


def publish(bot: Bot, staff: tuple[int, int], title: str, **changes: object) -> int:
    now = bot.clock.now()
    content = Content(
        topic="outage",
        title_zh=title,
        body_zh="八点到五点停水。<b>",
        publish_at=now,
        expires_at=now + timedelta(days=9),
        source="社区办公室",
        **changes,  # type: ignore[arg-type]
    )
    with bot.parts.database.transaction() as db:
        writer, second = staff
        item = service.write(db, PACK, content, area_id="guali/", staff_id=writer, now=now)
        service.approve(db, item, number=1, staff_id=second, now=now)
        return item.id


def works(bot: Bot) -> None:
    """Let the worker look after the news, and send what is due."""
    shelf, database, wording = bot.parts.home.shelf, bot.parts.database, bot.parts.wording
    while News(database, shelf, wording, bot.clock).run_due():
        pass
    worker = Delivery(database, bot.clock, wording, timedelta(1))
    while worker.deliver_due():
        pass


async def test_asked_opened_subscribed_and_told_in_the_morning(
    bot: Bot, staff: tuple[int, int]
) -> None:
    (listed,) = await bot.say(await offer(bot, "more_news", ""))
    assert "现在有 4 条消息" in listed
    (item,) = await bot.say("1")  # the nearest first: the village's film
    assert "周五晚上广场放电影" in item
    assert "示例数据" in item
    assert f"/news/{opened(bot)}" in item
    (subscribed,) = await bot.say("订阅社区活动")
    assert "有新的，每天早上 9 点" in subscribed
    (subscribed,) = await bot.say(await offer(bot, "subscribe_news", "outage"))
    publish(bot, staff, "后天停水")
    bot.clock.pass_by(timedelta(days=1))
    works(bot)
    assert "您订的消息有 2 条新的" in heard(bot, bot.session)[-1]
    (item,) = await bot.say("后天停水")  # by its label
    assert "八点到五点停水" in item
    before = heard(bot, bot.session)
    bot.clock.pass_by(timedelta(days=1))
    works(bot)
    assert heard(bot, bot.session) == before
    (ended,) = await bot.say("不要再发新闻了")
    assert "不再发了" in ended
    assert (
        len(bot.assistant.heard) == 2
    )  # the two greetings of `offer`; all else needed no words


def opened(bot: Bot) -> int:
    with bot.parts.database.reading() as db:
        return db.scalars(select(NewsItem.id).filter_by(pack_id="sample-film")).one()


async def test_an_urgent_notice_arrives_and_its_correction(
    bot: Bot, staff: tuple[int, int]
) -> None:
    await bot.say("你好")
    news_id = publish(bot, staff, "台风来了", urgent=True)
    with bot.parts.database.transaction() as db:
        item = db.get_one(NewsItem, news_id)
        broadcast.send(db, item, staff_id=staff[0], now=bot.clock.now())
    works(bot)
    assert heard(bot, bot.session)[-1].startswith("【紧急通知】台风来了")
    with bot.parts.database.transaction() as db:
        item, now = db.get_one(NewsItem, news_id), bot.clock.now()
        said = history.latest(db, item)
        right = Content(
            topic="weather",
            title_zh="台风不来了",
            body_zh="改道了。",
            publish_at=said.publish_at,
            expires_at=said.expires_at,
            source=said.source,
            urgent=True,
        )
        service.rewrite(db, PACK, item, right, staff_id=staff[1], now=now)
        service.approve(db, item, number=2, staff_id=staff[0], now=now)
    works(bot)
    assert heard(bot, bot.session)[-1].startswith("【更正】")
    assert "台风不来了" in heard(bot, bot.session)[-1]


async def test_everybody_reads_what_is_out_and_nothing_else(
    bot: Bot, staff: tuple[int, int]
) -> None:
    news_id = publish(bot, staff, "后天停水")
    page = await bot.client.get("/news")
    assert "后天停水" in page.text
    assert "示例数据" in page.text
    assert page.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    item = await bot.client.get(f"/news/{news_id}?print=large")
    assert "八点到五点停水。&lt;b&gt;" in item.text
    assert 'data-print="large"' in item.text
    assert item.text.count("<script") == 1  # a file of our own; hidden until it runs:
    assert 'id="aloud" class="button" type="button" data-stop="停" hidden' in item.text
    assert "print=large" in item.text.split("所有消息")[0].rpartition("href=")[2]
    bot.clock.pass_by(timedelta(days=9))
    assert (await bot.client.get(f"/news/{news_id}")).status_code == 404
    assert "后天停水" not in (await bot.client.get("/news")).text


async def test_what_has_no_english_says_so(bot: Bot, staff: tuple[int, int]) -> None:
    news_id = publish(bot, staff, "后天停水")
    page = (await bot.client.get(f"/news/{news_id}?lang=en")).text
    assert "(Only in Chinese so far.)" in page
    assert '<h1 data-aloud lang="zh-Hans">后天停水' in page


@pytest.mark.parametrize("number", ["0", "999", "99999999999", "x"])
async def test_an_item_nobody_knows_is_not_found(bot: Bot, number: str) -> None:
    assert (await bot.client.get(f"/news/{number}")).status_code in (404, 422)


def test_the_pages_are_links_in_the_chat(database: object) -> None:
    assert linked("看 /news/12\n听 /news 吧", "打开").count("<a href=") == 2
    assert "<a" not in linked("看 /newspaper", "打开")
