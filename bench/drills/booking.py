"""Many processes want the same few places, in every way there is.

Every trial is one crowd, its requests all sent twice, to processes that fall asleep between
statements; afterwards the books are looked through. The naive ways run too and must fail, or
the drill shows nothing. Last line: one JSON; `violations` is 0 when the promises were kept.
"""

import multiprocessing
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update

from actions import conversations
from actions.booking.model import HOLDING, IN_LINE, Booking, EntryStatus, Session, WaitlistEntry
from actions.booking.programme import Programme
from actions.db import Database, Db
from actions.outbox import Notice, NoticeState
from actions.people.model import Area, Role, Staff
from actions.tables import METADATA
from actions.wording import read_wording
from bench import stores
from bench.drills.booking_deeds import Request, race
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import following
from knowledge.pack import load_pack

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 11, 24, 10, 0, tzinfo=ZONE)
APART = timedelta(days=10)  # each trial has days of its own
ACTIVITY = "club-calligraphy"
CROWD = 48
CONTROLS = {
    "sqlite": ("check_then_insert",),
    "postgresql": ("check_then_insert", "repeatable_read"),
}
# What a resident goes on to do, and how often beside the others.
THEN = {"cancel": 5, "accept": 4, "decline": 2, "leave": 2, "change": 2, "exchange": 2}
ORGANISERS = ("expire", "deliver", "deliver", "deliver", "write")


@dataclass
class Ring:
    """The processes of a race, on one database; alive from trial to trial."""

    database: Database
    programme: Programme
    crowd: list[str]  # conversation ids
    staff_id: int
    pipes: list[Connection]
    counted: Counter[str] = field(default_factory=Counter)
    trials: int = 0

    def run(self, requests: Sequence[Request], now: datetime) -> None:
        """Let all processes do their share of the requests at once."""
        for number, pipe in enumerate(self.pipes):
            pipe.send((now, requests[number :: len(self.pipes)]))
        for pipe in self.pipes:
            self.counted += pipe.recv()

    def sessions(self, places: Sequence[int]) -> tuple[datetime, list[int]]:
        """Make sessions on days of their own; returns when it is now, and their ids."""
        now = BEGIN + self.trials * APART
        self.trials += 1
        made = []
        with self.database.transaction() as db:
            waiting = update(Notice).where(Notice.state == NoticeState.WAITING)
            db.execute(waiting.values(state=NoticeState.CANCELLED))
            for number, seats in enumerate(places):
                starts = now + timedelta(days=3, hours=number)
                made.append(
                    Session(
                        activity_id=ACTIVITY,
                        planned_at=starts,
                        starts_at=starts,
                        ends_at=starts + timedelta(hours=1),
                        places=seats,
                        taken=0,
                        waitlist_next=0,
                        by_hand=True,
                        staff_id=self.staff_id,
                    )
                )
            db.add_all(made)
            db.flush()
            return now, [session.id for session in made]


def rush(ring: Ring, chance: random.Random) -> list[str]:
    """Everybody wants one place: exactly as many are sold as there are, or are wanted."""
    places, demand = chance.randint(1, 12), chance.randint(4, CROWD)
    now, (session_id,) = ring.sessions([places])
    who = chance.sample(ring.crowd, demand)
    deed = chance.choice(("book", "tap", "join"))
    ring.run(_twice([Request(deed, one, session_id) for one in who], chance), now)
    wrong = check(ring, session_id)
    with ring.database.reading() as db:
        sold = db.get_one(Session, session_id).taken
    return wrong if sold == min(places, demand) else [*wrong, "not exactly as many as could be"]


