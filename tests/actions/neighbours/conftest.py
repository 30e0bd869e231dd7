"""A village and a town: who asks, who helps, a worker to tick and buttons to tap."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from actions import conversations
from actions.alerts import Alert
from actions.conversations import Conversation
from actions.db import Database, Db
from actions.dialogue import Ground
from actions.errors import Refusal
from actions.neighbours import asking, needs, offers
from actions.neighbours.model import HelpRequest, Match, OfferedKind
from actions.neighbours.need import Need
from actions.neighbours.taps import TAPS
from actions.outbox import Notice, NoticeState
from actions.people import consents, nicknames
from actions.people.model import Acting
from actions.relay.model import Relay
from actions.square import Square
from actions.taps import Tap
from knowledge.embedder import OnnxEmbedder, Remembering
from knowledge.sorting import Sorter
from tests.conftest import StandingClock, missing

HOME = "guali/qicai/a/"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class Village:
    """Everybody is known by the address they write from."""

    database: Database
    square: Square
    clock: StandingClock

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def talk(self, db: Db, who: str) -> Conversation:
        return conversations.at_address(db, channel="webchat", address=who, now=self.now)

    def resident_id(self, who: str) -> str:
        with self.database.transaction() as db:
            return self.talk(db, who).resident_id

    def somebody(self, who: str, *, nickname: str = "", elder: bool = False) -> str:
        with self.database.transaction() as db:
            talk = self.talk(db, who)
            talk.resident.area_id, talk.resident.elder = HOME, elder
            if nickname:
                nicknames.call(db, talk.resident_id, nickname, now=self.now)
            return who

    def willing(self, *names: str, nickname: str = "", verified: bool = True) -> None:
        """Neighbours of the same grid who help with anything, at any time."""
        for who in names:
            self.somebody(who, nickname=nickname)
            with self.database.transaction() as db:
                offer = offers.write(
                    db,
                    conversation=self.talk(db, who),
                    terms=offers.Terms(reach="town"),
                    now=self.now,
                )
                offer.verified_at = self.now if verified else None

    def need(
        self,
        kind: str = "fetch-parcel",
        *,
        asker: str = "asker",
        wanted_in: timedelta = timedelta(hours=29),  # tomorrow at three
        lasting: timedelta = timedelta(0),
    ) -> int:
        self.somebody(asker)
        wanted = self.now + wanted_in
        with self.database.transaction() as db:
            talk = self.talk(db, asker)
            consents.give(db, talk.resident_id, "help", channel="webchat", now=self.now)
            return needs.post(
                db,
                square=self.square,
                need=Need(kind, (wanted, wanted + lasting), "我姓王，住三幢"),
                conversation=talk,
                now=self.now,
            ).id

    def approve(self, need: int) -> int:
        """Staff let a need through."""
        with self.database.transaction() as db:
            request = db.get_one(HelpRequest, need)
            needs.approve(db, square=self.square, request=request, now=self.now)
        return need

    def request(self, need: int) -> HelpRequest:
        with self.database.reading() as db:
            return db.get_one(HelpRequest, need)

    def tick(self) -> int:
        """Let the worker look once."""
        with self.database.transaction() as db:
            return asking.look_after(db, self.square, now=self.now)

    def live(self, time: timedelta) -> None:
        """Let time pass as the worker does: it looks whenever something is due."""
        until = self.now + time
        while True:
            with self.database.reading() as db:
                looks = select(HelpRequest.look_at).where(HelpRequest.look_at <= until)
                due = db.scalar(looks.order_by(HelpRequest.look_at).limit(1))
            if due is None:
                break
            self.clock.moment = max(self.now, due)
            assert self.tick()
        self.clock.moment = until

    def tap(self, who: str, intent: str, need: int) -> str:
        """Tap as the gateway does, again while the store is busy; returns what is said."""
        for _ in range(30):
            try:
                with self.database.transaction() as db:
                    talk = self.talk(db, who)
                    conversations.hold(db, talk.id)
                    try:
                        with db.begin_nested():
                            tap = Tap(talk, str(need), self.now)
                            done = TAPS[intent](db, self.square, tap)
                    except Refusal as refusal:
                        return refusal.response
                    self.square.wording.render(done.response, values=done.values)
                    return done.response
            except OperationalError:
                continue
        raise AssertionError("the store stayed busy")

    def notices(self, who: str, *, owed_later: bool = False) -> list[Notice]:
        """What somebody has been told, or is told now (or later)."""
        with self.database.transaction() as db:
            owed = select(Notice).where(
                Notice.conversation_id == self.talk(db, who).id,
                Notice.state.in_([NoticeState.WAITING, NoticeState.SENT]),
            )
            if not owed_later:
                owed = owed.where(Notice.due_at <= self.now)
            return list(db.scalars(owed.order_by(Notice.id)))

    def told(self, who: str) -> list[str]:
        return [notice.response for notice in self.notices(who)]

    def deliver(self) -> None:
        """Send all that is due."""
        with self.database.transaction() as db:
            due = Notice.state == NoticeState.WAITING, Notice.due_at <= self.now
            for notice in db.scalars(select(Notice).where(*due)):
                notice.state, notice.tries, notice.sent_at = NoticeState.SENT, 1, self.now

    def matches(self, need: int) -> list[Match]:
        with self.database.reading() as db:
            found = select(Match).where(Match.request_id == need).order_by(Match.id)
            return list(db.scalars(found))

    def match(self, who: str, need: int) -> Match | None:
        helper_id = self.resident_id(who)
        return next((one for one in self.matches(need) if one.helper_id == helper_id), None)

    def statuses(self, need: int) -> Counter[str]:
        return Counter(match.status for match in self.matches(need))

    def everything(self) -> list[tuple[Any, ...]]:
        """All that a deed about help may change."""
        with self.database.reading() as db:
            return [
                (table.__tablename__, *row)
                for table in (HelpRequest, Match, Notice, Relay, Alert, OfferedKind)
                for row in db.execute(select(table.__table__)).all()
            ]


class Killed(Exception):
    """The process dies."""


def die_everywhere(village: Village, deed: Callable[[Db], object]) -> int:
    """Die before every statement of a deed in turn, then let it be done.

    Returns how often it died; each time everything must be as it was before.
    """
    before, engine, deaths = village.everything(), village.database.engine, 0
    while True:
        left = deaths + 1

        def count(*_statement: Any) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        event.listen(engine, "before_cursor_execute", count)
        try:
            with village.database.transaction() as db:
                deed(db)
        except Killed:
            deaths += 1
        else:
            return deaths
        finally:
            event.remove(engine, "before_cursor_execute", count)
        assert village.everything() == before


@pytest.fixture
def village(ground: Ground) -> Village:
    assert isinstance(ground.clock, StandingClock)
    return Village(ground.database, Square(ground.pack, ground.wording), ground.clock)


ENCODER = Path(".build/encoder")


@pytest.fixture(scope="session")
def sorter() -> Sorter:
    """What knows the meaning of words, by the encoder that set-up built."""
    if not (ENCODER / "manifest.json").exists():
        missing("the encoder (make setup)")
    return Sorter(Remembering(OnnxEmbedder(ENCODER)))


@dataclass
class Town:
    """A community whose residents ask one another."""

    database: Database
    square: Square
    clock: StandingClock

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def tomorrow(self) -> tuple[datetime, datetime]:
        at = self.now + timedelta(days=1)
        return at, at

    def somebody(self, address: str, area: str | None = None, *, agreed: bool = True) -> str:
        """A resident's conversation, by its id."""
        with self.database.transaction() as db:
            talk = conversations.at_address(
                db, channel="webchat", address=address, now=self.now
            )
            talk.resident.area_id = area
            if agreed:
                consents.give(db, talk.resident_id, "help", channel="webchat", now=self.now)
            return talk.id

    def resident(self, conversation_id: str) -> str:
        with self.database.reading() as db:
            return db.get_one(Conversation, conversation_id).resident_id

    def post(self, who: str, kind: str = "fetch-parcel", **told: Any) -> int:
        """Ask as somebody; returns the need's number."""
        wanted = told.pop("wanted", self.tomorrow)
        with self.database.transaction() as db:
            return needs.post(
                db,
                square=self.square,
                need=Need(kind, wanted, **told),
                conversation=db.get_one(Conversation, who),
                now=self.now,
            ).id

    def need(self, need_id: int) -> HelpRequest:
        with self.database.reading() as db:
            return db.get_one(HelpRequest, need_id)

    def acts_for(self, actor: str, principal: str, kin: str = "mother") -> None:
        """Let somebody do things for another."""
        with self.database.transaction() as db:
            db.add(
                Acting(
                    actor_id=self.resident(actor),
                    principal_id=self.resident(principal),
                    kin=kin,
                    asked_at=self.now,
                    confirmed_at=self.now,
                )
            )

    def do(self, deed: Callable[..., Any], need_id: int, **more: Any) -> Any:
        """Do something to a need."""
        with self.database.transaction() as db:
            return deed(db, request=db.get_one(HelpRequest, need_id), now=self.now, **more)


@pytest.fixture
def town(ground: Ground, database: Database, clock: StandingClock) -> Town:
    return Town(database, Square(ground.pack, ground.wording), clock)
