"""Several of everything on one PostgreSQL, against one of each: `make drill-growing`.

Residents write bursts, each message at the next gateway; then they converse while one process
after the other is restarted, and one of each kind is killed. One control has gateways that know
nothing of one another; the other, where there are cores to show it, has no Rasa more than
before. Last line: one JSON; whatever `WRONG` names is 0 when the promises were kept.
"""

import argparse
import asyncio
import os
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx
from sqlalchemy import func, select

from actions.conversations import Author, Conversation, Message
from actions.db import Db
from actions.turns import InboxEntry, TurnRow, TurnState
from bench import stores
from bench.drills.careless import careless
from bench.drills.running import WRONG as WRONG_OF_DRILL
from bench.drills.running import Drill, drilling_on, until
from bench.drills.telegram import QUESTIONS, two_at_once
from bench.drills.verdict import Verdict, conclude
from bench.output import say
from bench.residents import Resident
from setup.programs import programs

KINDS = {"rasa": "RASA_WORKERS", "actions": "ACTIONS_WORKERS", "bot": "GATEWAYS"} | {
    "worker": "WORKERS"
}
APART = 0.02  # seconds between two messages of a burst
AT_ONCE = 256  # connections of all residents together
SETTLED = 3600.0  # seconds until nothing waits, at most
BETWEEN = 2.0  # seconds in which residents get on between two restarts
CORES = 4  # for one of each kind of process, so that none waits for another
TIMES_AS_MANY = 1.8  # messages a second of two of each, where there are cores for them
# What gateways do that know nothing of one another; they also take turns from one another.
APART_THEY = ("out_of_order", "two_turns_at_once", "turns_given_up")
CONTROL = 40  # conversations that show it
WRONG = (*WRONG_OF_DRILL, "out_of_order", "two_turns_at_once")


@dataclass
class Anywhere(Resident):
    """A resident whose every message comes in at some gateway, as behind a reverse proxy."""

    urls: Sequence[str] = ()
    posts: int = 0

    def __hash__(self) -> int:
        return id(self)

    def post(self, client: httpx.Client, message_id: str, text: str) -> dict[str, Any] | None:
        self.posts += 1
        self.url = self.urls[self.posts % len(self.urls)]
        return super().post(client, message_id, text)


@dataclass
class Grown:
    """An arrangement of processes under load."""

    drill: Drill
    many: Mapping[str, int]
    restarted: list[str] = field(default_factory=list)

    @property
    def urls(self) -> Sequence[str]:
        return self.drill.assistant.urls

    @property
    def names(self) -> list[str]:
        """The names of all processes."""
        return [
            kind if n == 1 else f"{kind}-{n}"
            for kind, many in self.many.items()
            for n in range(1, many + 1)
        ]

    def wait_until_all_answer(self) -> None:
        supervisor = self.drill.assistant.supervisor
        until(lambda: all(map(supervisor.answers, self.names)))

    def burst(self, conversations: int, messages: int) -> dict[str, Any]:
        """Let so many write so many messages each at once; returns how it went."""
        began = time.monotonic()
        asyncio.run(_write_all(self.urls, conversations, messages))
        until(lambda: self.drill.books.unfinished() == 0, SETTLED)
        seconds = time.monotonic() - began
        with self.drill.books.database.reading() as db:
            return {
                "messages": conversations * messages,
                "seconds": round(seconds, 1),
                "messages_per_s": round(conversations * messages / seconds, 1),
                **_answered_in(db),
                "turns_given_up": _given_up(db),
                "by_seat": sorted(_by_seat(db).values()),
                "lost": conversations * messages - _kept(db),
                "out_of_order": out_of_order(db),
                "two_turns_at_once": two_at_once(db),
                "handed_over": self.drill.books.handed_over(),
            }

    @contextmanager
    def conversing(self, residents: int) -> Iterator[None]:
        """Let residents converse meanwhile, at whichever gateway."""
        still_working = self.drill.books.still_working
        begun = [
            Anywhere(self.urls[0], still_working, seed, urls=self.urls)
            for seed in range(residents)
        ]
        with self.drill.among(begun):
            yield

    def restart_each(self) -> None:
        """Restart one process after the other, as for a new version."""
        for name in self.names:
            self._end(name, self.drill.assistant.restart)
            self.restarted.append(name)

    def kill_one_of_each(self) -> None:
        """Kill the last of each kind."""
        for kind, many in self.many.items():
            name = kind if many == 1 else f"{kind}-{many}"
            self._end(name, self.drill.assistant.kill)
            self.drill.killed.append(name)

    def _end(self, name: str, how: Any) -> None:
        supervisor = self.drill.assistant.supervisor
        before = supervisor.pid(name)
        how(name)
        until(lambda: supervisor.pid(name) != before and supervisor.answers(name))
        say(f"{name} ended and is back")
        time.sleep(BETWEEN)


