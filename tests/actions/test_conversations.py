from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import func, select

from actions import conversations
from actions.conversations import Author, Choice, Conversation, Message, Status
from actions.db import Database
from actions.people.model import Resident
from tests.conftest import StandingClock


def welcome(database: Database, clock: StandingClock) -> str:
    with database.transaction() as db:
        return conversations.at_address(db, channel="webchat", address="a", now=clock.now()).id


def speak(database: Database, clock: StandingClock, text: str) -> int:
    with database.transaction() as db:
        conversation = db.scalars(select(Conversation)).one()
        return conversations.say(
            db, conversation, text, author=Author.ASSISTANT, now=clock.now()
        ).id


def test_somebody_new_is_welcomed_once_however_many_messages_arrive_at_once(
    database: Database, clock: StandingClock
) -> None:
    with ThreadPoolExecutor(8) as pool:
        met = set(pool.map(lambda _: welcome(database, clock), range(8)))
    assert len(met) == 1
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Resident)) == 1


def test_what_is_said_can_be_read_on_from_the_last_id_without_missing_any(
    database: Database, clock: StandingClock
) -> None:
    """Two speak at once: the later id must not be seen before the earlier one."""
    where = welcome(database, clock)
    spoken, go_on = Event(), Event()

    def speak_slowly() -> int:
        with database.transaction() as db:
            conversation = db.get_one(Conversation, where)
            said = conversations.say(
                db, conversation, "一", author=Author.ASSISTANT, now=clock.now()
            )
            spoken.set()
            go_on.wait(20)
            return said.id

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(speak_slowly)
        assert spoken.wait(20)
        quick = pool.submit(speak, database, clock, "二")
        with pytest.raises(TimeoutError):
            quick.result(timeout=0.3)
        go_on.set()
        assert slow.result() < quick.result()


def test_every_choice_gets_an_id_nobody_can_guess(
    database: Database, clock: StandingClock
) -> None:
    welcome(database, clock)
    with database.transaction() as db:
        conversation = db.scalars(select(Conversation)).one()
        said = conversations.say(
            db,
            conversation,
            "?",
            author=Author.ASSISTANT,
            now=clock.now(),
            choices=[Choice("是", "choose", "yes"), Choice("否", "choose", "no")],
        )
        ids = [choice.id for choice in said.offered]
        assert len(set(ids)) == 2
        assert all(len(found) == 13 for found in ids)
    with database.reading() as db:
        assert [choice.id for choice in db.get_one(Message, said.id).offered] == ids


def test_handing_over_twice_keeps_who_waited_since_when(
    database: Database, clock: StandingClock
) -> None:
    where, began = welcome(database, clock), clock.now()
    for _ in range(2):
        with database.transaction() as db:
            conversation = db.get_one(Conversation, where)
            conversations.open_for_staff(db, conversation, now=clock.now())
        clock.pass_by(timedelta(minutes=1))
    with database.reading() as db:
        conversation = db.get_one(Conversation, where)
        assert (conversation.status, conversation.unanswered_since) == (Status.OPEN, began)


def test_what_was_said_lately_is_read_once_until_more_is_said(
    database: Database, clock: StandingClock
) -> None:
    where = welcome(database, clock)
    speak(database, clock, "一")
    with database.transaction() as db:
        before = conversations.lately(db, where)
        assert conversations.lately(db, where) is before
        conversation = db.get_one(Conversation, where)
        conversations.say(db, conversation, "二", author=Author.ASSISTANT, now=clock.now())
        assert [message.text for message in conversations.lately(db, where)] == ["二", "一"]
