"""What a town says on a day, by kind and share, in an open loop: on the page and on Telegram.

A message is begun whenever it is time, whether or not those before are answered. Each is the
next of somebody who has had the answer before, and has thought; where nobody has, somebody new
begins to talk.
"""

import asyncio
import random
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from bench.bot_api import Arrived, BotApi
from bench.chat import never_asked
from bench.residents import AGAIN, CONFIRMATIONS

PAGE, TELEGRAM = "page", "telegram"
ON_TELEGRAM = 0.2  # of all who talk
CHATS = 2000  # of Telegram, who come back in turn
THINKS = 4.0  # seconds between an answer and the next message, at least
PATIENCE = 120.0  # seconds for an answer
AGAIN_IN = 0.5  # seconds between two looks for an answer that takes longer
LOOKS = 0.02  # seconds between two looks for what has arrived on Telegram
ASKED = "?"  # stands for a question nobody has asked before


@dataclass(frozen=True)
class Kind:
    """A kind of talk: what part of all talks it is, and what is said in it.

    `AGAIN` stands for saying yes for as long as something is offered.
    """

    share: float
    texts: tuple[str, ...]


KINDS: Mapping[str, Kind] = {
    "knowledge": Kind(0.30, (ASKED, ASKED)),
    "hours": Kind(0.15, ("杭州书房现在开着吗", "那周日呢")),
    "bus": Kind(0.20, ("瓜沥公交站下一班车几点", "那末班车呢")),
    "booking": Kind(
        0.10, ("我想约下周六的书法社", AGAIN, "我约了什么", "取消书法社的预约", AGAIN)
    ),
    "request": Kind(
        0.08,
        ("我要报修", "路灯坏了，晚上黑漆漆的", "公交综合楼门口", AGAIN, "我报的事情怎么样了"),
    ),
    "small talk": Kind(0.10, ("你好", "谢谢")),
    "unknown": Kind(0.07, ("帮我算一下三十七乘四十八", "昨天股票涨了没有")),
}


@dataclass(frozen=True)
class Answer:
    """What came of a message: how long that took, and whether something is offered now."""

    seconds: float
    offers: bool
    with_a_person: bool = False
    came: bool = True


class Line(Protocol):
    """A way on which somebody is talked to; each talker has one."""

    async def say(self, text: str) -> Answer:
        """Say something; returns once it is answered for good, or patience is at its end."""

    def leave(self) -> None:
        """Say no more."""


@dataclass
class Page:
    """The chat page; `counted` says how often it was not at once as one would wish."""

    client: httpx.AsyncClient
    url: str
    still_working: str
    counted: Counter[str] = field(default_factory=Counter)
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    def somebody(self) -> Line:
        """Let somebody new come who writes, and listens to nothing else."""
        return _OnPage(self, secrets.token_urlsafe(24))

    def visitor(self) -> Line:
        """Let somebody new come whose page is open for as long as they talk."""
        session = secrets.token_urlsafe(24)
        return _OnPage(self, session, self.open(session))

    def open(self, session: str) -> asyncio.Task[None]:
        """Open a page, which is told what is said later, until the task is cancelled."""
        task = asyncio.create_task(self._listen(session))
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        return task

    async def close(self) -> None:
        """Close every page that is open."""
        for task in (still_open := list(self._open)):
            task.cancel()
        await asyncio.gather(*still_open, return_exceptions=True)

    async def _listen(self, session: str) -> None:
        address, who = f"{self.url}/api/chat/events", {"X-Session": session}
        while True:
            try:
                async with self.client.stream("GET", address, headers=who) as stream:
                    async for _ in stream.aiter_raw():
                        self.counted["told_later"] += 1
            except httpx.HTTPError:
                self.counted["stream_broken_off"] += 1
            await asyncio.sleep(AGAIN_IN)

    async def post(self, body: Mapping[str, str]) -> dict[str, Any] | None:
        """Send a message once; None when it was not taken."""
        try:
            answer = await self.client.post(f"{self.url}/api/chat", json=body)
        except httpx.HTTPError:
            self.counted["broken_off"] += 1
            return None
        self.counted["refused"] += not answer.is_success
        return dict(answer.json()) if answer.is_success else None


@dataclass
class _OnPage:
    page: Page
    session: str
    listening: asyncio.Task[None] | None = None

    async def say(self, text: str) -> Answer:
        body = {"session": self.session, "message_id": secrets.token_hex(8), "text": text}
        began, tries = time.monotonic(), 0
        while time.monotonic() - began < PATIENCE:
            if (said := await self.page.post(body)) is not None:
                replies, is_open = said["replies"], said["status"] == "open"
                if is_open or (replies and replies[-1]["text"] != self.page.still_working):
                    seconds = time.monotonic() - began
                    return Answer(seconds, bool(replies and replies[-1]["choices"]), is_open)
            self.page.counted["later"] += not tries
            tries += 1
            await asyncio.sleep(AGAIN_IN)
        return Answer(PATIENCE, offers=False, came=False)

    def leave(self) -> None:
        if self.listening:
            self.listening.cancel()


