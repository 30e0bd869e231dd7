"""A day of a whole town on WeChat, and what WeChat allows: `make bench-wechat`.

180,000 residents follow the account; a sample of them is lived through with the product's own
inbox, sendings and courier on SQLite, on a clock that jumps from event to event. WeChat's side
keeps its own books: five messages in 48 hours after words, three in a minute after a tap. Some
messages arrive late, some twice or never, and people write while one is on its way. The naive
way, which does not count, runs too, and must go over. Last line: one JSON; `over` is 0.
"""

import argparse
import heapq
import logging
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import structlog
from sqlalchemy import func, select

from actions import conversations, leasing
from actions.channels import Heard
from actions.conversations import Author
from actions.db import Database
from actions.sending import Priority, Sending, Way
from actions.tables import METADATA
from actions.turns import EntryState, InboxEntry, close_entry
from bench.drills.verdict import Verdict, told
from bench.output import finish, say
from bench.peak import TOWN
from bot import inbox
from bot.channels.platform import Closed, Letter, Slowed
from bot.channels.wechat import passive
from bot.courier import Courier, Errand
from bot.message import InboundMessage
from bot.replies import way_of

START = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # midnight in the town
DAY = timedelta(hours=24)
WRITE, TAP = 0.08, 0.04  # of all residents, on one day
MORE, LATER, LONG = 0.6, 0.5, 0.15  # another message · another notice · a reply of three parts
BROADCASTS = (timedelta(hours=9), timedelta(hours=18))
READY_IN_TIME = 0.9  # of all replies: the webhook's answer carries them
LOST, BUSY, DOWN = 0.01, 0.005, 0.005  # it arrived and we hear nothing · wait · it did not
REPLY, LONG_REPLY = "每周二下午两点在三楼。", "每周二下午两点在三楼。" * 150


@dataclass
class Jumping:
    """A clock that shows the moment of the last event."""

    moment: datetime = START

    def now(self) -> datetime:
        return self.moment


@dataclass
class Books:
    """WeChat's own: until when, and how many, for each resident."""

    until: dict[str, datetime] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)

    def words(self, who: str, now: datetime) -> None:
        self.until[who], self.left[who] = now + timedelta(hours=48), 5

    def tap(self, who: str, now: datetime) -> None:
        """Not added up: the larger number, and the later end."""
        is_open = self.until.get(who, now) > now
        self.left[who] = max(self.left[who] if is_open else 0, 3)
        self.until[who] = max(self.until.get(who, now), now + timedelta(minutes=1))

    def takes(self, who: str, now: datetime) -> bool:
        """Count a message, if it is allowed."""
        allowed = self.until.get(who, now) > now and self.left[who] > 0
        self.counted["arrived" if allowed else "over"] += 1
        self.left[who] -= allowed
        return allowed


