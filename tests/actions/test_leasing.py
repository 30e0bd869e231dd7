from datetime import timedelta

import pytest
from sqlalchemy import select

from actions import conversations, leasing, pacing, sending
from actions.channels import CHANNELS
from actions.conversations import Author
from actions.db import Database, Db
from actions.people.model import Address
from actions.sending import Priority, Sending, Way
from tests.conftest import StandingClock


def say(db: Db, clock: StandingClock, chat: str, priority: Priority) -> int:
    """Something waits to be brought to a chat on WeChat, which has no pace."""
    now = clock.now()
    talk = conversations.at_address(db, channel="wechat", address=chat, now=now)
    address = db.get_one(Address, talk.address_id)
    sending.open_window(db, address, CHANNELS["wechat"].window, now=now)
    said = conversations.say(
        db, talk, "话", author=Author.ASSISTANT, now=now, way=Way(priority)
    )
    return db.scalars(select(Sending.id).where(Sending.message_id == said.id)).one()


def lease(db: Db, clock: StandingClock) -> list[int]:
    return [one.id for one in leasing.lease_due(db, ["wechat"], now=clock.now())]


def test_a_reply_waits_for_the_notice_that_is_on_its_way_in_its_chat(
    database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        notice = say(db, clock, "a", Priority.NOTICE)
    with database.transaction() as db:
        assert lease(db, clock) == [notice]
    with database.transaction() as db:
        say(db, clock, "a", Priority.REPLY)
        other = say(db, clock, "b", Priority.NOTICE)
    with database.transaction() as db:
        assert lease(db, clock) == [other]


def test_a_lease_ends_and_another_takes_it_once(
    database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        notice = say(db, clock, "a", Priority.NOTICE)
    with database.transaction() as db:
        assert lease(db, clock) == [notice]
    clock.pass_by(leasing.LEASE + timedelta(seconds=1))
    with database.transaction() as db:
        assert lease(db, clock) == [notice]
    with database.transaction() as db:
        assert lease(db, clock) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_chat_another_is_at_is_left_to_them(database: Database, clock: StandingClock) -> None:
    with database.transaction() as db:
        say(db, clock, "a", Priority.NOTICE)
        free = say(db, clock, "b", Priority.NOTICE)
        pacing.hold(db, "wechat", now=clock.now())
    with database.transaction() as held:
        busy = select(Address).where(Address.address == "a").with_for_update(key_share=True)
        assert held.scalar(busy) is not None
        with database.transaction() as db:
            assert lease(db, clock) == [free]


def test_what_a_chat_has_of_room_is_not_used_by_what_finds_none(
    database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        say(db, clock, "a", Priority.NOTICE)
        until = clock.now() + timedelta(minutes=1)
        pacing.pause(db, "wechat/1", until=until, now=clock.now())
        address = db.scalars(select(Address)).one()
        db.get_one(pacing.Paced, "wechat/1").scope = pacing.scope_of(address)
    with database.transaction() as db:
        assert lease(db, clock) == []
        assert db.scalars(select(Address)).one().writes_left == 5


def test_a_pause_is_never_made_shorter(database: Database, clock: StandingClock) -> None:
    long, short = (clock.now() + timedelta(minutes=many) for many in (10, 1))
    with database.transaction() as db:
        for until in (long, short):
            pacing.pause(db, "wechat", until=until, now=clock.now())
        paced = db.get_one(pacing.Paced, "wechat")
        assert pacing.free_at(paced, None, now=clock.now()) == long
        assert pacing.room(paced, None, now=clock.now()) == 0
        assert pacing.room(paced, None, now=long) == pacing.PLENTY


def test_what_is_not_owed_takes_room_only_where_nothing_owed_waits(
    database: Database, clock: StandingClock
) -> None:
    now = clock.now()
    with database.transaction() as db:
        talk = conversations.at_address(db, channel="telegram", address="1", now=now)
        conversations.say(db, talk, "话", author=Author.ASSISTANT, now=now)
        chat = talk.address_id

    def take() -> timedelta:
        with database.transaction() as db:
            free = leasing.take_room(db, "telegram", chat, now=clock.now())
        return free - clock.now()

    assert take() == leasing.BUSY
    with database.transaction() as db:
        (text,) = leasing.lease_due(db, ["telegram"], now=clock.now())
    assert take() == leasing.BUSY  # it is on its way
    with database.transaction() as db:
        leasing.mark_part_sent(db, text.id, number=0, parts=1, platform_id="1", now=clock.now())
    assert take() == timedelta(seconds=1)  # the pace of a chat
    clock.pass_by(timedelta(seconds=1))
    assert take() == timedelta()
    assert take() == timedelta(seconds=1)  # what was taken is used


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_no_room_is_taken_in_a_chat_a_courier_is_at(
    database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        talk = conversations.at_address(db, channel="telegram", address="1", now=clock.now())
        chat = talk.address_id
        pacing.hold(db, "telegram", now=clock.now())
    with database.transaction() as held:
        busy = select(Address).where(Address.id == chat).with_for_update(key_share=True)
        assert held.scalar(busy) is not None
        with database.transaction() as db:
            free = leasing.take_room(db, "telegram", chat, now=clock.now())
    assert free == clock.now() + leasing.BUSY