@contextmanager
def grown(many: int, *, rasas: int = 0, way: str = "") -> Iterator[Grown]:
    """Run so many of every process on a database of its own.

    A control has fewer `rasas` than that, or gateways careless in a `way`.
    """
    several = {setting: str(many) for setting in KINDS.values()}
    several |= {"RASA_WORKERS": str(rasas or many)}
    # All of them together have to stay below PostgreSQL's hundred.
    few = {"DATABASE_CONNECTIONS": str(10 if many > 1 else 20)}
    table = careless(way) if way else programs
    with drilling_on(stores.POSTGRESQL, variables=several | few, table=table) as drill:
        arrangement = Grown(drill, {**dict.fromkeys(KINDS, many), "rasa": rasas or many})
        arrangement.wait_until_all_answer()
        yield arrangement


async def _write_all(urls: Sequence[str], conversations: int, messages: int) -> None:
    limits = httpx.Limits(max_connections=AT_ONCE)
    patience = httpx.Timeout(30, pool=None)
    async with httpx.AsyncClient(trust_env=False, timeout=patience, limits=limits) as client:
        writing = (_write(client, urls, n, messages) for n in range(conversations))
        await asyncio.gather(*writing)


async def _write(
    client: httpx.AsyncClient, urls: Sequence[str], number: int, messages: int
) -> None:
    session, sending = secrets.token_urlsafe(24), []
    for n in range(messages):
        text = QUESTIONS[(number + n) % len(QUESTIONS)]
        body = {"session": session, "message_id": f"m{n}", "text": text}
        sending.append(asyncio.create_task(_send(client, urls, number + n, body)))
        await asyncio.sleep(APART)
    await asyncio.gather(*sending)


async def _send(
    client: httpx.AsyncClient, urls: Sequence[str], first: int, body: Mapping[str, str]
) -> None:
    """Send a message until it is taken, at one gateway after the other."""
    number = first
    while True:
        try:
            answer = await client.post(f"{urls[number % len(urls)]}/api/chat", json=body)
            if answer.is_success:
                return
        except httpx.HTTPError:
            pass
        number += 1
        await asyncio.sleep(0.2)


def out_of_order(db: Db) -> int:
    """Count messages whose answer came before that of one that had come in earlier."""
    last_word = (
        select(InboxEntry.conversation_id, func.max(Message.id))
        .join(Message, Message.inbox_id == InboxEntry.id)
        .where(Message.author != Author.RESIDENT)
        .group_by(InboxEntry.id)
        .order_by(InboxEntry.id)
    )
    said: dict[str | None, list[int]] = defaultdict(list)
    for talk, message_id in db.execute(last_word):
        said[talk].append(message_id)
    return sum(
        sum(later < earlier for earlier, later in pairwise(ids)) for ids in said.values()
    )


