"""Fifty neighbours claim one need at once, again and again.

The claims are shared among processes that fall asleep between statements; the same neighbour
may tap twice. Afterwards the books are looked through: one has it, all others were told so.
The naive way runs too, where the constraint is gone, and must fail, or the drill shows
nothing. Last line: one JSON; `violations` is 0 when the promises were kept.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError, OperationalError, TimeoutError

from actions import conversations
from actions.conversations import Author, Conversation
from actions.db import Database, Db
from actions.errors import Refusal
from actions.neighbours import asking
from actions.neighbours.candidates import Candidate
from actions.neighbours.model import HelpRequest, Match, MatchStatus, Status
from actions.neighbours.pair import TAKEN
from actions.neighbours.taps import TAPS
from actions.outbox import Notice
from actions.relay import relaying
from actions.square import Square
from actions.tables import METADATA
from actions.taps import Tap
from actions.wording import read_wording
from bench import stores
from bench.drills.booking import hurry_server, racing
from bench.drills.booking_deeds import doze, hurry
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import following
from knowledge.pack import load_pack

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=ZONE)
KIND = "borrow-tools"  # anybody may help with it
CROWD, ASKED = 50, 6
PROCESSES = 8
CONTROLS = 10  # trials of the naive way
ONE_ONLY = "uq_help_matches_taken"
SLOW = (OperationalError, TimeoutError)  # it is tried again
BROKEN = "broke a constraint"  # what is no refusal, but an error
YOURS, AGAIN, TAKEN_BY_ANOTHER = (
    "utter_help_yours",
    "utter_help_yours_already",
    "utter_help_taken",
)


def claim(db: Db, square: Square, talk: Conversation, request_id: int) -> str:
    """Claim by a button, as the gateway does it: deed and answer in one transaction."""
    conversations.hold(db, talk.id)
    try:
        with db.begin_nested():
            said = TAPS["claim_help"](db, square, Tap(talk, str(request_id), NOW)).response
    except Refusal as refusal:
        said = refusal.response
    conversations.say(db, talk, said, author=Author.ASSISTANT, now=NOW)
    return said


def race(url: str, square: Square, start: Barrier, parent: Connection, seed: int) -> None:
    """Do the share of one trial after another, until told None: a process's whole life."""
    database = Database(url)
    event.listen(database.engine, "before_cursor_execute", doze(random.Random(seed)))
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine, "connect", hurry)
    while (share := parent.recv()) is not None:
        way, request_id, who = share
        said: Counter[str] = Counter()
        start.wait()
        for conversation_id in who:
            said[WAYS[way](database, square, conversation_id, request_id)] += 1
        parent.send(said)
    database.close()


def carefully(database: Database, square: Square, who: str, request_id: int) -> str:
    """Claim, again while the store is busy."""
    while True:
        try:
            with database.transaction() as db:
                return claim(db, square, db.get_one(Conversation, who), request_id)
        except SLOW:
            continue
        except IntegrityError:
            return BROKEN


def naively(database: Database, square: Square, who: str, request_id: int) -> str:
    """Look whether it is free, and write as if it still were."""
    while True:
        try:
            with database.reading() as db:
                if db.get_one(HelpRequest, request_id).status != Status.OPEN:
                    return TAKEN_BY_ANOTHER
            with database.transaction() as db:
                talk = db.get_one(Conversation, who)
                db.get_one(HelpRequest, request_id).status = Status.MATCHED
                db.add(_match(request_id, talk, MatchStatus.ACCEPTED))
            return YOURS
        except SLOW:
            continue


WAYS: Mapping[str, Callable[[Database, Square, str, int], str]] = {
    "carefully": carefully,
    "naively": naively,
}


@dataclass
class Ring:
    """The processes of a race, on one database; alive from trial to trial."""

    database: Database
    square: Square
    crowd: list[str]  # conversation ids
    asker: str
    pipes: list[Connection]
    said: Counter[str] = field(default_factory=Counter)

    def run(self, way: str, request_id: int, who: Sequence[str]) -> Counter[str]:
        """Let all processes claim at once; returns what was said, and how often."""
        for number, pipe in enumerate(self.pipes):
            pipe.send((way, request_id, who[number :: len(self.pipes)]))
        said: Counter[str] = Counter()
        for pipe in self.pipes:
            said += pipe.recv()
        return said

    def need(self, asked: Sequence[str] = ()) -> int:
        """Post a need, and ask some about it, who have heard."""
        with self.database.transaction() as db:
            asker = db.get_one(Conversation, self.asker)
            wanted = NOW + timedelta(days=1)
            request = HelpRequest(
                kind_id=KIND,
                status=Status.OPEN,
                wanted_from=wanted,
                wanted_until=wanted,
                resident_id=asker.resident_id,
                conversation_id=asker.id,
                created_at=NOW,
                opened_at=NOW,
                expires_at=wanted,
            )
            db.add(request)
            db.flush()
            for one in asked:
                talk = db.get_one(Conversation, one)
                to = Candidate(talk.resident_id, talk.id, 1.0, None)
                asking.propose(db, self.square, request, to, step="town", now=NOW)
            for notice in db.scalars(
                select(Notice).where(Notice.response == "utter_help_asked")
            ):
                notice.tries = 1
            return request.id


