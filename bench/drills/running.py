"""A running assistant for a drill: residents converse, processes die, the books are audited."""

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from actions.clock import open_clock
from actions.db import Database
from actions.wording import read_wording
from bench import stores
from bench.audit import Books
from bench.output import say
from bench.proxy import Proxy
from bench.residents import Resident, Tried, Writer
from bench.wire import Wire
from bot.settings import Settings
from setup import processes
from setup import settings as setup_settings
from setup.processes import Program
from setup.programs import programs
from setup.supervisor import Assistant, Table

ZONE = ZoneInfo("Asia/Shanghai")
TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=ZONE)
OURS = ("bot", "actions", "worker")  # what is killed often; Rasa takes long to come back
WORKING = 4.0  # seconds in which residents get on before the next kills, at most
PAUSE = 0.5  # seconds between two kills of a round, at most
BACK_AFTER = 1.0  # seconds until who was killed is started again, at most
COMING_BACK = 180.0  # seconds a process, or the last answer, may take


@dataclass
class Drill:
    """A running assistant, the residents who write to it, and its books."""

    assistant: Assistant
    books: Books
    chance: random.Random
    residents: list[Resident] = field(default_factory=list)
    writers: list[Writer] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)
    _dead: dict[str, int] = field(default_factory=dict)

    def now(self) -> datetime:
        """Return what the assistant's clock says."""
        return open_clock(self.assistant.clock_file).now()

    @contextmanager
    def conversing(self, how_many: int) -> Iterator[None]:
        """Let residents converse meanwhile; afterwards all they said has been dealt with."""
        still_working = self.books.still_working
        begun = [
            Resident(self.assistant.url, still_working, self.chance.randrange(10**6))
            for _ in range(how_many)
        ]
        with self.among(begun):
            yield

    @contextmanager
    def among(self, begun: Sequence[Resident]) -> Iterator[None]:
        """Let these residents converse meanwhile, until all they said has been dealt with."""
        self.residents += begun
        for resident in begun:
            resident.start()
        yield
        for resident in begun:
            resident.over.set()
        for resident in begun:
            resident.join(COMING_BACK)
        until(lambda: self.books.unfinished() == 0)

    @contextmanager
    def writing(
        self, how_many: int, *, until_dealt_with: bool = True
    ) -> Iterator[list[Writer]]:
        """Let some write meanwhile who send nothing twice; afterwards all is dealt with."""
        begun = [Writer(self.assistant.url) for _ in range(how_many)]
        self.writers += begun
        for writer in begun:
            writer.start()
        yield begun
        for writer in begun:
            writer.over.set()
        for writer in begun:
            writer.join(COMING_BACK)
        if until_dealt_with:
            until(lambda: self.books.unfinished() == 0)

    def tried(self) -> list[Tried]:
        """Return every try of everybody so far."""
        everybody: list[Resident | Writer] = [*self.residents, *self.writers]
        return [one for who in everybody for one in list(who.tried)]

    def taken_again(self, well: float) -> float:
        """Return how many seconds after all was well again somebody who writes is heard."""
        until(lambda: any(writer.taken_since(well) for writer in self.writers))
        return round(time.monotonic() - well, 2)

    def kill(self, names: Sequence[str]) -> None:
        """Kill processes in the middle of conversations, each as often as it is named.

        Between two rounds residents get on with what they want: a drill in which nothing
        works shows nothing. In a round one to three processes die at random moments.
        """
        left = list(names)
        while left:
            until(lambda: all(map(self._is_well, {*OURS, "rasa"})))
            time.sleep(self.chance.uniform(0, WORKING))
            there = sorted(set(left))
            for name in self.chance.sample(there, min(len(there), self.chance.randint(1, 3))):
                time.sleep(self.chance.uniform(0, PAUSE))
                dead = self.assistant.supervisor.pid(name)
                self.assistant.kill(name)
                self._dead[name] = dead
                self.killed.append(name)
                left.remove(name)
            say(f"killed {len(self.killed)}; {len(left)} to go")

    def _is_well(self, name: str) -> bool:
        supervisor = self.assistant.supervisor
        return supervisor.pid(name) != self._dead.get(name) and supervisor.answers(name)

    def recovery(self) -> float:
        """Return after how many seconds somebody new gets an answer."""
        began = time.monotonic()
        visitor = Resident(self.assistant.url, self.books.still_working, 0)
        visitor.start()
        until(lambda: any(map(visitor.answered, visitor.sent)))
        visitor.over.set()
        visitor.join(COMING_BACK)
        return round(time.monotonic() - began, 2)

    def figures(self) -> dict[str, Any]:
        """Return what was done, how long it took, and what should not be."""
        sent = [each for resident in self.residents for each in resident.sent]
        return {
            "kills": dict(Counter(self.killed)),
            "residents": len(self.residents),
            "messages": len(sent),
            "sent_again": sum(len(r.tried) for r in self.residents) - len(sent),
            "slowest_reply_s": round(max((each.seconds for each in sent), default=0.0), 2),
            "acknowledged": sum(len(one.acknowledged) for one in self.writers),
            "lost_words": self.books.missing(
                text for one in self.writers for text in one.acknowledged
            ),
            **self.books.done(),
            "handed_over": self.books.handed_over(),
            "without_a_word": sum(not each.honest for each in sent),
            **self.books.check(self.residents),
        }


