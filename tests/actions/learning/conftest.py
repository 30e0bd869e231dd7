"""Conversations that were told something, as the gateway writes it down."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from actions import conversations, told
from actions.conversations import Author, Conversation, Message
from actions.db import Database, Db
from actions.learning import misses
from actions.told import Told
from knowledge.pack import load_pack
from tests.conftest import StandingClock

PACK = load_pack(Path("knowledge/data/guali"))


@dataclass
class Residents:
    """Residents who ask, and what they are answered."""

    database: Database
    clock: StandingClock

    def ask(
        self,
        who: str,
        question: str,
        mark: Told | None = None,
        at: datetime | None = None,
        language: str = "zh",
    ) -> int:
        """Ask and be answered; returns the reply's number."""
        now = at or self.clock.now()
        with self.database.transaction() as db:
            talk = self.of(db, who)
            talk.resident.language = language
            conversations.say(db, talk, question, author=Author.RESIDENT, now=now)
            reply = conversations.say(db, talk, "……", author=Author.ASSISTANT, now=now)
            told.keep(db, reply, mark, now=now)
            misses.note(db, talk, reply, mark, now=now)
            return reply.id

    def of(self, db: Db, who: str) -> Conversation:
        now = self.clock.now()
        return conversations.at_address(db, channel="webchat", address=who, now=now)

    def reply(self, db: Db, number: int) -> Message:
        return db.get_one(Message, number)


@pytest.fixture
def residents(database: Database, clock: StandingClock) -> Residents:
    return Residents(database, clock)
