"""P5: an assistant that takes 0.1 to 30 seconds; no answer is late, and all arrive once."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from actions import sending
from actions.conversations import Author, Conversation, Message
from actions.db import Database
from actions.people.model import Address
from actions.sending import Sending
from actions.wording import Said
from bot import courier as bringing
from bot import gateway as life
from bot.app import put_together
from bot.channels.wechat import webhook
from bot.channels.wechat.account import account_of
from bot.channels.wechat.passive import merged
from bot.courier import Courier
from bot.media import Media
from tests.bot.channels.wechat.conftest import seal, settings_of
from tests.bot.channels.wechat.virtual import LoopClock, VirtualLoop, run
from tests.bot.channels.wechat.weixin import APP_ID, SECRET, Caller, Weixin
from tests.bot.conftest import Echo, made_of

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
GIVES_UP = 5.0  # seconds after which WeChat hears no answer
CALLS = 3
RESIDENTS = 12
MESSAGES = 2  # of each
TURN = 4.0  # seconds the assistant has, as in the product


@dataclass
class Slow(Echo):
    """Takes as long as chance says, each time anew."""

    chance: random.Random = field(default_factory=lambda: random.Random(20261124))

    async def reply(self, **asked: object) -> list[Said]:
        self.slow = self.chance.choice((0.1, 0.5, 2, 3.9, 4.1, 8, 30))
        return await super().reply(**asked)  # type: ignore[arg-type]


@dataclass
class Day:
    """What came of it all."""

    took: list[float] = field(default_factory=list)  # seconds until each answer
    arrived: Counter[tuple[str, str]] = field(default_factory=Counter)
    said: Counter[tuple[str, str]] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)  # states of what has not arrived
    over: int = 0

    def has_answered(self, took: float, who: str, reply: str) -> None:
        """Note an answer of the webhook that has reached WeChat."""
        self.took.append(took)
        self.arrived.update([(who, reply)] if reply else [])

    @property
    def late(self) -> int:
        return sum(took > 4.5 for took in self.took)


@dataclass
class People:
    """Residents who write, through a net that drops some of the answers."""

    caller: Caller
    day: Day
    drops: float
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    async def live(self, n: int) -> None:
        who = f"oGuali{n:022}"
        await asyncio.sleep(n / 3)
        for m in range(MESSAGES):
            await self.write(who, f"第{m}句", n * 10 + m + 1)
            await asyncio.sleep(self.chance.choice((0.2, 20, 60)))

    async def write(self, who: str, text: str, number: int) -> None:
        """Somebody writes, and WeChat calls up to three times."""
        loop, words = (
            asyncio.get_running_loop(),
            self.caller.words(text, who=who, number=number),
        )
        self.caller.weixin.wrote(who)
        for _ in range(CALLS):
            began = loop.time()
            reply = self.caller.read(await self.caller.call(words))
            took = loop.time() - began
            if took <= GIVES_UP and self.chance.random() >= self.drops:
                self.day.has_answered(took, who, reply)
                return
            self.day.took.append(took)
            await asyncio.sleep(max(0, GIVES_UP - took))


async def _day(
    database: Database, clock: LoopClock, folder: Path, *, drops: float, turn: float
) -> Day:
    day, weixin = Day(), Weixin(clock)
    made = made_of(database, clock, folder, Slow())
    made.gateway.ground.turn_seconds = turn
    server = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=weixin.app()), base_url="http://weixin"
    )
    platforms = {"wechat": account_of(server, APP_ID, SECRET)}
    made.gateway.ground.media = Media(database, clock, folder, platforms)
    settings = settings_of(folder, "http://weixin")
    app = put_together(replace(made, settings=settings, platforms=platforms), server)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
        base_url="http://bot",
    )
    people = People(Caller(client, clock, seal(), weixin), day, drops)
    courier = Courier(database, clock, platforms, folder)
    at_work = [
        asyncio.ensure_future(courier.run(threading.Event())),
        asyncio.ensure_future(life.background(made.gateway)()),
    ]
    await asyncio.gather(*map(people.live, range(RESIDENTS)))
    await asyncio.sleep(90)  # the last are handed over after a minute
    for task in at_work:
        task.cancel()
    await asyncio.gather(*at_work, return_exceptions=True)
    await client.aclose()
    await server.aclose()
    for who, text in weixin.sent:
        day.arrived[who, text] += 1
    day.over = weixin.over
    _look(database, day)
    return day


def _look(database: Database, day: Day) -> None:
    """Note everything we said; what one answer carried is one text."""
    with database.reading() as db:
        ours = db.execute(
            select(Message, Sending, Address.address)
            .join(Sending, Sending.message_id == Message.id)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .join(Address, Address.id == Conversation.address_id)
            .where(Message.author != Author.RESIDENT)
            .order_by(Message.id)
        ).all()
    texts: dict[tuple[str, str], list[Message]] = {}
    for message, one, who in ours:
        if one.state != "sent":
            day.left[one.state] += 1
            continue
        key = one.platform_id or f"alone-{message.id}"
        texts.setdefault((who, key), []).append(message)
    for (who, _), messages in texts.items():
        day.said[who, merged(messages)] += 1


Lived = Callable[..., Day]


@pytest.fixture
def lived(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lived:
    def live(drops: float = 0, turn: float = TURN) -> Day:
        monkeypatch.setattr(bringing, "EVERY", 0.5)  # looks cost real time
        loop = VirtualLoop()
        day = _day(database, LoopClock(loop), tmp_path, drops=drops, turn=turn)
        return run(loop, day, monkeypatch)

    return live


def test_no_answer_is_late_and_everything_arrives_once(lived: Lived) -> None:
    day = lived()
    assert day.late == 0
    assert len(day.took) == RESIDENTS * MESSAGES
    assert day.arrived == day.said
    assert (day.over, day.left) == (0, Counter())


def test_what_the_net_drops_is_asked_for_again_and_arrives_once(lived: Lived) -> None:
    """Answers that do not reach WeChat: it calls again, and gets the same."""
    day = lived(drops=0.2, turn=40)
    assert (day.late, day.over) == (0, 0)
    assert len(day.took) > RESIDENTS * MESSAGES
    assert not day.arrived - day.said
    missing = day.said - day.arrived
    assert sum(missing.values()) <= 2  # all three answers of one message were dropped


def test_without_an_end_to_the_waiting_answers_are_late(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    for name in ("WAIT", "TAKE_UNTIL", "LATEST"):
        monkeypatch.setattr(webhook, name, 60.0)
    assert lived(turn=40).late > 0


def test_without_noting_what_an_answer_carries_it_arrives_twice(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    take = sending.take_passively

    def forgetful(*args: object, **more: object) -> list[Sending]:
        taken = take(*args, **more)  # type: ignore[arg-type]
        for one in taken:
            one.state, one.platform_id = "waiting", ""
        return taken

    monkeypatch.setattr(sending, "take_passively", forgetful)
    day = lived()
    assert sum(day.arrived.values()) > sum(day.said.values())