def rush(ring: Ring, chance: random.Random) -> tuple[list[str], Counter[str]]:
    """Everybody claims, some twice; returns what is wrong, and what was said."""
    request_id = ring.need(chance.sample(ring.crowd, ASKED))
    who = [*ring.crowd, *chance.sample(ring.crowd, 5)]
    chance.shuffle(who)
    said = ring.run("carefully", request_id, who)
    wrong = check(ring, request_id)
    once = said[YOURS] == 1 and set(said) <= {YOURS, AGAIN, TAKEN_BY_ANOTHER}
    return wrong if once else [*wrong, "not one was told it is theirs"], said


def check(ring: Ring, request_id: int) -> list[str]:
    """Name everything that should not be in the books of a need."""
    with ring.database.reading() as db:
        request = db.get_one(HelpRequest, request_id)
        of_request = select(Match).where(Match.request_id == request_id)
        matches = db.scalars(of_request).all()
        taken = [match for match in matches if match.status in TAKEN]
        told = _count(db, ring.asker, "utter_help_coming", request_id)
        relay = relaying.of(db, f"help:{request_id}")
        helped = {match.conversation_id for match in taken}
        lapsed = [match for match in matches if match.status == MatchStatus.LAPSED]
        heard = sum(
            _count(db, m.conversation_id, "utter_help_found_other", request_id) for m in lapsed
        )
        wrong = {
            "several have it": len(taken) > 1,
            "nobody has it": not taken,
            "it is open still": request.status != Status.MATCHED,
            "asked still": any(m.status == MatchStatus.PROPOSED for m in matches),
            "who was asked was not told": heard != len(lapsed),
            "who asked was not told once": told != 1,
            "the line leads elsewhere": relay is None or relay.other_id not in helped,
        }
    return [name for name, is_so in wrong.items() if is_so]


@contextmanager
def ring_of(url: str, processes: int) -> Iterator[Ring]:
    """Start processes that race on a database with every table, and end them."""
    pack = load_pack(Path("knowledge/data/guali"))
    small = pack.model_copy(update={"articles": {}, "activities": {}, "lines": {}})
    square = Square(small, read_wording(ZONE))
    database = Database(url, busy_seconds=20)
    METADATA.create_all(database.engine)
    if database.engine.dialect.name == "postgresql":
        hurry_server(database)
    asker, *crowd = _people(database)
    try:
        with racing(race, url, square, processes) as pipes:
            yield Ring(database, square, crowd, asker, pipes)
    finally:
        database.close()


def drill(url: str, name: str, trials: int, processes: int, seed: int) -> dict[str, Any]:
    """Run so many trials on a database, then the naive way without the constraint."""
    chance = random.Random(seed)
    wrong: Counter[str] = Counter()
    said: Counter[str] = Counter()
    with ring_of(url, processes) as ring:
        for _ in following(range(trials), name):
            found, heard = rush(ring, chance)
            wrong.update(found)
            said += heard
        with ring.database.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP INDEX {ONE_ONLY}")
        oversold = 0
        for _ in range(min(CONTROLS, trials)):
            request_id = ring.need()
            ring.run("naively", request_id, ring.crowd)
            oversold += "several have it" in check(ring, request_id)
    return {
        "wrong": dict(wrong),
        "winners": said[YOURS],
        "told": said[TAKEN_BY_ANOTHER] + said[AGAIN],
        "control_oversold": oversold,
    }


def measure(
    store: str, trials: int, processes: int, seed: int, server: str = stores.SERVER
) -> dict[str, Any]:
    """Drill on a kind of database and return the figures."""
    with stores.empty(store, server) as url:
        found = drill(url, store, trials, processes, seed)
    return {
        "store": store,
        "trials": trials,
        "violations": sum(found["wrong"].values()),
        "control_failed": found["control_oversold"] > 0,
        **found,
    }


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    told = parser.parse_args()
    found = measure(told.store, told.trials, told.processes, told.seed)
    figure = (
        f"{found['trials']} needs, {CROWD} neighbours each: {found['winners']} winners, "
        f"{found['told']} others told so; the naive way had several "
        f"{found['control_oversold']} times"
    )
    held = found["violations"] == 0 and found["winners"] == found["trials"]
    conclude(found, P16=Verdict(held, found["trials"], figure, found["control_failed"]))


def _people(database: Database) -> list[str]:
    with database.transaction() as db:
        return [
            conversations.at_address(db, channel="webchat", address=f"r{n}", now=NOW).id
            for n in range(CROWD + 1)
        ]


def _match(request_id: int, talk: Conversation, status: MatchStatus) -> Match:
    return Match(
        request_id=request_id,
        helper_id=talk.resident_id,
        conversation_id=talk.id,
        status=status,
        step="town",
        asked_at=NOW,
    )


def _count(db: Db, conversation_id: str, response: str, request_id: int) -> int:
    """How often somebody was told something of a need."""
    owed = select(Notice.values).where(
        Notice.conversation_id == conversation_id, Notice.response == response
    )
    return sum(values.get("id") == request_id for values in db.scalars(owed))


if __name__ == "__main__":
    main()
