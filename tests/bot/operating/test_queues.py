"""What waits is counted by channel, with how long the first has waited, from indexes alone."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from actions import conversations, outbox
from actions.alerts import AlertKind, raise_once
from actions.conversations import Author, Conversation
from actions.db import Base, Database, Db
from actions.outbox import NoticeState
from actions.sending import Priority, Sending, SendingState, Way
from actions.turns import EntryState, InboxEntry
from bot.operating import queues
from bot.operating.queues import NO_CHANNEL, PATIENCE, QUEUES, Waiting
from tests.conftest import StandingClock

BROADCAST, NOTICE = Way(Priority.BROADCAST), Way(Priority.NOTICE)
# So few rows that no index is worth it, and as many as there are publications under way.
SMALL = {"publications"}


class Town:
    """A town in which something waits everywhere."""

    def __init__(self, database: Database, clock: StandingClock) -> None:
        self.database, self.clock = database, clock
        self.number = 0

    def talk(self, db: Db, channel: str) -> Conversation:
        self.number += 1
        return conversations.at_address(
            db, channel=channel, address=f"{channel}-{self.number}", now=self.clock.now()
        )

    def write(self, channel: str, state: EntryState = EntryState.WAITING) -> None:
        now = self.clock.now()
        with self.database.transaction() as db:
            self.number += 1
            moments = {"received_at": now, "next_try_at": now}
            update = f"u{self.number}"
            db.add(InboxEntry(channel=channel, update_id=update, state=state, **moments))

    def say(self, channel: str, way: Way = NOTICE, state: str = SendingState.WAITING) -> None:
        with self.database.transaction() as db:
            talk, now = self.talk(db, channel), self.clock.now()
            said = conversations.say(db, talk, "……", author=Author.ASSISTANT, now=now, way=way)
            sent = db.scalars(select(Sending).where(Sending.message_id == said.id)).one()
            sent.state, sent.due_at = state, now + timedelta(hours=1)  # as if it had been tried

    def owe(self, state: str, due_in: timedelta = timedelta()) -> None:
        now = self.clock.now()
        with self.database.transaction() as db:
            talk = self.talk(db, "webchat")
            owed = outbox.put(
                db,
                conversation_id=talk.id,
                response="utter_returned_unanswered",
                due_at=now + due_in,
            )
            owed.state = state

    def hand_off(self) -> None:
        with self.database.transaction() as db:
            talk = self.talk(db, "webchat")
            conversations.open_for_staff(db, talk, now=self.clock.now())
            talk.unanswered_since = self.clock.now()

    def worry(self) -> None:
        with self.database.transaction() as db:
            talk, now = self.talk(db, "webchat"), self.clock.now()
            kind, about = AlertKind.NOT_WELL, "check_in"
            raise_once(db, kind, talk.resident_id, about=about, key="k", now=now)

    def waiting(self) -> dict[tuple[str, str], tuple[int, float]]:
        with self.database.reading() as db:
            found = queues.read(db, now=self.clock.now())
        return {(o.queue, o.channel): (o.count, o.oldest.total_seconds()) for o in found}


@pytest.fixture
def town(database: Database, clock: StandingClock) -> Town:
    return Town(database, clock)


def test_where_nothing_waits_every_queue_says_so(town: Town) -> None:
    assert town.waiting() == {(queue, NO_CHANNEL): (0, 0.0) for queue in QUEUES}


def test_each_queue_is_counted_by_channel_with_the_age_of_its_first(
    town: Town, clock: StandingClock
) -> None:
    town.write("webchat")
    town.write("telegram")
    town.write("telegram", EntryState.QUARANTINED)
    town.write("telegram", EntryState.ANSWERED)
    town.say("telegram")
    town.say("telegram", BROADCAST)
    town.say("wechat", state=SendingState.HELD)
    town.say("wechat", state=SendingState.DEAD)
    town.say("wechat", state=SendingState.SENT)
    town.owe(NoticeState.WAITING)
    town.owe(NoticeState.WAITING, timedelta(days=1))
    town.owe(NoticeState.TO_PHONE)
    town.owe(NoticeState.DEAD)
    town.hand_off()
    town.worry()
    clock.pass_by(timedelta(seconds=90))
    town.write("telegram")
    town.say("telegram")
    found = {key: value for key, value in town.waiting().items() if value[0]}
    assert found == {
        ("inbox", "webchat"): (1, 90.0),
        ("inbox", "telegram"): (2, 90.0),
        ("quarantined", "telegram"): (1, 90.0),
        ("sendings", "telegram"): (2, 90.0),  # also what has been tried since
        ("broadcasts", "telegram"): (1, 90.0),
        ("held", "wechat"): (1, 90.0),
        ("dead_sendings", "wechat"): (1, 90.0),
        ("notices", NO_CHANNEL): (1, 90.0),
        ("calls", NO_CHANNEL): (1, 90.0),
        ("dead_notices", NO_CHANNEL): (1, 90.0),
        ("handoffs", NO_CHANNEL): (1, 90.0),
        ("alerts", NO_CHANNEL): (1, 90.0),
    }


def test_a_clock_that_was_set_back_makes_nobody_wait(town: Town, clock: StandingClock) -> None:
    town.write("webchat")
    clock.pass_by(timedelta(hours=-1))
    assert town.waiting()["inbox", "webchat"] == (1, 0.0)


@pytest.mark.parametrize("queue", QUEUES)
def test_something_is_late_once_it_has_waited_too_long(queue: str) -> None:
    patience = PATIENCE.get(queue, timedelta())
    assert Waiting(queue, "", 1, patience).is_late
    assert not Waiting(queue, "", 0, timedelta()).is_late
    if patience:  # what has none is late at once
        assert not Waiting(queue, "", 1, patience - timedelta(seconds=1)).is_late


def plan(db: Db, queue: str, now: Any) -> Iterator[str]:
    """How the store would go about reading a queue."""
    connection = db.connection()
    on_sqlite = connection.dialect.name == "sqlite"
    if not on_sqlite:  # of tables this small it would rather read everything
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    compiled = QUEUES[queue](now).compile(
        dialect=connection.dialect, compile_kwargs={"literal_binds": True}
    )
    asked = "EXPLAIN QUERY PLAN " if on_sqlite else "EXPLAIN "
    for row in connection.exec_driver_sql(asked + str(compiled).replace("%", "%%")):
        yield str(row[-1])


def reads_everything(db: Db, queue: str, now: Any) -> list[str]:
    """The steps of a plan that read all of a table, or all of its index."""
    scan = re.compile(r"(?:SCAN|.*Seq Scan on) (\w+)")
    scanned = [(step, found[1]) for step in plan(db, queue, now) if (found := scan.match(step))]
    return [step for step, table in scanned if table in Base.metadata.tables]


@pytest.mark.parametrize("queue", sorted(set(QUEUES) - SMALL))
def test_a_queue_is_read_from_an_index(
    database: Database, clock: StandingClock, queue: str
) -> None:
    with database.reading() as db:
        assert reads_everything(db, queue, clock.now()) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_the_index_the_plan_reads_everything(
    database: Database, clock: StandingClock
) -> None:
    """Negative control."""
    status: InstrumentedAttribute[str] = Conversation.status
    (index,) = (i for i in Conversation.__table__.indexes if status.key in i.columns)  # type: ignore[attr-defined]
    with database.transaction() as db:
        index.drop(db.connection())
        assert reads_everything(db, "handoffs", clock.now())