@dataclass
class Town:
    """Everybody's day, event by event."""

    database: Database
    folder: Path
    chance: random.Random
    residents: int
    clock: Jumping = field(default_factory=Jumping)
    books: Books = field(default_factory=Books)
    ahead: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    counted: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.courier = Courier(self.database, self.clock, {"wechat": _Nobody()}, self.folder)

    def at(self, moment: datetime, event: Callable[[], None]) -> None:
        heapq.heappush(self.ahead, (moment, next(self.numbers), event))

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        self.at(self.clock.now() + timedelta(seconds=seconds), event)

    def live(self) -> None:
        """Live through the day, and the hour after it."""
        for n in range(self.residents):
            self._plan(f"o{n:027}")
        for moment in BROADCASTS:
            self.at(START + moment, self._broadcast)
        end, told = START + DAY + timedelta(hours=1), START
        while self.ahead and self.ahead[0][0] <= end:
            self.clock.moment, _, event = heapq.heappop(self.ahead)
            event()
            if self.clock.moment - told > timedelta(hours=1):
                told = self.clock.moment
                say(f"{told - START} of 24 h: {dict(self.books.counted)}")

    def _plan(self, who: str) -> None:
        chance = self.chance.random()
        awake = START + timedelta(hours=self.chance.triangular(6, 23, 10))
        if chance < WRITE:
            self.at(awake, lambda: self._hears(who, Heard.WORDS))
        elif chance < WRITE + TAP:
            self.at(awake, lambda: self._hears(who, Heard.TAP))

    def _hears(self, who: str, heard: Heard) -> None:
        """Somebody writes or taps: WeChat counts anew, and calls us a moment later."""
        told = self.books.tap if heard == Heard.TAP else self.books.words
        told(who, self.clock.now())
        said_at = self.clock.now().replace(microsecond=0)
        number = f"{next(self.numbers)}"
        message = InboundMessage("wechat", who, number, "几点", heard=heard, said_at=said_at)
        self.after(self.chance.uniform(0.05, 0.5), lambda: self._kept(message))
        if self.chance.random() < MORE:
            more = self.chance.choice((3, 40, 600, 7200))
            self.after(self.chance.uniform(0, more), lambda: self._hears(who, Heard.WORDS))
        while self.chance.random() < LATER:
            self.after(self.chance.uniform(60, 30_000), lambda: self._notices(who))

    def _kept(self, message: InboundMessage) -> None:
        kept = inbox.keep(self.database, message, now=self.clock.now())
        self.counted["heard"] += 1
        ready = self.chance.random() < READY_IN_TIME
        seconds = self.chance.uniform(0.05, 3.9) if ready else self.chance.uniform(4, 30)
        self.after(seconds, lambda: self._replies(kept.entry_id))
        if ready:
            self.after(seconds + 0.01, lambda: self._takes(kept.entry_id))

    def _replies(self, entry_id: int) -> None:
        now = self.clock.now()
        with self.database.transaction() as db:
            entry = db.get_one(InboxEntry, entry_id)
            talk = db.get_one(conversations.Conversation, entry.conversation_id)
            text = LONG_REPLY if self.chance.random() < LONG else REPLY
            conversations.say(
                db,
                talk,
                text,
                author=Author.ASSISTANT,
                now=now,
                inbox_id=entry_id,
                way=way_of(entry),
            )
            close_entry(entry, EntryState.ANSWERED, now=now)
        self.after(5, self._bring)

    def _takes(self, entry_id: int) -> None:
        with self.database.transaction() as db:
            taken = passive.take(db, entry_id, now=self.clock.now())
        self.counted["passive"] += bool(taken)
        self.after(1.1, self._bring)

    def _notices(self, who: str) -> None:
        self._tell([who], Priority.NOTICE)

    def _broadcast(self) -> None:
        self._tell([f"o{n:027}" for n in range(self.residents)], Priority.BROADCAST)

    def _tell(self, whom: list[str], priority: Priority) -> None:
        now = self.clock.now()
        way = Way(priority, stale_at=now + timedelta(hours=12))
        for some in (whom[n : n + 500] for n in range(0, len(whom), 500)):
            with self.database.transaction() as db:
                for who in some:
                    talk = conversations.at_address(db, channel="wechat", address=who, now=now)
                    conversations.say(
                        db, talk, REPLY, author=Author.ASSISTANT, now=now, way=way
                    )
        self.after(0, self._bring)

    def _bring(self) -> None:
        """The courier looks: what it takes is on its way for a while."""
        with self.database.reading() as db:
            is_any = leasing.is_any_due(db, ["wechat"], now=self.clock.now())
        for errand in self.courier._take("wechat"):
            who, arrives = errand.letter.to, self.chance.choice((0.1, 0.3, 2.5))
            self.after(arrives, partial(self._arrives, errand, who))
        if is_any:
            self.after(0.1, self._bring)

    def _arrives(self, errand: Errand, who: str) -> None:
        fate = self.chance.random()
        if fate < BUSY:
            self.courier._not_sent(errand, Slowed(5, everywhere=True))
        elif fate < BUSY + DOWN:
            self.courier._not_sent(errand, ConnectionError())
        elif not self.books.takes(who, self.clock.now()):
            self.courier._not_sent(errand, Closed())
        elif fate < BUSY + DOWN + LOST:
            self.courier._not_sent(errand, TimeoutError())
        else:
            self.courier._sent(errand, "")
        for seconds in (0.1, 2.1, 5.1, 8.1):
            self.after(seconds, self._bring)


class _Nobody:
    """Stands for the platform where the courier wants to know which there are."""

    name = "wechat"

    async def send(self, letter: Letter) -> str:
        raise NotImplementedError

    async def fetch(self, remote: str, most: int) -> bytes:
        raise NotImplementedError


def live(residents: int, seed: int) -> dict[str, object]:
    """Live through a day; returns what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/town.db")
        METADATA.create_all(database.engine)
        town = Town(database, Path(folder), random.Random(seed), residents)
        town.live()
        with database.reading() as db:
            states = db.execute(
                select(Sending.state, func.count(Sending.id)).group_by(Sending.state)
            ).all()
        database.close()
    counted = town.books.counted
    return {
        "heard": town.counted["heard"],
        "answered_passively": town.counted["passive"],
        "arrived": counted["arrived"],
        "over": counted["over"],
        "sendings": {str(state): many for state, many in states},
    }


@contextmanager
def not_counting() -> Iterator[None]:
    """The naive way: send whatever waits."""
    may_write = vars(leasing)["may_write"]
    setattr(leasing, "may_write", lambda *_args, **_more: True)  # noqa: B010 - mypy: it is imported
    try:
        yield
    finally:
        setattr(leasing, "may_write", may_write)  # noqa: B010 - mypy: it is imported


def main() -> None:
    """Run the day, and the naive one in a smaller town."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sample", type=int, default=100, help="one resident of so many")
    asked.add_argument("--seed", type=int, default=7)
    said = asked.parse_args()
    quiet = structlog.make_filtering_bound_logger(logging.ERROR)
    structlog.configure(wrapper_class=quiet)  # what goes wrong on purpose is counted
    residents = TOWN.people // said.sample
    lived = live(residents, said.seed)
    with not_counting():
        naive = live(max(residents // 10, 50), said.seed)
    figure = (
        f"a day of {residents} residents on WeChat: {lived['arrived']} messages arrived, "
        f"{lived['over']} were tried beyond what it allows; {naive['over']} without counting"
    )
    verdict = Verdict(lived["over"] == 0, residents, figure, bool(naive["over"]))
    figures = {"town": TOWN.people, "lived_through": residents, "naive_over": naive["over"]}
    finish({**figures, **lived, **told(P5=verdict, P23=verdict)})


if __name__ == "__main__":
    main()
