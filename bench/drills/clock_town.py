"""A worker by a clock of ours, and residents who book: for drills that put the clock."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from actions import conversations
from actions.booking import service
from actions.booking.bookings import Order
from actions.booking.model import Session
from actions.booking.programme import Programme
from actions.clock import FileClock
from actions.conversations import Author, Conversation, Message
from actions.db import Database, Db
from actions.outbox import Notice, NoticeState
from actions.wording import read_wording
from bench import stores
from bench.drills.running import TUESDAY, ZONE, until
from bot.settings import Settings
from knowledge.pack import load_pack
from setup import settings as setup_settings
from setup import steps
from setup.lines import Lines
from setup.processes import Program
from setup.programs import programs
from setup.supervisor import supervised

HOUR = timedelta(hours=1)
ACTIVITY = "club-calligraphy"
LOOKS = 2.2  # seconds in which the worker has looked at all there is
ROUND_ENDS = 30.0


@dataclass
class Town:
    """A worker on a store, a clock that can be put, and residents who book."""

    database: Database
    clock_file: Path
    programme: Programme

    def put(self, moment: datetime) -> None:
        """Put the clock, and let the worker do what is due by it."""
        draft = self.clock_file.with_suffix(".draft")
        draft.write_text(moment.isoformat(), encoding="utf-8")
        draft.replace(self.clock_file)
        time.sleep(LOOKS)
        until(lambda: self._due() == 0, ROUND_ENDS)

    def now(self) -> datetime:
        return FileClock(self.clock_file).now()

    def _due(self) -> int:
        owed = select(func.count(Notice.id)).where(
            Notice.state == NoticeState.WAITING, Notice.due_at <= self.now()
        )
        with self.database.reading() as db:
            return db.scalar(owed) or 0

    def session(self, starts: datetime, places: int) -> int:
        """Make a session of the day."""
        with self.database.transaction() as db:
            made = Session(
                activity_id=ACTIVITY,
                planned_at=starts,
                starts_at=starts,
                ends_at=starts + HOUR,
                places=places,
                taken=0,
                waitlist_next=0,
                by_hand=True,
            )
            db.add(made)
            db.flush()
            return made.id

    def book(self, session_id: int, who: str) -> int:
        with self.database.transaction() as db:
            order, talk = Order(session_id), self.talk(db, who)
            return service.book(
                db, self.programme, order=order, conversation=talk, now=self.now()
            ).id

    def wait(self, session_id: int, who: str) -> None:
        with self.database.transaction() as db:
            order, talk = Order(session_id), self.talk(db, who)
            service.join_waitlist(
                db, self.programme, order=order, conversation=talk, now=self.now()
            )

    def cancel(self, booking_id: int, who: str) -> None:
        with self.database.transaction() as db:
            whose = self.talk(db, who).resident_id
            service.cancel(
                db, self.programme, booking_id=booking_id, resident_id=whose, now=self.now()
            )

    def talk(self, db: Db, who: str) -> Conversation:
        return conversations.at_address(db, channel="webchat", address=who, now=self.now())

    def told(self, who: str) -> int:
        """Return how many messages somebody has got."""
        with self.database.transaction() as db:
            talk = self.talk(db, who)
            ours = Message.conversation_id == talk.id, Message.author == Author.ASSISTANT
            return db.scalar(select(func.count(Message.id)).where(*ours)) or 0


@contextmanager
def town(store: str) -> Iterator[Town]:
    """Run a worker of its own on an empty store of a kind, by a clock of ours."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xiaoli-clock-")))
        url = stack.enter_context(stores.empty(store)) if store != stores.SQLITE else ""
        clock_file = folder / "clock"
        clock_file.write_text(TUESDAY.isoformat(), encoding="utf-8")
        told = setup_settings.read().with_variables(
            STATE_DIR=str(folder), DATABASE_URL=url, TEST_CLOCK=str(clock_file)
        )
        with steps.one_at_a_time(told):
            steps.make_state(told)
        log = stack.enter_context((folder / "log").open("w", encoding="utf-8"))
        stack.enter_context(supervised(told, Lines(log).say, worker_alone))
        database = Database(Settings(state_dir=folder, database_url=url).database, 20)
        stack.callback(database.close)
        pack = load_pack(Path("knowledge/data/guali"))
        programme = Programme(pack, read_wording(ZONE))
        yield Town(database, clock_file, programme)


def worker_alone(settings: setup_settings.Settings) -> list[Program]:
    """Return the table of programs with nothing but the worker."""
    return [program for program in programs(settings) if program.name == "worker"]
