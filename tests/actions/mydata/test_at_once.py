"""Somebody writes at the very moment they are forgotten: nothing is stranded, nothing leaks."""

import threading
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from actions import conversations
from actions.conversations import Conversation, Message
from actions.db import Database
from actions.leaving import farewell
from actions.mydata.erasing import NOBODY
from actions.people.model import Address, Resident, Words
from actions.square import Square
from actions.turns import InboxEntry
from actions.wording import read_wording
from bot import inbox
from bot.inbox import Kept
from bot.message import InboundMessage
from knowledge.pack import load_pack
from tests.conftest import StandingClock

SQUARE = Square(
    load_pack(Path("knowledge/data/guali")), read_wording(ZoneInfo("Asia/Shanghai"))
)
LATE = "同一时刻写的"


def write(database: Database, clock: StandingClock, number: int) -> Kept:
    message = InboundMessage("webchat", "a", f"a:{number}", LATE)
    return inbox.keep(database, message, now=clock.now())


def test_what_is_written_meanwhile_belongs_to_somebody_new(
    database: Database, clock: StandingClock
) -> None:
    write(database, clock, 0)
    kept: list[Kept] = []

    def late() -> None:
        kept.append(write(database, clock, 1))

    writing = threading.Thread(target=late)
    with database.transaction() as db:
        before = db.scalars(select(Conversation)).one()
        who, before_id = before.resident_id, before.id
        conversations.hold(db, before_id)
        writing.start()
        time.sleep(0.3)  # it waits for us, before or after it has found the conversation
        farewell.begin_anew(db, before, now=clock.now())
        farewell.leave(db, SQUARE, who, now=clock.now())
    writing.join()
    with database.reading() as db:
        new = db.scalars(
            select(Conversation)
            .join(Address, Address.id == Conversation.address_id)
            .where(Address.channel == "webchat")
        ).one()
        said = db.scalars(select(Message).where(Message.conversation_id == new.id)).all()
        assert [one.text for one in said] == [LATE]
        assert kept[0].conversation_id == new.id
        assert db.scalars(select(Words.resident_id)).all() == [new.resident_id]
        assert db.get(Resident, who) is None
        assert db.get(Conversation, before_id) is None
        assert db.scalar(select(func.count()).select_from(InboxEntry)) == 2
        nobodys = select(Address).where(Address.channel == NOBODY)
        assert db.scalars(nobodys).all() == []


def test_a_reference_to_who_is_gone_is_refused_by_the_database(
    database: Database, clock: StandingClock
) -> None:
    """Negative control: without that the late words would be of nobody, and found by no one."""
    with database.transaction() as db:
        talk = conversations.at_address(db, channel="webchat", address="a", now=clock.now())
        who = talk.resident_id
    with database.transaction() as db:
        farewell.leave(db, SQUARE, who, now=clock.now())
    with pytest.raises(Exception, match=r"(?i)foreign key"), database.transaction() as db:
        db.add(Words(resident_id=who, text=LATE, created_at=clock.now()))
