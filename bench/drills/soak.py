"""A town talks at five times its peak for hours: `make soak [HOURS=1]`, or HOURS=24.

Messages of every kind come in on the page and on Telegram, whether or not those before are
answered. Every half minute it is noted what each process takes, how long answers took, what
waits and what the store weighs. Nothing may be lost, doubled or handed to a person; memory,
handles and the slowest answers must stay flat (`flat.py`). The control is a process that keeps
what it is given, watched by the same means. Last line: one JSON; with --keep all that was noted
goes to bench/results.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
from sqlalchemy import exists, func, select

from actions.conversations import Author, Conversation, Message, Status
from actions.db import Db
from actions.turns import EntryState, InboxEntry, TurnRow, TurnState
from bench.bot_api import BotApi
from bench.drills.flat import LEAST, slope, stays_quick
from bench.drills.running import Drill, until
from bench.drills.sampling import Watch, of_process, of_queues, of_sizes
from bench.drills.telegram import on_telegram
from bench.drills.verdict import Verdict, arguments, conclude, told
from bench.everyday import ON_TELEGRAM, PAGE, TELEGRAM, Chats, Everyday, Page, percentile
from bench.here import RESULTS, commit, machine
from bench.output import say
from bench.peak import SURGE, TOWN

PROCESSES = ("bot", "rasa", "actions", "worker")
# What may grow by how much in an hour: 8 MB are 1.3 GB in a week, after which one restarts.
MOST = {"memory_mb": 8.0, "threads": 1.0, "handles": 2.0}
EVERY = 30.0  # seconds between two samples; of a short run a twentieth of it
SETTLED = 300.0  # seconds until nothing is owed, at most
KEPT_UP = 10.0  # seconds' worth of messages may be on their way when the time is over
WRONG = ("lost", "unanswered", "silent", "answered_twice", "quarantined", "handed_over")
# The control: keeps 10 MB a second, and is watched for five seconds.
LEAK = "import time; kept = []\nwhile True: kept.append(bytearray(10**5)); time.sleep(0.01)"
STEADY = "import time; time.sleep(60)"


@dataclass
class Soaked:
    """What came of it: the figures, what was watched, and of what it was flat or not."""

    figures: dict[str, Any]
    watch: Watch

    @property
    def flat(self) -> dict[str, bool | None]:
        """Of each thing whether it stayed flat; None where the run was too short to say."""
        found = {
            f"{process}.{what}": is_flat(self.watch, f"{process}.{what}", most)
            for process in PROCESSES
            for what, most in MOST.items()
        }
        return found | {
            f"{channel}.p99_ms": stays_quick(*self.watch.series(f"{channel}.p99_ms"))
            for channel in (PAGE, TELEGRAM)
        }

    @property
    def slopes(self) -> dict[str, list[float]]:
        """The growth of memory in MB an hour: the likeliest, and within what it is."""
        found = {one: slope(*self.watch.series(f"{one}.memory_mb")) for one in PROCESSES}
        return {
            name: [round(each, 2) for each in (one.an_hour, one.low, one.high)]
            for name, one in found.items()
            if one
        }


def is_flat(watch: Watch, name: str, most: float) -> bool | None:
    """Whether a figure grew by no more than `most` an hour; None: that cannot be said."""
    found = slope(*watch.series(name))
    return found.is_flat(most) if found else None


def run(store: str, seconds: float, rate: float, seed: int) -> Soaked:
    """Let the town talk for so long."""
    with on_telegram(store, seed=seed) as here:
        drill, supervisor = here.drill, here.drill.assistant.supervisor
        began = {name: supervisor.pid(name) for name in PROCESSES}
        town, watch = asyncio.run(_talk(drill, here.api, seconds, rate))
        with suppress(TimeoutError):  # what is still owed then is told below
            until(lambda: drill.books.unfinished() == 0, SETTLED)
        with drill.books.database.reading() as db:
            kept = books(db, sent=town.counted["sent"])
        deeds = drill.books.done()
        same = [supervisor.pid(name) == began[name] for name in PROCESSES]
    figures = {
        "store": store,
        "seconds": round(seconds),
        "asked_a_second": round(rate, 2),
        "messages_a_second": round(town.counted["sent"] / seconds, 2),
        "on_their_way_at_the_end": town.on_their_way,
        **kept,
        **deeds,
        "unanswered": kept["unanswered"] + town.counted["unanswered"],
        "refused_as_too_quick": here.api.too_quick,
        "restarted": len(same) - sum(same),
        **{
            f"{channel}_p{p}_ms": percentile(town.answers[channel], p)
            for channel in (PAGE, TELEGRAM)
            for p in (50, 95, 99)
        },
        "counted": dict(town.counted),
    }
    return Soaked(figures, watch)


async def _talk(
    drill: Drill, api: BotApi, seconds: float, rate: float
) -> tuple[Everyday, Watch]:
    wait = drill.books.still_working
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=30, limits=limits, trust_env=False) as client:
        page, chats = Page(client, drill.assistant.url, wait), Chats(api, wait)
        town = Everyday(
            rate,
            (
                (1 - ON_TELEGRAM, PAGE, page.visitor),
                (ON_TELEGRAM, TELEGRAM, chats.somebody),
            ),
            chance=drill.chance,
        )
        watch = _watching(drill, town, min(EVERY, seconds / 20))
        listening = asyncio.create_task(chats.listen())
        watch.start()
        telling = asyncio.create_task(_tell(town, watch, seconds))
        await town.go_on(seconds)
        watch.stop()
        await page.close()
        telling.cancel()
        listening.cancel()
    town.counted.update(page.counted)
    return town, watch


def _watching(drill: Drill, town: Everyday, every: float) -> Watch:
    supervisor, database = drill.assistant.supervisor, drill.books.database
    processes = [of_process(name, partial(supervisor.pid, name)) for name in PROCESSES]
    stored = (of_queues(database, drill.now), of_sizes(database, drill.assistant.log_file))
    return Watch((*processes, *stored, town.window), every)


async def _tell(town: Everyday, watch: Watch, seconds: float) -> None:
    """Say now and then how it goes."""
    while True:
        await asyncio.sleep(max(20.0, seconds / 60))
        latest = {name: column[-1] for name, column in watch.columns.items()}
        memory = " ".join(f"{one} {latest.get(f'{one}.memory_mb')}" for one in PROCESSES)
        say(
            f"{watch.at[-1]:.0f} s: {town.counted['sent']} said, p99 on the page "
            f"{latest.get('page.p99_ms')} ms, MB: {memory}"
        )


def books(db: Db, sent: int) -> dict[str, int]:
    """Count what became of all that was sent: how much of it is not as it should be."""

    def count(what: Any) -> int:
        return db.scalar(select(func.count()).select_from(what)) or 0

    def entries(state: EntryState) -> int:
        return count(select(InboxEntry.id).where(InboxEntry.state == state).subquery())

    said = exists().where(Message.inbox_id == InboxEntry.id, Message.author != Author.RESIDENT)
    done = select(TurnRow.inbox_id).where(TurnRow.state == TurnState.DONE)
    twice = done.group_by(TurnRow.inbox_id, TurnRow.errand_id).having(func.count() > 1)
    is_open = select(Conversation.id).where(Conversation.status == Status.OPEN)
    return {
        "messages": sent,
        "lost": sent - count(InboxEntry),
        "unanswered": entries(EntryState.WAITING),
        "silent": count(select(InboxEntry.id).where(~said).subquery()),
        "answered_twice": count(twice.subquery()),
        "quarantined": entries(EntryState.QUARANTINED),
        "handed_over": entries(EntryState.HANDED_OVER) + count(is_open.subquery()),
    }


@contextmanager
def _child(program: str) -> Iterator[int]:
    child = subprocess.Popen((sys.executable, "-c", program))
    try:
        yield child.pid
    finally:
        child.kill()
        child.wait()


def leak_is_seen(seconds: float = 5.0) -> bool:
    """The control: of one process that keeps what it gets and one that does not, the first."""
    with ExitStack() as stack:
        pids = {"leaks": LEAK, "steady": STEADY}
        children = {name: stack.enter_context(_child(one)) for name, one in pids.items()}
        watch = Watch(
            [of_process(name, partial(int, pid)) for name, pid in children.items()],
            every=seconds / (3 * LEAST),
        )
        watch.start()
        time.sleep(seconds)
        watch.stop()
    found = {name: is_flat(watch, f"{name}.memory_mb", MOST["memory_mb"]) for name in pids}
    return found == {"leaks": False, "steady": True}


def verdict(
    figures: Mapping[str, Any], flat: Mapping[str, bool | None], control: bool
) -> Verdict:
    """Say whether it held, and what could not be said of so short a run."""
    grew = [name for name, stayed in flat.items() if stayed is False]
    open_ones = (name.partition(".")[2] for name, stayed in flat.items() if stayed is None)
    unsaid = ", ".join(dict.fromkeys(open_ones))
    kept_up = figures["on_their_way_at_the_end"] <= KEPT_UP * figures["asked_a_second"]
    wrong = [name for name in (*WRONG, "refused_as_too_quick", "restarted") if figures[name]]
    growth = ", ".join(f"{name} {one[0]}" for name, one in figures["slopes"].items())
    return Verdict(
        kept_up and not grew and not wrong,
        figures["messages"],
        f"{figures['messages']} messages in {figures['seconds']} s, "
        f"{figures['messages_a_second']} a second: {figures['lost']} lost, "
        f"{figures['handed_over']} to a person; 99 % within {figures['page_p99_ms']} ms on "
        f"the page; MB an hour: {growth or 'not said'}"
        + (f"; not as it should be: {', '.join((*wrong, *grew))}" if wrong or grew else ""),
        control,
        f"{figures['seconds']} s are too short to say of: {unsaid}" if unsaid else "",
    )


def _keep(soaked: Soaked, verdict: Verdict) -> None:
    """Write down all of it."""
    date, store = datetime.now(UTC).date().isoformat(), soaked.figures["store"]
    about = {"machine": machine(), "commit": commit(), "date": date}
    series = {"at_s": soaked.watch.at, **soaked.watch.columns}
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / f"soak-{date}-{store}.json"
    found = {**told(S5=verdict), **about, **soaked.figures, "series": series}
    file.write_text(json.dumps(found, ensure_ascii=False) + "\n", encoding="utf-8")
    say(f"all that was noted: {file}")


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--minutes", type=float, default=0.0, help="instead of hours")
    parser.add_argument(
        "--rate", type=float, default=SURGE * TOWN.peak, help="messages a second"
    )
    parser.add_argument("--keep", action="store_true", help="all of it, in bench/results")
    asked = parser.parse_args()
    say("the control: a process that keeps what it is given")
    control = leak_is_seen()
    seconds = 60 * asked.minutes or 3600 * asked.hours
    soaked = run(asked.store, seconds, asked.rate, asked.seed)
    soaked.figures |= {"flat": soaked.flat, "slopes": soaked.slopes}
    found = verdict(soaked.figures, soaked.flat, control)
    if asked.keep:
        _keep(soaked, found)
    conclude(soaked.figures, S5=found)


if __name__ == "__main__":
    main()
