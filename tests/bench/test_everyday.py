"""The town's talk goes on whether or not it is answered, each talker one message at a time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from bench.bot_api import Arrived, BotApi
from bench.everyday import KINDS, Answer, Chats, Everyday, Kind, Line, Page, percentile
from bench.peak import SURGE, TOWN
from bench.residents import AGAIN, CONFIRMATIONS


@dataclass
class Listener:
    """Answers after a while; remembers who said what, and whether somebody spoke twice."""

    takes: float = 0.0
    offers: bool = False
    heard: list[list[str]] = field(default_factory=list)
    at_once: int = 0
    left: int = 0

    def somebody(self) -> Line:
        said: list[str] = []
        self.heard.append(said)
        return One(self, said)


@dataclass
class One:
    town: Listener
    said: list[str]
    speaks: bool = False

    async def say(self, text: str) -> Answer:
        self.town.at_once += self.speaks
        self.speaks = True
        await asyncio.sleep(self.town.takes)
        self.speaks = False
        self.said.append(text)
        return Answer(self.town.takes, self.town.offers)

    def leave(self) -> None:
        self.town.left += 1


def town_of(listener: Listener, kinds: dict[str, Kind], rate: float = 100.0) -> Everyday:
    return Everyday(rate, ((1.0, "page", listener.somebody),), kinds, thinks=0.02)


TALK = {"one": Kind(1.0, ("a", AGAIN, "b"))}


async def test_who_talks_says_one_thing_after_the_other_and_yes_while_it_is_asked() -> None:
    plain, asking = Listener(), Listener(offers=True)
    for listener in (plain, asking):
        await town_of(listener, TALK).go_on(0.5)
        assert listener.at_once == 0
    assert ["a", AGAIN, "b"] in plain.heard
    assert ["a", *[AGAIN] * CONFIRMATIONS, "b"] in asking.heard


async def test_it_goes_on_though_nobody_answers() -> None:
    slow, quick = Listener(takes=0.4), Listener()
    counted = []
    for listener in (slow, quick):
        town = town_of(listener, TALK)
        await town.go_on(0.3)
        counted.append((town.counted["sent"], town.on_their_way))
    (sent_slowly, waiting), (sent_quickly, none) = counted
    assert sent_slowly > 10
    assert sent_quickly > 10
    assert waiting == sent_slowly
    assert none <= 1


async def test_a_window_has_what_was_answered_since_the_last() -> None:
    town = town_of(Listener(takes=0.01), TALK)
    assert town.window() == {"page.answers": 0}
    await town.go_on(0.3)
    assert town.window()["page.answers"] == town.counted["sent"]
    assert town.window() == {"page.answers": 0}
    assert all(seconds >= 0.01 for seconds in town.answers["page"])


async def test_on_telegram_the_answer_is_what_arrives_next_in_the_chat() -> None:
    api = BotApi()
    chats = Chats(api, "请稍等")
    listening = asyncio.create_task(chats.listen())
    line = chats.somebody()
    saying = asyncio.create_task(line.say("你好"))
    await asyncio.sleep(0.05)
    ((chat, texts),) = api.said.items()
    assert texts == ["你好"]
    api.arrived += [Arrived(chat, "请稍等", 0.0), Arrived("77", "您好", 0.0)]
    await asyncio.sleep(0.1)
    assert not saying.done()
    buttons = {"reply_markup": '{"inline_keyboard": []}'}
    api.call("sendMessage", {"chat_id": chat, "text": "您好", **buttons})
    answer = await saying
    assert answer.offers
    assert answer.seconds > 0.1
    listening.cancel()


def test_what_is_talked_of_has_its_share() -> None:
    assert sum(kind.share for kind in KINDS.values()) == pytest.approx(1)
    town = town_of(Listener(), dict(KINDS))
    begun = Counter(tuple(town.somebody().left) for _ in range(2000))
    for kind in KINDS.values():
        assert begun[kind.texts] / 2000 == pytest.approx(kind.share, abs=0.04)


async def test_messages_of_talks_that_ended_are_counted() -> None:
    listener = Listener()
    town = town_of(listener, TALK)
    await town.go_on(0.5)
    assert town.counted["ended"] == 3 * town.counted["talks"] > 0
    assert listener.left == town.counted["talks"]


async def test_a_visitors_page_is_open_until_they_leave() -> None:
    open_now = Counter[str]()

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Stream(request.headers["X-Session"], open_now))

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    async with client:
        page = Page(client, "http://bot", "请稍等")
        one, _other = page.visitor(), page.visitor()
        page.somebody()
        await asyncio.sleep(0.05)
        assert sorted(open_now.values()) == [1, 1]
        one.leave()
        await asyncio.sleep(0.05)
        assert sorted(open_now.values()) == [0, 1]
        await page.close()
    assert not any(open_now.values())
    assert page.counted["told_later"] == 2


@dataclass
class Stream(httpx.AsyncByteStream):
    """Says one thing, and stays open."""

    session: str
    open_now: Counter[str]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.open_now[self.session] += 1
        yield b"event: status\n\n"
        await asyncio.sleep(60)

    async def aclose(self) -> None:
        self.open_now[self.session] -= 1


def test_five_times_a_towns_peak_are_nine_messages_a_second() -> None:
    assert TOWN.peak == pytest.approx(1.8)
    assert pytest.approx(9) == SURGE * TOWN.peak


def test_the_slowest_of_few_is_the_slowest() -> None:
    assert percentile([0.3, 0.1, 0.2], 99) == 300.0
    assert percentile([0.3, 0.1, 0.2], 50) == 200.0
