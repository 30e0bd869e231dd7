"""What the worker does beside sending: the day's sessions, publications that were ordered."""

import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import func, select

from actions import alerts, budget, elsewhere
from actions.acquaintance import pairing
from actions.booking import draw, undrawn, waitlist
from actions.booking import on_behalf as booked
from actions.booking.programme import Programme
from actions.booking.schedule import write_sessions
from actions.care import asking as check_ins
from actions.clock import Clock
from actions.content import publications
from actions.content.editions import Shelf
from actions.db import Database, Db
from actions.governance import on_behalf as reported
from actions.governance import overdue
from actions.leaving import farewell
from actions.mydata import files, retention
from actions.mydata.model import Erasure
from actions.neighbours import asking, offers
from actions.news import broadcast as notices
from actions.news import digest as news_digest
from actions.news import service as news
from actions.relay import releases
from actions.square import Square
from actions.wording import Wording
from bot.desk import digest
from bot.taps import square_of

log = structlog.get_logger()

ENDED_WELL = (0, 3)  # published, or run and not published
LOOKS_EVERY = timedelta(minutes=10)  # for two who could be introduced
PAUSE = timedelta(seconds=30)  # after a publisher that ended badly, before the next is started


@dataclass
class Upkeep:
    """Keeps the programme some weeks ahead for as long as the worker lives."""

    database: Database
    shelf: Shelf
    clock: Clock
    _done_on: date | None = None

    def run_due(self) -> bool:
        """Do the day's work if it is not done; True when it was done now."""
        now = self.clock.now()
        today = now.astimezone(self.shelf.files.zone).date()
        if self._done_on == today:
            return False
        with self.database.transaction() as db:
            write_sessions(db, self.shelf.pack(db), now=now)
            offers.follow_homes(db)
        self._done_on = today
        return True


@dataclass
class ByTheClock(ABC):
    """Something that comes due; each kind in a transaction of its own."""

    database: Database
    shelf: Shelf
    wording: Wording
    clock: Clock

    @abstractmethod
    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        """Whether `do` may find something."""

    @abstractmethod
    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        """Do what is due; whether anything was."""

    def run_due(self) -> bool:
        """Do what is due; True when something was."""
        now = self.clock.now()
        with self.database.reading() as db:  # most often there is nothing, and nobody waits
            if not self.is_any_due(db, self.programme(db), now):
                return False
        return self.run(now)

    def run(self, now: datetime) -> bool:
        """Do what was found due; True when something still was."""
        with self.database.transaction() as db:
            return self.do(db, self.programme(db), now)

    def programme(self, db: Db) -> Programme:
        """Return what is on, as the active edition has it."""
        return Programme(self.shelf.pack(db), self.wording)


class Offers(ByTheClock):
    """Ends the offers of places whose time has run out, and asks the next."""

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        return waitlist.is_any_due(db, now=now)

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        return waitlist.expire_due(db, programme, now=now) > 0


class Draws(ByTheClock):
    """Opens the draws of scarce places, holds them, and frees what was kept.

    Whoever entered one that was not held in time is told.
    """

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        return draw.is_any_due(db, programme, now=now) or undrawn.is_any_due(db, now=now)

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        deeds = (draw.open_due, draw.hold_due, draw.release_due, undrawn.tell_due)
        return any([deed(db, programme, now=now) for deed in deeds])


class EndedActing(ByTheClock):
    """Gives back to residents what others asked for on their behalf who may no more."""

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        return booked.is_any_to_return(db, now=now) or reported.is_any_to_return(db)

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        return booked.return_ended(db, programme, now=now) + reported.return_ended(db) > 0


@dataclass
class Introductions(ByTheClock):
    """Asks neighbours who like the same whether they would meet; looks now and then."""

    _looked_at: datetime | None = None

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        if self._looked_at is not None and now - self._looked_at < LOOKS_EVERY:
            return False
        self._looked_at = now
        return pairing.is_any_due(db, square_of(programme), now=now)

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        return pairing.propose_due(db, square_of(programme), now=now) > 0


class Requests(ByTheClock):
    """Reminds of requests, lets rise what nobody kept, gives silence a name."""

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        return overdue.is_any_due(db, now=now)

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        return overdue.look_after(db, programme.pack, now=now) > 0


class Neighbours(ByTheClock):
    """Asks neighbours about needs, in stages and by day; ends what nobody speaks of."""

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        return asking.is_any_due(db, now=now)

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        return asking.look_after(db, square_of(programme), now=now) > 0


class Releases(ByTheClock):
    """Erases the doors and phone numbers of neighbours whose time is over."""

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        return releases.is_any_due(db, now=now)

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        return releases.erase_due(db, square_of(programme), now=now) > 0


