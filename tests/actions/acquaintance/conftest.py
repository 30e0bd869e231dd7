"""Neighbours who would like to meet neighbours."""

from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import select

from actions import conversations
from actions.acquaintance import pairing, service, taps
from actions.acquaintance.model import Introduction
from actions.conversations import Conversation
from actions.db import Database, Db
from actions.dialogue import Ground
from actions.outbox import Notice, NoticeState
from actions.people.model import Household
from actions.square import Square
from actions.taps import Done, Tap
from tests.conftest import StandingClock

QICAI, MEILIN = "guali/qicai/", "guali/meilin/"
CHESS, TEA = "club-chess", "club-tea"


@dataclass
class Village:
    """Who lives there, and what becomes of their wish; every deed at the clock's moment."""

    database: Database
    square: Square
    clock: StandingClock

    def talk(self, db: Db, who: str) -> Conversation:
        return conversations.at_address(
            db, channel="webchat", address=who, now=self.clock.now()
        )

    def resident(self, who: str) -> str:
        with self.database.transaction() as db:
            return self.talk(db, who).resident_id

    def move_in(self, who: str, area: str | None = QICAI, household: int | None = None) -> str:
        """Let somebody live in an area, perhaps in a household; returns the resident's id."""
        with self.database.transaction() as db:
            if household is not None and db.get(Household, household) is None:
                home = Household(area_id=area, created_at=self.clock.now())
                home.id = household
                db.add(home)
                db.flush()
            resident = self.talk(db, who).resident
            resident.area_id, resident.household_id = area, household
            return resident.id

    def open_up(self, *names: str, interest: str = CHESS, area: str | None = QICAI) -> None:
        """Let these live there and agree to be asked."""
        for who in names:
            self.move_in(who, area)
            self.tap("agree_to_be_asked", interest, who)

    def tap(self, intent: str, value: str, who: str) -> Done:
        with self.database.transaction() as db:
            tapped = Tap(self.talk(db, who), value, self.clock.now())
            return taps.TAPS[intent](db, self.square, tapped)

    def propose(self, now: datetime | None = None) -> int:
        """What the worker does."""
        with self.database.transaction() as db:
            return pairing.propose_due(db, self.square, now=now or self.clock.now())

    def answer(self, number: int, who: str, *, agreed: bool) -> bool:
        with self.database.transaction() as db:
            return service.answer(
                db,
                self.square,
                self.talk(db, who),
                number,
                agreed=agreed,
                now=self.clock.now(),
            )

    def pairs(self) -> list[set[str]]:
        """The pairs that were asked, by the ids of residents."""
        with self.database.reading() as db:
            found = db.scalars(select(Introduction).order_by(Introduction.id))
            return [{one.one_id, one.other_id} for one in found]

    def of(self, *names: str) -> set[str]:
        return {self.resident(who) for who in names}

    def owed(self, who: str) -> list[Notice]:
        with self.database.transaction() as db:
            waiting = select(Notice).where(
                Notice.conversation_id == self.talk(db, who).id,
                Notice.state == NoticeState.WAITING,
            )
            return list(db.scalars(waiting.order_by(Notice.id)))

    def told(self, who: str) -> list[str]:
        return [notice.response for notice in self.owed(who)]


@pytest.fixture
def village(ground: Ground, clock: StandingClock) -> Village:
    return Village(ground.database, Square(ground.pack, ground.wording), clock)
