"""Two neighbours who talk through us, and a third who does not."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from actions import conversations
from actions.conversations import Author, Conversation, Message
from actions.db import Database, Db
from actions.dialogue import Ground
from actions.outbox import Notice, NoticeState
from actions.people.model import Words
from actions.relay import relaying
from actions.relay.model import Relay
from actions.square import Square
from actions.taps import Done
from tests.conftest import StandingClock

ABOUT = "help:12"


@dataclass
class Street:
    """An asker, a helper, and a stranger; each by the id of their conversation."""

    database: Database
    square: Square
    clock: StandingClock
    asker: str = ""
    helper: str = ""
    stranger: str = ""

    def talk(self, db: Db, who: str) -> Conversation:
        return db.get_one(Conversation, who)

    def arrive(self, address: str, channel: str = "webchat") -> str:
        with self.database.transaction() as db:
            now = self.clock.now()
            return conversations.at_address(db, channel=channel, address=address, now=now).id

    def open(self, about: str = ABOUT, hours: int = 8, **ends: str) -> None:
        with self.database.transaction() as db:
            relaying.open_between(
                db,
                self.talk(db, ends.get("one", self.asker)),
                self.talk(db, ends.get("other", self.helper)),
                about=about,
                now=self.clock.now(),
                closes_at=self.clock.now() + timedelta(hours=hours),
            )

    def close(self, about: str = ABOUT) -> None:
        with self.database.transaction() as db:
            relaying.close(db, about, now=self.clock.now())

    def tell(self, who: str, text: str, about: str = ABOUT) -> Done:
        with self.database.transaction() as db:
            relay = relaying.of(db, about)
            talk, now = self.talk(db, who), self.clock.now()
            return relaying.pass_on(db, self.square, relay, talk, text, now)

    def owed(self, who: str) -> list[str]:
        """What somebody is owed, as they will read it."""
        with self.database.reading() as db:
            found = db.scalars(
                select(Notice)
                .where(Notice.conversation_id == who, Notice.state == NoticeState.WAITING)
                .order_by(Notice.id)
            )
            return [self._read(db, who, notice) for notice in found]

    def notices(self, who: str) -> list[Notice]:
        with self.database.reading() as db:
            found = select(Notice).where(Notice.conversation_id == who).order_by(Notice.id)
            return list(db.scalars(found))

    def relay(self, about: str = ABOUT) -> Relay:
        with self.database.reading() as db:
            found = relaying.of(db, about)
            assert found
            return found

    def read(self, done: Done) -> str:
        return self.square.wording.render(done.response, values=done.values).text

    def wrote(self, who: str, text: str) -> int:
        """Somebody said something to us; returns the message's number."""
        with self.database.transaction() as db:
            talk, now = self.talk(db, who), self.clock.now()
            said: Message = conversations.say(db, talk, text, author=Author.RESIDENT, now=now)
            return said.id

    def run(self, deed: Any, who: str, *args: Any) -> Any:
        """Do something as somebody, in a transaction of its own."""
        with self.database.transaction() as db:
            return deed(db, self.square, *args, self.talk(db, who), self.clock.now())

    def _read(self, db: Db, who: str, notice: Notice) -> str:
        if notice.words_id:
            return db.get_one(Words, notice.words_id).text
        return self.square.wording.render(notice.response, values=notice.values).text


@pytest.fixture
def street(database: Database, ground: Ground, clock: StandingClock) -> Street:
    made = Street(database, Square(ground.pack, ground.wording), clock)
    made.asker, made.helper, made.stranger = map(made.arrive, ("asker", "helper", "stranger"))
    made.open()
    return made
