"""Bursts, broadcasts, storms and late answers, against a platform that counts every offence."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from actions import pacing
from actions.channels import CHANNELS
from actions.db import Database
from actions.sending import Priority, Way
from bot.channels.platform import Letter, Slowed
from bot.courier import Courier
from tests.bot.test_courier import bring, say
from tests.conftest import StandingClock

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

SECOND, A_BOT, A_CHAT = timedelta(seconds=1), 33, 1  # a burst of five on top of 28 in a second
MANY = Way(Priority.BROADCAST)


@dataclass
class Strict:
    """Telegram by its rules: who writes too often offends, and is told to wait."""

    clock: StandingClock
    name: str = "telegram"
    brought: list[tuple[datetime, str, str]] = field(default_factory=list)
    offences: Counter[str] = field(default_factory=Counter)
    storm: set[str] = field(default_factory=set)  # chats that are told to wait once
    late: int = 0  # so many answers come too late, after it was taken

    async def send(self, letter: Letter) -> str:
        now = self.clock.now()
        if letter.to in self.storm:
            self.storm.discard(letter.to)
            raise Slowed(5)
        lately = [to for at, to, _ in self.brought if at > now - SECOND]
        self.offences["bot"] += len(lately) >= A_BOT
        self.offences["chat"] += lately.count(letter.to) >= A_CHAT
        self.brought.append((now, letter.to, letter.text))
        if self.late:
            self.late -= 1
            raise TimeoutError
        await asyncio.sleep(0)
        return letter.key

    async def fetch(self, remote: str, most: int) -> bytes:
        raise LookupError(remote)

    def heard(self) -> dict[str, list[str]]:
        heard = defaultdict(list)
        for _, to, text in self.brought:
            heard[to].append(text)
        return heard


@pytest.fixture
def strict(clock: StandingClock) -> Strict:
    return Strict(clock)


@pytest.fixture
def one(database: Database, clock: StandingClock, strict: Strict, tmp_path: Path) -> Courier:
    return Courier(database, clock, {"telegram": strict}, tmp_path)


async def until(one: Courier, clock: StandingClock, strict: Strict, count: int) -> None:
    for _ in range(400):
        if len(strict.brought) >= count:
            return
        await bring(one, clock, apart=0.1)
    raise AssertionError(f"{len(strict.brought)} of {count}")


async def test_bursts_arrive_in_order_and_within_every_limit(
    one: Courier, clock: StandingClock, strict: Strict
) -> None:
    strict.storm = {"3", "7"}
    for chat in range(12):
        for number in range(5):
            say(one, str(chat), str(number))
    await until(one, clock, strict, 60)
    assert set(map(tuple, strict.heard().values())) == {tuple("01234")}
    assert +strict.offences == Counter()


async def test_without_paces_the_platform_is_offended(
    one: Courier, clock: StandingClock, strict: Strict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the limits."""
    monkeypatch.setattr(pacing, "room", lambda _paced, _pace, now: pacing.PLENTY)
    for chat in range(20):
        for number in range(2):
            say(one, str(chat), str(number))
    await until(one, clock, strict, 40)
    assert strict.offences["bot"] + strict.offences["chat"] > 0


async def test_a_reply_waits_for_no_broadcast(
    one: Courier, clock: StandingClock, strict: Strict
) -> None:
    for number in range(90):
        say(one, f"b{number}", "停水", way=MANY)
    waited = []
    for number in range(4):
        await bring(one, clock, 4, apart=0.1)
        asked = clock.now()
        say(one, f"r{number}", "答复")
        await bring(one, clock, 3, apart=0.1)
        waited += [at - asked for at, to, _ in strict.brought if to == f"r{number}"]
    assert len(waited) == 4
    assert max(waited) <= timedelta(seconds=0.1)
    assert +strict.offences == Counter()
    pace = CHANNELS["telegram"].bot
    assert pace is not None
    assert len(strict.brought) > 28 * 2  # and the broadcast went on meanwhile


async def test_what_a_platform_took_and_did_not_answer_is_sent_once_more_at_most(
    one: Courier, clock: StandingClock, strict: Strict
) -> None:
    strict.late = 2
    for chat in range(4):
        say(one, str(chat), "一")
    await bring(one, clock, 30, apart=1)
    assert sum(len(texts) - 1 for texts in strict.heard().values()) == 2
    assert all(len(texts) <= 2 for texts in strict.heard().values())