WRONG = (
    *(
        "without_a_word",
        "lost",
        "changed_when_asked_again",
        "unanswered",
        "quarantined",
        "silent",
    ),
    *("answered_twice", "rows_without_confirmation", "confirmations_without_row"),
)


@contextmanager
def drilling(
    folder: Path,
    *,
    seed: int = 1,
    variables: Mapping[str, str] = MappingProxyType({}),
    **more: Any,
) -> Iterator[Drill]:
    """Run an assistant of its own for a drill; `more` goes to `Assistant`."""
    told_it = {"RATE_LIMIT": "100000/minute", **variables}
    processes.LONGEST_PAUSE = BACK_AFTER  # who is killed did not crash for good
    with Assistant(folder, clock=TUESDAY, variables=told_it, **more) as assistant:
        told = assistant.settings
        store = Settings(state_dir=told.state_dir, database_url=told.database_url).database
        database = Database(store)
        try:
            books = Books(database, read_wording(ZONE))
            yield Drill(assistant, books, random.Random(seed))
        finally:
            database.close()


@contextmanager
def drilling_on(store: str, **more: Any) -> Iterator[Drill]:
    """Run an assistant on an empty store of a kind; `more` goes to `drilling`."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="xiaoli-drill-"))
        if store == stores.POSTGRESQL:
            more["database_url"] = stack.enter_context(stores.empty(store))
        drill = stack.enter_context(drilling(Path(folder), **more))
        say(f"the assistant runs on {store}; its log is {drill.assistant.log_file}")
        yield drill


def between(to_rasa: Proxy, to_actions: Proxy, to_database: Wire | None = None) -> Table:
    """Return the table of programs with a proxy before Rasa and one before the actions.

    With a wire all of them reach their PostgreSQL through it.
    """

    def table(settings: setup_settings.Settings) -> list[Program]:
        by_name = {program.name: program for program in programs(settings)}
        to_rasa.server_port = by_name["rasa"].port or 0
        to_actions.server_port = by_name["actions"].port or 0
        detours = {
            "bot": {"RASA_URL": f"http://127.0.0.1:{to_rasa.port}"},
            "rasa": {"ACTIONS_PORT": str(to_actions.port)},
        }
        told = [
            replace(program, environment={**program.environment, **detours.get(name, {})})
            for name, program in by_name.items()
        ]
        return through(to_database, told) if to_database else told

    return table


def through(wire: Wire, table: Sequence[Program]) -> list[Program]:
    """Return the programs as they reach their PostgreSQL through a wire."""
    return [
        replace(one, environment={**one.environment, "DATABASE_URL": wire.detour(said)})
        if (said := one.environment.get("DATABASE_URL"))
        else one
        for one in table
    ]


def until(holds: Callable[[], bool], seconds: float = COMING_BACK) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: it never did.
    """
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"it never came to that within {seconds:.0f} s")
        time.sleep(0.1)
