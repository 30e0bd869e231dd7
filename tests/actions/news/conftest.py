"""A town with staff who write news, and residents who hear of it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from actions import conversations
from actions.conversations import Conversation
from actions.db import Database, Db
from actions.dialogue import Ground
from actions.news import broadcast, digest, history, service, taps
from actions.news.model import NewsItem, State
from actions.news.service import Content
from actions.outbox import Notice, NoticeState
from actions.people.model import Role, Staff
from actions.square import Square
from actions.taps import Done, Tap
from tests.conftest import StandingClock

TOWN, QICAI, MEILIN = "guali/", "guali/qicai/", "guali/meilin/"


@dataclass
class Town:
    """Two who write, and residents by name; every deed at the clock's moment."""

    database: Database
    square: Square
    clock: StandingClock
    writer: int = 0
    second: int = 0

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def content(self, title: str = "明天停水", **changes: object) -> Content:
        plain = Content(
            topic="outage",
            title_zh=title,
            body_zh="八点到五点，三幢停水，请存水。",
            publish_at=self.now,
            expires_at=self.now + timedelta(days=20),
            source="社区办公室",
        )
        return replace(plain, **changes)  # type: ignore[arg-type]

    def write(self, title: str = "明天停水", *, area: str = TOWN, **changes: object) -> int:
        with self.database.transaction() as db:
            return service.write(
                db,
                self.square.pack,
                self.content(title, **changes),
                area_id=area,
                staff_id=self.writer,
                now=self.now,
            ).id

    def approve(self, news_id: int, by: int = 0) -> None:
        with self.database.transaction() as db:
            item = db.get_one(NewsItem, news_id)
            number = history.latest(db, item).number
            service.approve(db, item, number=number, staff_id=by or self.second, now=self.now)

    def publish(self, title: str = "明天停水", *, area: str = TOWN, **changes: object) -> int:
        """Write and approve an item; returns its number."""
        news_id = self.write(title, area=area, **changes)
        self.approve(news_id)
        return news_id

    def rewrite(self, news_id: int, title: str, **changes: object) -> None:
        with self.database.transaction() as db:
            item = db.get_one(NewsItem, news_id)
            content = self.content(title, **changes)
            service.rewrite(
                db, self.square.pack, item, content, staff_id=self.writer, now=self.now
            )

    def send(self, news_id: int) -> None:
        with self.database.transaction() as db:
            item = db.get_one(NewsItem, news_id)
            broadcast.send(db, item, staff_id=self.second, now=self.now)

    def move(self, news_id: int, to: State) -> None:
        with self.database.transaction() as db:
            item = db.get_one(NewsItem, news_id)
            broadcast.move(db, item, to, staff_id=self.second, now=self.now)

    def work(self) -> None:
        """What the worker does beside sending, once."""
        with self.database.transaction() as db:
            service.look_after(db, now=self.now)
            broadcast.look_after(db, self.square, now=self.now)
            digest.send_due(db, self.square, now=self.now)

    def deliver(self, *names: str) -> None:
        """Bring what is owed, to all or to these, with the residents."""
        with self.database.transaction() as db:
            talks = [self.talk(db, name).id for name in names]
            owed = update(Notice).where(Notice.state == NoticeState.WAITING)
            if talks:
                owed = owed.where(Notice.conversation_id.in_(talks))
            db.execute(owed.values(state=NoticeState.SENT))

    def talk(self, db: Db, who: str, channel: str = "webchat") -> Conversation:
        return conversations.at_address(db, channel=channel, address=who, now=self.now)

    def move_in(self, who: str, area: str | None = QICAI, **changes: object) -> None:
        with self.database.transaction() as db:
            resident = self.talk(db, who).resident
            resident.area_id = area
            for name, value in changes.items():
                setattr(resident, name, value)

    def tap(self, who: str, intent: str, value: str = "") -> Done:
        with self.database.transaction() as db:
            tapped = Tap(self.talk(db, who), value, self.now)
            return taps.TAPS[intent](db, self.square, tapped)

    def owed(self, who: str) -> list[Notice]:
        """What a resident is owed or was sent, in order."""
        with self.database.transaction() as db:
            wanted = select(Notice).where(
                Notice.conversation_id == self.talk(db, who).id,
                Notice.state.in_((NoticeState.WAITING, NoticeState.SENT)),
            )
            return list(db.scalars(wanted.order_by(Notice.id)))

    def told(self, who: str) -> list[str]:
        return [notice.response for notice in self.owed(who)]

    def status(self, news_id: int) -> str:
        with self.database.reading() as db:
            return db.get_one(NewsItem, news_id).status

    def progress(self, news_id: int) -> dict[str, int]:
        with self.database.reading() as db:
            item = db.get_one(NewsItem, news_id)
            sent = broadcast.of(db, item)
            assert sent
            return broadcast.progress(db, item, sent)


@pytest.fixture
def town(ground: Ground, clock: StandingClock) -> Town:
    town = Town(ground.database, Square(ground.pack, ground.wording), clock)
    with ground.database.transaction() as db:
        for name in ("writer", "second"):
            who = Staff(username=name, password_hash="-", role=Role.EDITOR, area_id=TOWN)
            who.created_at = clock.now()
            db.add(who)
            db.flush()
            setattr(town, name, who.id)
    return town