@dataclass
class Chats:
    """All chats on Telegram; `listen` has to run."""

    api: BotApi
    still_working: str
    _free: deque[int] = field(default_factory=lambda: deque(range(1, CHATS + 1)))
    _waiting: dict[str, asyncio.Future[Arrived]] = field(default_factory=dict)
    _heard: int = 0

    def somebody(self) -> Line:
        """Let whoever has been silent for longest write."""
        self._free.rotate(-1)
        return _OnTelegram(self, self._free[-1])

    async def listen(self) -> None:
        """Bring what arrives to whoever waits for it."""
        while True:
            await asyncio.sleep(LOOKS)
            new = self.api.arrived[self._heard :]
            self._heard += len(new)
            for one in new:
                comes = self._waiting.get(one.chat)
                if comes and not comes.done() and one.text != self.still_working:
                    comes.set_result(one)

    async def say(self, chat: int, text: str) -> Answer:
        """Write in a chat; returns once something has arrived there."""
        comes = self._waiting[str(chat)] = asyncio.get_running_loop().create_future()
        began = time.monotonic()
        self.api.write(chat, [text])
        try:
            answer = await asyncio.wait_for(comes, PATIENCE)
        except TimeoutError:
            return Answer(PATIENCE, offers=False, came=False)
        return Answer(answer.at - began, answer.offers)


@dataclass
class _OnTelegram:
    chats: Chats
    chat: int

    async def say(self, text: str) -> Answer:
        return await self.chats.say(self.chat, text)

    def leave(self) -> None:
        """A chat is there for good."""


@dataclass
class Talker:
    """Somebody in the middle of a talk."""

    channel: str
    line: Line
    left: list[str]
    said: int = 0
    yes: int = CONFIRMATIONS

    async def next(self) -> Answer:
        """Say the next thing, once more if it was yes and something is still offered."""
        text = next(QUESTIONS) if self.left[0] == ASKED else self.left[0]
        answer = await self.line.say(text)
        self.said += 1
        self.yes -= text == AGAIN
        if not (text == AGAIN and answer.offers and self.yes > 0):
            del self.left[0]
            self.yes = CONFIRMATIONS
        return answer


@dataclass
class Everyday:
    """A town that talks, so many messages a second, on these channels by their share.

    `answers` are the seconds each took, by channel; `on_their_way` had none when it was over;
    of `counted`, "ended" are the messages of talks that have come to their end.
    """

    rate: float
    channels: Sequence[tuple[float, str, Callable[[], Line]]]
    kinds: Mapping[str, Kind] = field(default_factory=lambda: KINDS)
    thinks: float = THINKS
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    counted: Counter[str] = field(default_factory=Counter)
    answers: dict[str, list[float]] = field(default_factory=dict)
    on_their_way: int = 0
    _thinking: deque[tuple[float, Talker]] = field(default_factory=deque)
    _told: Counter[str] = field(default_factory=Counter)

    async def go_on(self, seconds: float) -> None:
        """Talk for so long, and wait for the answers."""
        now = due = time.monotonic()
        end, saying = now + seconds, set[asyncio.Task[None]]()
        while due < end:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.create_task(self._say(self._who(), due))
            saying.add(task)
            task.add_done_callback(saying.discard)
            due += self.chance.expovariate(self.rate)
        self.on_their_way = len(saying)
        await asyncio.gather(*saying)

    def window(self) -> dict[str, float | None]:
        """Return how long the answers took that came since this was last asked."""
        found: dict[str, float | None] = {}
        for _, channel, _ in self.channels:
            new = self.answers.get(channel, [])[self._told[channel] :]
            self._told[channel] += len(new)
            found[f"{channel}.answers"] = len(new)
            if new:
                found |= {f"{channel}.p{p}_ms": percentile(new, p) for p in (50, 95, 99)}
        return found

    async def _say(self, talker: Talker, due: float) -> None:
        late = time.monotonic() - due  # ours, who ask: it is waiting, too
        self.counted["sent"] += 1
        answer = await talker.next()
        self.counted["unanswered"] += not answer.came
        self.counted["with_a_person"] += answer.with_a_person
        self.answers.setdefault(talker.channel, []).append(answer.seconds + late)
        if talker.left and answer.came and not answer.with_a_person:
            self._thinking.append((time.monotonic() + self.thinks, talker))
        else:
            talker.line.leave()
            self.counted["talks"] += 1
            self.counted["ended"] += talker.said

    def _who(self) -> Talker:
        if self._thinking and self._thinking[0][0] <= time.monotonic():
            return self._thinking.popleft()[1]
        return self.somebody()

    def somebody(self) -> Talker:
        """Let somebody new come, with something on their mind."""
        names = list(self.kinds)
        (kind,) = self.chance.choices(names, [self.kinds[name].share for name in names])
        (channel,) = self.chance.choices(self.channels, [share for share, *_ in self.channels])
        _, name, on_it = channel
        return Talker(name, on_it(), list(self.kinds[kind].texts))


def percentile(seconds: Sequence[float], p: int) -> float:
    """Return within how many milliseconds `p` percent were answered."""
    return round(1000 * sorted(seconds)[min(len(seconds) * p // 100, len(seconds) - 1)], 1)


QUESTIONS = never_asked()