def _answered_in(db: Db) -> dict[str, float]:
    rows = select(InboxEntry.received_at, InboxEntry.finished_at)
    took = sorted((done - came).total_seconds() for came, done in db.execute(rows) if done)
    return {f"answer_p{p}_s": round(took[len(took) * p // 100], 2) for p in (50, 95)}


def _kept(db: Db) -> int:
    return db.scalars(select(func.count(InboxEntry.id))).one()


def _given_up(db: Db) -> int:
    lost = select(func.count()).where(TurnRow.state == TurnState.GIVEN_UP)
    return db.scalars(lost).one()


def _by_seat(db: Db) -> Counter[str]:
    return Counter(db.scalars(select(Conversation.seat)))


def verdicts(figures: Mapping[str, Any], cores: int) -> dict[str, Verdict]:
    """Say of each promise what the figures show; `cores` are this machine's."""
    several, many = figures["several_of_each"], figures["many"]
    wrong = [name for name in WRONG if figures[name]]
    lost = figures["one_of_each"]["lost"] + several["lost"]
    control = figures["gateways_apart"]
    ended = len(figures["restarted"]) + sum(figures["kills"].values())
    times, wanted = figures["times_as_many"], CORES * many
    enough = cores >= wanted
    said = f"{many} of each answer {times} times as many messages as one of each"
    return {
        "P29": Verdict(
            not wrong and not lost,
            several["messages"] + figures["messages"],
            f"{many} of each, {ended} restarted or killed: {lost} lost, "
            f"{figures['out_of_order']} out of order, {figures['two_turns_at_once']} turns at "
            f"once, {figures['answered_twice']} answered twice"
            + (f"; not as it should be: {', '.join(wrong)}" if wrong else ""),
            any(control[name] for name in APART_THEY),
        ),
        "S4": Verdict(
            times >= TIMES_AS_MANY if enough else None,
            several["messages"] if enough else 0,
            said,
            figures["without_more_rasas"] < TIMES_AS_MANY if enough else None,
            "" if enough else f"throughput: {wanted} cores show it, here are {cores}",
        ),
    }


def compare(conversations: int, burst: int, residents: int, many: int) -> dict[str, Any]:
    """Run one of each, then several, which are restarted and killed."""
    with grown(1) as one:
        alone = one.burst(conversations, burst)
        say(f"one of each: {alone}")
    with grown(many) as several:
        bursts = several.burst(conversations, burst)
        say(f"{many} of each: {bursts}")
        with several.conversing(residents):
            several.restart_each()
            several.kill_one_of_each()
        checked = several.drill.figures()
        with several.drill.books.database.reading() as db:
            overlapping = two_at_once(db)
    return {
        "many": many,
        "one_of_each": alone,
        "several_of_each": bursts,
        "times_as_many": round(bursts["messages_per_s"] / alone["messages_per_s"], 2),
        "restarted": several.restarted,
        **checked,
        "out_of_order": alone["out_of_order"] + bursts["out_of_order"],
        "two_turns_at_once": alone["two_turns_at_once"] + overlapping,
    }


def main() -> None:
    """Drill as long as the command line says."""
    parser = argparse.ArgumentParser(prog="make drill-growing")
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument("--burst", type=int, default=5, help="messages of each at once")
    parser.add_argument("--residents", type=int, default=6, help="who converse meanwhile")
    parser.add_argument("--many", type=int, default=2, help="of every process")
    asked = parser.parse_args()
    cores = os.cpu_count() or 1
    figures = compare(asked.conversations, asked.burst, asked.residents, asked.many)
    few = min(asked.conversations, CONTROL)
    say("the control: gateways that know nothing of one another")
    with grown(asked.many, way="each_by_itself") as apart:
        figures["gateways_apart"] = apart.burst(few, asked.burst)
    if cores >= CORES * asked.many:
        say("the control: no Rasa more")
        with grown(asked.many, rasas=1) as same:
            found = same.burst(asked.conversations, asked.burst)["messages_per_s"]
        before = figures["one_of_each"]["messages_per_s"]
        figures["without_more_rasas"] = round(found / before, 2)
    conclude(figures, **verdicts(figures, cores))


if __name__ == "__main__":
    main()