def bustle(ring: Ring, chance: random.Random) -> list[str]:
    """Everybody comes and goes between two sessions while organisers and worker are at it."""
    now, ids = ring.sessions([chance.randint(1, 6), chance.randint(1, 6)])
    wishes = []
    for one in chance.sample(ring.crowd, chance.randint(8, CROWD // 2)):
        first = chance.choice(("book", "tap", "join", "join"))
        wishes.append(Request(first, one, chance.choice(ids), chance.choice((1, 1, 1, 2, 3))))
        for deed in chance.choices(list(THEN), list(THEN.values()), k=chance.randint(0, 4)):
            here, there = chance.sample(ids, 2)
            number = there if deed == "exchange" else chance.randint(1, 3)
            wishes.append(Request(deed, one, here, number))
    wishes += [Request(deed, ring.crowd[0], ids[0]) for deed in ORGANISERS]
    ring.run(_twice(wishes, chance), now)
    return [wrong for session_id in ids for wrong in check(ring, session_id)]


def oversells(ring: Ring, deed: str, chance: random.Random) -> bool:
    """Whether a naive way sells more places than there are, as it should."""
    now, (session_id,) = ring.sessions([4])
    ring.run(_twice([Request(deed, one, session_id) for one in ring.crowd], chance), now)
    with ring.database.reading() as db:
        return len(_held(db, session_id)) > 4


def check(ring: Ring, session_id: int) -> list[str]:
    """Name everything that should not be in the books of a session."""
    with ring.database.reading() as db:
        session, held = db.get_one(Session, session_id), _held(db, session_id)
        every = db.scalars(
            select(WaitlistEntry)
            .where(WaitlistEntry.session_id == session_id)
            .order_by(WaitlistEntry.id)
        ).all()
        line = [entry for entry in every if entry.status in IN_LINE]
        asked = [entry for entry in line if entry.status == EntryStatus.OFFERED]
        waiting = [entry for entry in line if entry.status == EntryStatus.WAITING]
        taken = sum(one.places for one in held) + sum(one.places for one in asked)
        everybody = [*(one.resident_id for one in held), *(one.resident_id for one in line)]
        wrong = {
            "oversold": taken > session.places,
            "miscounted": session.taken != taken,
            "twice in a session": len(set(everybody)) != len(everybody),
            "line out of order": any(a.position >= b.position for a, b in pairwise(every)),
            "waits for a free place": any(one.places <= session.left for one in waiting),
            "reminders": _reminded(db, session) != {one.id: 2 for one in held},
            "offers": _offered(db, every) != {one.id for one in every if one.offered_at},
        }
    return [name for name, is_so in wrong.items() if is_so]


@contextmanager
def racing(
    race: Callable[..., None], url: str, about: object, processes: int
) -> Iterator[list[Connection]]:
    """Start processes that race about something on a database; yields a pipe to each.

    At the end they are told None, and those that do not stop are killed.
    """
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(processes)
    pipes, started = [], []
    for seed in range(processes):
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=race, args=(url, about, start, theirs, seed))
        process.start()
        pipes.append(ours)
        started.append(process)
    try:
        yield pipes
        for pipe in pipes:
            pipe.send(None)
        for process in started:
            process.join(20)
    finally:
        for process in started:
            process.kill()


@contextmanager
def ring_of(url: str, processes: int) -> Iterator[Ring]:
    """Start processes that race on a database with every table, and end them."""
    pack = load_pack(Path("knowledge/data/guali"))
    small = pack.model_copy(update={"activities": {ACTIVITY: pack.activities[ACTIVITY]}})
    programme = Programme(small, read_wording(ZONE))
    database = Database(url, busy_seconds=20)
    METADATA.create_all(database.engine)
    if database.engine.dialect.name == "postgresql":
        hurry_server(database)
    crowd, staff_id = _people(database)
    try:
        with racing(race, url, programme, processes) as pipes:
            yield Ring(database, programme, crowd, staff_id, pipes)
    finally:
        database.close()


def drill(
    url: str, name: str, trials: int, processes: Sequence[int], seed: int
) -> dict[str, Any]:
    """Run so many trials on a database, shared among rings of so many processes."""
    chance = random.Random(seed)
    wrong: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    sold: Counter[str] = Counter()
    begun = 0
    for number, many in enumerate(processes):
        share = trials // len(processes) + (number < trials % len(processes))
        with ring_of(url, many) as ring:
            ring.trials, begun = begun, begun + share + 100
            for trial in following(range(share), f"{name}, {many} processes"):
                wrong.update((rush if trial % 2 else bustle)(ring, chance))
            for control in CONTROLS[name]:
                sold[control] += sum(
                    oversells(ring, control, chance) for _ in range(min(10, share))
                )
            counted += ring.counted
    for kind, times in counted.items():  # what the database itself had to stop
        outcome, _, deed = kind.partition(" ")
        if outcome == "broke" and deed not in CONTROLS[name]:
            wrong[f"{deed} broke a constraint"] += times
    busy = {kind: n for kind, n in counted.items() if kind.startswith("busy")}
    return {
        "wrong": dict(wrong),
        "controls_oversold": dict(sold),
        "done": sum(n for kind, n in counted.items() if kind.startswith("done")),
        "refused": sum(n for kind, n in counted.items() if kind.startswith("refused")),
        "done_again": busy,
    }


def measure(
    store: str, trials: int, rings: Sequence[int], seed: int, server: str = stores.SERVER
) -> dict[str, Any]:
    """Drill on a kind of database and return the figures."""
    with stores.empty(store, server) as url:
        found = drill(url, store, trials, rings, seed)
    return {
        "store": store,
        "trials": trials,
        "processes": list(rings),
        "violations": sum(found["wrong"].values()),
        "control_failed": all(found["controls_oversold"].values()),
        **found,
    }


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument(
        "--processes", default="8,24,64", help="of the rings, one after another"
    )
    told = parser.parse_args()
    rings = [int(many) for many in told.processes.split(",")]
    found = measure(told.store, told.trials, rings, told.seed)
    oversold = found["controls_oversold"]
    figure = (
        f"{found['trials']} trials, {found['done']} deeds by {told.processes} processes: "
        f"{found['violations']} violations; naive ways oversold {sum(oversold.values())} times"
    )
    held, failed = found["violations"] == 0, found["control_failed"]
    conclude(found, P14=Verdict(held, found["trials"], figure, failed))


def hurry_server(database: Database) -> None:
    """Let no commit wait for the disk: nothing is killed here."""
    name = database.engine.url.database
    with database.transaction() as db:
        db.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))


