"""Spoken by the code of today, or of the version before: goes on with a store that is there.

`python -P THIS go_on|live|read ADDRESS` in the folder whose code is meant. `go_on` answers what
waits and lets everybody of `upgrade_first` say one thing more; `live` lets somebody new do all
that residents do. What was found is printed as one line of JSON.
"""

import asyncio
import json
import logging
import secrets
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select

import actions.tables  # noqa: F401 - every table is known: a row points to those of others
from actions import conversations
from actions.booking import service as booking
from actions.booking.bookings import Order
from actions.booking.model import Session, WaitlistEntry
from actions.booking.programme import Programme
from actions.conversations import Choice, Conversation, Message
from actions.db import Database, Db
from actions.governance import service as governance
from actions.governance.model import ServiceRequest
from actions.neighbours import needs
from actions.neighbours.admitting import PURPOSE
from actions.neighbours.model import HelpRequest
from actions.neighbours.need import Need
from actions.outbox import Notice, NoticeState
from actions.people import consents
from actions.square import Square
from actions.turns import EntryState, InboxEntry
from actions.wording import Said, read_wording
from bot.channels.webchat import NAME, Webchat
from bot.delivery import Delivery
from bot.gateway import Gateway
from bot.ground import Ground
from bot.history import history
from bot.limits import Limits
from bot.media import Media
from bot.message import InboundMessage
from knowledge.pack import load_pack

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # an hour after everything of `upgrade_first`
KEY = "key"
PACK = load_pack(Path("knowledge/data/guali"))
WORDING = read_wording(PACK.zone)
THERE = ("a", "b", "c", "d", "e")  # who has written before
AT_THE_DESK = "b"


class Clock:
    """It stands."""

    def now(self) -> datetime:
        """Return the moment."""
        return NOW


class NoEmergency:
    """A gate that knows none."""

    def check(self, text: str) -> None:
        """Find nothing."""


class Assistant:
    """Answers with what it was told."""

    async def reply(self, *, text: str, **_more: Any) -> list[Said]:
        """Say it again."""
        return [Said(f"答：{text}", (Choice("好", "choose", "yes"),))]


