"""Pages that are open hear of what is new, and the store is looked at once for all of them."""

import asyncio
import gc
from collections.abc import AsyncIterator, Collection, Mapping

import pytest

from actions import conversations
from actions.conversations import Author
from actions.db import Database
from bot import open_pages
from bot.open_pages import OpenPages, State, Whose
from tests.bot.conftest import Bot

SOON, LONG = 0.3, 20.0  # seconds: nothing comes within, something must


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_pages, "EVERY", 0.02)


class Counting(OpenPages):
    """Counts its looks, and can be told that the store is away."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.looks: list[int] = []
        self.away = False

    def _look(self, whose: Collection[Whose]) -> Mapping[Whose, State]:
        self.looks.append(len(whose))
        if self.away:
            raise ConnectionError
        return super()._look(whose)


@pytest.fixture
async def pages(bot: Bot) -> AsyncIterator[Counting]:
    made = Counting(bot.parts.database)
    yield made
    await made.close()


def whose(bot: Bot, session: str) -> Whose:
    return Whose("webchat", bot.parts.webchat.address(session))


def say(bot: Bot, session: str, author: Author = Author.STAFF) -> None:
    with bot.parts.database.transaction() as db:
        found = bot.parts.webchat.conversation(db, session)
        assert found
        conversations.say(db, found, "明天来修", author=author, now=bot.clock.now())


async def test_a_page_is_woken_by_what_is_said_to_it_alone(bot: Bot, pages: Counting) -> None:
    await bot.say("你好", session="s" * 32)
    await bot.say("你好", session="t" * 32)
    mine, others = pages.open(whose(bot, "s" * 32)), pages.open(whose(bot, "t" * 32))
    assert await mine.until_new(LONG)  # how things are at the beginning
    assert await others.until_new(LONG)
    say(bot, "s" * 32)
    assert await mine.until_new(LONG)
    assert not await others.until_new(SOON)


async def test_what_residents_say_themselves_wakes_nobody(bot: Bot, pages: Counting) -> None:
    await bot.say("你好", session="s" * 32)
    page = pages.open(whose(bot, "s" * 32))
    assert await page.until_new(LONG)
    say(bot, "s" * 32, author=Author.RESIDENT)
    assert not await page.until_new(SOON)


async def test_who_answers_is_new_too(bot: Bot, pages: Counting) -> None:
    await bot.say("你好", session="s" * 32)
    page = pages.open(whose(bot, "s" * 32))
    assert await page.until_new(LONG)
    with bot.parts.database.transaction() as db:
        found = bot.parts.webchat.conversation(db, "s" * 32)
        assert found
        found.status = conversations.Status.OPEN
    assert await page.until_new(LONG)


async def test_a_page_that_was_open_before_the_first_word_hears_the_answer(
    bot: Bot, pages: Counting
) -> None:
    page = pages.open(whose(bot, "s" * 32))
    assert not await page.until_new(SOON)
    await bot.say("你好", session="s" * 32)
    assert await page.until_new(LONG)


async def test_a_hundred_pages_cost_one_look_at_a_time(bot: Bot, pages: Counting) -> None:
    held = [pages.open(whose(bot, f"{n:032}")) for n in range(100)]
    await asyncio.sleep(SOON)
    assert set(pages.looks) == {len(held)}
    assert len(pages.looks) <= SOON / open_pages.EVERY + 1


async def test_without_a_page_nobody_looks(bot: Bot, pages: Counting) -> None:
    page = pages.open(whose(bot, "s" * 32))
    await page.until_new(SOON)
    del page
    gc.collect()
    await asyncio.sleep(SOON)
    looks = len(pages.looks)
    await asyncio.sleep(SOON)
    assert len(pages.looks) == looks
    again = pages.open(whose(bot, "s" * 32))
    await again.until_new(SOON)
    assert len(pages.looks) > looks


async def test_what_was_said_while_the_store_was_away_is_heard_afterwards(
    bot: Bot, pages: Counting
) -> None:
    await bot.say("你好", session="s" * 32)
    page = pages.open(whose(bot, "s" * 32))
    assert await page.until_new(LONG)
    pages.away = True
    say(bot, "s" * 32)
    assert not await page.until_new(SOON)
    pages.away = False
    assert await page.until_new(LONG)


async def test_after_the_end_no_look_is_under_way(bot: Bot, pages: Counting) -> None:
    page = pages.open(whose(bot, "s" * 32))
    await page.until_new(SOON)
    await pages.close()
    looks = len(pages.looks)
    await asyncio.sleep(SOON)
    assert len(pages.looks) == looks
