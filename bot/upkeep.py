"""What the worker does beside sending: the day's sessions, publications that were ordered."""

import subprocess
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from actions.booking import draw, undrawn, waitlist
from actions.booking.programme import Programme
from actions.booking.schedule import write_sessions
from actions.clock import Clock
from actions.content import publications
from actions.content.editions import Shelf
from actions.db import Database, Db
from actions.governance import overdue
from actions.wording import Wording
from bot.desk import digest

log = structlog.get_logger()

ENDED_WELL = (0, 3)  # published, or run and not published
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
            if not self.is_any_due(db, self._programme(db), now):
                return False
        with self.database.transaction() as db:
            return self.do(db, self._programme(db), now)

    def _programme(self, db: Db) -> Programme:
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


class Requests(ByTheClock):
    """Reminds of requests, lets rise what nobody kept, gives silence a name."""

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        return overdue.is_any_due(db, now=now)

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        return overdue.look_after(db, programme.pack, now=now) > 0


class Digests(ByTheClock):
    """Tells the chats of staff, on the morning of a working day, how the day before went."""

    def is_any_due(self, db: Db, programme: Programme, now: datetime) -> bool:
        return digest.is_any_due(db, programme.pack, now=now)

    def do(self, db: Db, programme: Programme, now: datetime) -> bool:
        return digest.send_due(db, programme.pack, now=now) > 0


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