def _people(database: Database) -> tuple[list[str], int]:
    with database.transaction() as db:
        crowd = [
            conversations.at_address(db, channel="webchat", address=f"r{n}", now=BEGIN).id
            for n in range(CROWD)
        ]
        organiser = db.scalar(select(Staff))
        if organiser is None:
            organiser = Staff(username="organiser", role=Role.EDITOR, password_hash="-")  # noqa: S106
            organiser.area_id, organiser.created_at = "guali/", BEGIN
            db.add(Area(id="guali/", parent_id=None, tier="town"))
            db.flush()
            db.add(organiser)
            db.flush()
        return crowd, organiser.id


def _twice(wishes: Sequence[Request], chance: random.Random) -> list[Request]:
    """Send every request twice; the second somewhat later, most often from elsewhere."""
    sent = [(n + chance.uniform(0, 6), wish) for n, wish in enumerate(wishes) for _ in "ab"]
    return [wish for _, wish in sorted(sent, key=lambda one: one[0])]


def _held(db: Db, session_id: int) -> Sequence[Booking]:
    return db.scalars(
        select(Booking).where(Booking.session_id == session_id, Booking.status.in_(HOLDING))
    ).all()


def _reminded(db: Db, session: Session) -> dict[int, int]:
    """How many reminders are owed, by booking."""
    of = db.scalars(select(Booking.id).where(Booking.session_id == session.id)).all()
    about = {f"booking:{booking_id}": booking_id for booking_id in of}
    owed = db.scalars(
        select(Notice.about).where(Notice.about.in_(about), Notice.state == NoticeState.WAITING)
    )
    return dict(Counter(about[one] for one in owed))


def _offered(db: Db, entries: Sequence[WaitlistEntry]) -> set[int]:
    """Whom a notice offers places, or offered them."""
    keys = {f"waitlist:{entry.id}:utter_offer": entry.id for entry in entries}
    return {keys[key] for key in db.scalars(select(Notice.key).where(Notice.key.in_(keys)))}


if __name__ == "__main__":
    main()