class Now:
    """The assistant on a store, with its seams shut."""

    def __init__(self, address: str, folder: Path) -> None:
        self.database = Database(address)
        media = Media(self.database, Clock(), folder)
        ground = Ground(
            self.database,
            Clock(),
            WORDING,
            PACK,
            NoEmergency(),
            Assistant(),
            media,
            secret_key=KEY,
        )
        ground.turn_seconds = ground.store_seconds = 30
        self.gateway = Gateway(ground)
        self.channel = Webchat(
            self.gateway, self.database, Clock(), Limits("1000/minute"), KEY, folder
        )
        self.programme, self.square = Programme(PACK, WORDING), Square(PACK, WORDING)

    def say(self, who: str, text: str) -> list[str]:
        """Let somebody say something on their page; returns what they are answered."""
        address, update = self.channel.address(who * 16), secrets.token_hex(4)
        message = InboundMessage(NAME, address, update, text)
        answered = asyncio.run(self.gateway.receive(message))
        return [reply.text for reply in answered.replies]

    def go_on(self) -> dict[str, Any]:
        """Answer what waits, bring what is owed, and hear everybody once more."""
        waited = self._waiting()
        asyncio.run(self.gateway.sweep())
        left = self._waiting()
        owed = self._owed()
        delivery = Delivery(self.database, Clock(), WORDING, timedelta(days=1))
        while delivery.deliver_due():
            pass
        known = self._count(Conversation)
        answered = [who for who in THERE if who != AT_THE_DESK and self.say(who, "我还在")]
        self.say(AT_THE_DESK, "我还在")
        with self.database.reading() as db:
            said = {
                who: [one.text for one in history(db, self.channel, who * 16).messages]
                for who in THERE
            }
        return {
            "waited": waited,
            "left_waiting": left,
            "owed": owed,
            "left_owed": [*self._owed(), *self._untold()],
            "answered": answered,
            "new_conversations": self._count(Conversation) - known,
            "said": said,
        }

    def live(self) -> dict[str, Any]:
        """Let somebody new talk, book, wait, report and ask for help; read all of it again."""
        who = secrets.token_hex(1)
        told = self.say(who, "你好")
        done = {deed.__name__: self._do(who, deed) for deed in (book, wait, report, ask)}
        with self.database.transaction() as db:
            conversations.open_for_staff(db, self._conversation(db, who), now=NOW)
        self.say(who, "有人吗")
        delivery = Delivery(self.database, Clock(), WORDING, timedelta(days=1))
        while delivery.deliver_due():
            pass
        with self.database.reading() as db:
            them = self._conversation(db, who)
            resident = them.resident_id
            booked = booking.bookings_of(db, resident_id=resident, now=NOW)
            waits = booking.waiting_of(db, resident_id=resident, now=NOW)
            return {
                "told": len(told),
                "said": len(history(db, self.channel, who * 16).messages),
                "status": them.status,
                "done": done,
                "bookings": len(booked),
                "waits": len(waits),
            }

    def _do(self, who: str, deed: Callable[["Now", Db, Conversation], None]) -> bool:
        with self.database.transaction() as db:
            deed(self, db, self._conversation(db, who))
        return True

    def _conversation(self, db: Db, who: str) -> Conversation:
        found = self.channel.conversation(db, who * 16)
        assert found is not None
        return found

    def _waiting(self) -> int:
        return self._count(InboxEntry, InboxEntry.state == EntryState.WAITING)

    def _owed(self) -> list[str]:
        """Return what is due to be told."""
        due = (Notice.state == NoticeState.WAITING, Notice.due_at <= NOW)
        with self.database.reading() as db:
            return list(db.scalars(select(Notice.response).where(*due)))

    def _untold(self) -> list[str]:
        """Return what was tried and could not be told."""
        failed = (Notice.state != NoticeState.SENT, Notice.tries > 0)
        with self.database.reading() as db:
            return list(db.scalars(select(Notice.response).where(*failed)))

    def _count(self, table: Any, *which: Any) -> int:
        with self.database.reading() as db:
            return db.scalars(select(func.count()).select_from(table).where(*which)).one()

    def read(self) -> dict[str, Any]:
        """Return how much of what people have done is found."""
        found = (Conversation, Message, ServiceRequest, HelpRequest, WaitlistEntry, Notice)
        return {table.__tablename__: self._count(table) for table in found}


def book(now: Now, db: Db, them: Conversation) -> None:
    """Book what has room."""
    free = Session.taken < Session.places
    session = _of_calligraphy(db, free)
    booking.book(db, now.programme, order=Order(session.id), conversation=them, now=NOW)


def wait(now: Now, db: Db, them: Conversation) -> None:
    """Wait for what is full."""
    session = _of_calligraphy(db, Session.taken == 0)
    session.places = 0
    db.flush()
    order = Order(session.id)
    booking.join_waitlist(db, now.programme, order=order, conversation=them, now=NOW)


def report(_now: Now, db: Db, them: Conversation) -> None:
    """Report a light."""
    told = governance.Report("road-light", "路灯坏了", governance.Where(words="门口"))
    governance.file(db, pack=PACK, report=told, conversation=them, now=NOW)


def ask(now: Now, db: Db, them: Conversation) -> None:
    """Ask the neighbours."""
    consents.give(db, them.resident_id, PURPOSE, channel=NAME, now=NOW)
    moment = NOW + timedelta(days=1)
    need = Need("fetch-parcel", (moment, moment), "帮忙拿一下快递")
    needs.post(db, square=now.square, need=need, conversation=them, now=NOW)


def _of_calligraphy(db: Db, which: Any) -> Session:
    """Return a session of a club that has a line; the last one, which nobody else has."""
    theirs = select(Session).where(Session.activity_id == "club-calligraphy", which)
    return db.scalars(theirs.order_by(Session.starts_at.desc()).limit(1)).one()


if __name__ == "__main__":
    what, address = sys.argv[1:]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with tempfile.TemporaryDirectory() as place:
        spoken = getattr(Now(address, Path(place)), what)()
    print(json.dumps(spoken, ensure_ascii=False))