class Digests(ByTheClock):
    """Tells the chats of staff, on the morning of a working day, how the day before went."""

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        return digest.is_any_due(db, programme.pack, now=now)

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        return digest.send_due(db, programme.pack, now=now) > 0


class News(ByTheClock):
    """Publishes and ends news, sends digests and urgent notices, some at a time."""

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        square = square_of(programme)
        return (
            news.is_any_due(db, now=now)
            or notices.is_any_due(db, square.zone, now=now)
            or news_digest.is_any_due(db, square, now=now)
        )

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        square = square_of(programme)
        moved = news.look_after(db, now=now)
        told = notices.look_after(db, square, now=now)
        return moved + told + news_digest.send_due(db, square, now=now) > 0


class CheckIns(ByTheClock):
    """Asks those who want it how they are, and sees to it that silence is not overlooked.

    Alerts nobody takes are told to the tier above.
    """

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        zone = programme.pack.zone
        return check_ins.is_any_due(db, now=now) or alerts.is_any_due(db, zone, now=now)

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        asked = check_ins.look_after(db, square_of(programme), now=now)
        risen = alerts.rise_due(db, programme.pack.zone, now=now)
        return asked + risen > 0


class Held(ByTheClock):
    """Looks for another way to whom a platform lets us write no more."""

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        return elsewhere.is_any_held(db, now=now) or budget.is_any_held(db, now=now)

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        told = elsewhere.tell_held(db, now=now)
        return told + budget.look_after_held(db, now=now) > 0


# Whatever comes due, in the order it is looked at.
BY_THE_CLOCK: tuple[type[ByTheClock], ...] = (
    Draws,
    Offers,
    Requests,
    Neighbours,
    Releases,
    CheckIns,
    EndedActing,
    Introductions,
    Digests,
    News,
    Held,
)


def run_due(kinds: Sequence[ByTheClock]) -> bool:
    """Do what is due of kinds that share a store; one look at it tells which of them."""
    any_of_them = kinds[0]
    now = any_of_them.clock.now()
    with any_of_them.database.reading() as db:
        programme = any_of_them.programme(db)
        due = [kind for kind in kinds if kind.is_any_due(db, programme, now)]
    return any([kind.run(now) for kind in due])


@dataclass
class Retention:
    """Lets go, once a day and a little at a time, of what has been kept long enough.

    What is due is looked for while others write: only letting go makes them wait.
    """

    database: Database
    shelf: Shelf
    wording: Wording
    clock: Clock
    _done_on: date | None = None

    def run_due(self) -> bool:
        """Let go of some of what is due; True when something was."""
        now = self.clock.now()
        today = now.astimezone(self.shelf.files.zone).date()
        if self._done_on == today:
            return False
        with self.database.reading() as db:
            due = retention.find(db, now=now)
            silent = [] if due else retention.silent(db, now=now, limit=1)
        if due:
            with self.database.transaction() as db:
                retention.let_go(db, due, now=now)
        for resident_id in silent:
            with self.database.transaction() as db:
                square = Square(self.shelf.pack(db), self.wording)
                farewell.leave(db, square, resident_id, now=now, cause="retention")
        if not (due or silent):
            self._done_on = today
        return bool(due or silent)


@dataclass
class Forgotten:
    """Removes the files of who was forgotten, and what is left of them in the store's own."""

    database: Database
    uploads: Path
    _scrubbed: int = -1  # the last erasure after which nothing was left

    def run_due(self) -> bool:
        """Do what is due; True when something was."""
        with self.database.reading() as db:
            last = db.scalar(select(func.max(Erasure.id))) or 0
            due = files.is_any_due(db)
        if not due and last == self._scrubbed:
            return False
        if due:
            with self.database.transaction() as db:
                files.remove_due(db, self.uploads)
        if self.database.scrub():
            self._scrubbed = last
        return True


@dataclass
class Publisher:
    """Starts a process for each publication that was ordered; nobody waits for it here."""

    database: Database
    clock: Clock
    command: tuple[str, ...] = (sys.executable, "-m", "actions", "publish")
    _process: "subprocess.Popen[bytes] | None" = None
    _not_before: datetime | None = None

    def run_due(self) -> bool:
        """Start the publisher if it is needed and not at work; True when it was started."""
        if self._is_at_work() or not self._is_needed():
            return False
        self._process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)  # noqa: S603
        return True

    def _is_at_work(self) -> bool:
        if self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            return True
        if code not in ENDED_WELL:
            log.warning("the publisher ended", code=code)
            self._not_before = self.clock.now() + PAUSE
        self._process = None
        return False

    def _is_needed(self) -> bool:
        if self._not_before and self.clock.now() < self._not_before:
            return False
        with self.database.reading() as db:
            return publications.is_ordered(db)
