"""A door or a phone number is shown once both agreed, for a time, and then it is gone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import ColumnElement, String, cast, select

from actions import conversations
from actions.conversations import Author, Conversation, Message
from actions.db import Base, Db
from actions.errors import Refusal
from actions.outbox import Notice
from actions.people import blocks
from actions.people.model import Address, Words
from actions.relay import channels, releases
from actions.relay.model import Release
from actions.taps import Done
from tests.actions.relay.conftest import ABOUT, Street

DOOR, NUMBER = "3幢2单元501", "13900001111"


def give(street: Street, who: str, kind: str = "door", text: str = DOOR) -> int:
    with street.database.transaction() as db:
        relay, now = street.relay(), street.clock.now()
        line = releases.line_to_give(db, relay, street.talk(db, who), now=now)
        done = releases.offer(db, street.square, line, kind, text, now)
        return int(done.values["release"])


def do(street: Street, deed: Callable[..., Done], release: int, who: str) -> Done:
    with street.database.transaction() as db:
        return deed(db, street.square, release, street.talk(db, who), street.clock.now())


def deliver(street: Street, who: str) -> None:
    """Write down what is owed, as the worker does: the message has the notice's words."""
    with street.database.transaction() as db:
        for notice in db.scalars(select(Notice).where(Notice.conversation_id == who)):
            if notice.words_id and notice.state == "waiting":
                words = db.get_one(Words, notice.words_id)
                talk, now = street.talk(db, who), street.clock.now()
                conversations.say(
                    db, talk, words.text, author=Author.ASSISTANT, now=now, kept=words
                )
                notice.state = "sent"


def history(street: Street, who: str) -> str:
    with street.database.reading() as db:
        said = db.scalars(select(Message).where(Message.conversation_id == who))
        return "\n".join(message.text for message in said)


def erase_due(street: Street) -> int:
    with street.database.transaction() as db:
        return releases.erase_due(db, street.square, now=street.clock.now())


def is_anywhere(street: Street, secret: str) -> bool:
    """Whether a secret lies in any column of the database."""
    with street.database.reading() as db:
        return any(
            _holds(db, column, secret)
            for table in Base.metadata.sorted_tables
            for column in table.columns
        )


def _holds(db: Db, column: ColumnElement[Any], secret: str) -> bool:
    written = cast(column, String)
    return db.scalar(select(1).where(written.contains(secret)).limit(1)) is not None


def test_the_other_side_is_asked_and_sees_nothing_yet(street: Street) -> None:
    give(street, street.asker)
    (asked,) = street.owed(street.helper)
    assert "对方愿意告诉您门牌，只能用于这次" in asked
    assert DOOR not in asked


def test_it_is_shown_once_both_agreed(street: Street) -> None:
    release = give(street, street.asker)
    told = street.read(do(street, releases.agree, release, street.helper))
    assert DOOR not in told  # it goes with the message whose words can be erased
    assert DOOR in street.owed(street.helper)[-1]
    assert "对方看了您给的" in street.owed(street.asker)[-1]
    with pytest.raises(Refusal, match="utter_release_shown_before"):
        do(street, releases.agree, release, street.helper)


@pytest.mark.parametrize("who", ["asker", "stranger"])
def test_nobody_else_can_agree_not_even_the_giver(street: Street, who: str) -> None:
    release = give(street, street.asker)
    with pytest.raises(Refusal):
        do(street, releases.agree, release, getattr(street, who))
    assert DOOR not in "".join(street.owed(street.stranger) + street.owed(street.helper))


def test_when_the_time_is_over_it_is_gone_from_everywhere(street: Street) -> None:
    release = give(street, street.asker)
    do(street, releases.agree, release, street.helper)
    deliver(street, street.helper)
    assert DOOR in history(street, street.helper)
    assert erase_due(street) == 0
    street.clock.pass_by(timedelta(hours=8))
    assert is_anywhere(street, DOOR)
    with street.database.reading() as db:
        assert releases.is_any_due(db, now=street.clock.now())
    assert erase_due(street) == 1
    assert not is_anywhere(street, DOOR)
    assert "已按约定删掉" in history(street, street.helper)
    assert erase_due(street) == 0


def test_a_copy_of_its_own_would_stay(street: Street) -> None:
    """Negative control: a message with words of its own outlives the release."""
    release = give(street, street.asker)
    do(street, releases.agree, release, street.helper)
    with street.database.transaction() as db:
        talk, now = street.talk(db, street.helper), street.clock.now()
        shown = db.get_one(Release, release).words.text
        conversations.say(db, talk, shown, author=Author.ASSISTANT, now=now)
    street.clock.pass_by(timedelta(hours=8))
    erase_due(street)
    assert is_anywhere(street, DOOR)


def test_closing_the_line_ends_it_too(street: Street) -> None:
    release = give(street, street.asker)
    street.close()
    with pytest.raises(Refusal, match="utter_release_over"):
        do(street, releases.agree, release, street.helper)
    assert erase_due(street) == 1
    assert not is_anywhere(street, DOOR)


def test_it_can_be_taken_back_before_and_after_it_was_shown(street: Street) -> None:
    first = give(street, street.asker)
    do(street, releases.withdraw, first, street.asker)
    assert not is_anywhere(street, DOOR)
    with pytest.raises(Refusal, match="utter_release_over"):
        do(street, releases.agree, first, street.helper)
    second = give(street, street.asker)
    do(street, releases.agree, second, street.helper)
    deliver(street, street.helper)
    do(street, releases.withdraw, second, street.asker)
    assert not is_anywhere(street, DOOR)
    with pytest.raises(Refusal, match="utter_release_over"):
        do(street, releases.withdraw, second, street.asker)


@pytest.mark.parametrize("who", ["helper", "stranger"])
def test_only_the_giver_takes_it_back(street: Street, who: str) -> None:
    release = give(street, street.asker)
    with pytest.raises(Refusal, match="utter_release_over"):
        do(street, releases.withdraw, release, getattr(street, who))


def test_who_does_not_want_it_has_it_erased_and_the_giver_is_told(street: Street) -> None:
    release = give(street, street.asker)
    do(street, releases.decline, release, street.helper)
    assert not is_anywhere(street, DOOR)
    assert "先不用看" in street.owed(street.asker)[-1]


def test_what_is_given_again_replaces_what_was_given(street: Street) -> None:
    first = give(street, street.asker)
    give(street, street.asker, text="8幢1单元302")
    assert not is_anywhere(street, DOOR)
    with pytest.raises(Refusal, match="utter_release_over"):
        do(street, releases.agree, first, street.helper)


def test_a_helper_gives_a_phone_number(street: Street) -> None:
    release = give(street, street.helper, "phone", NUMBER)
    do(street, releases.agree, release, street.asker)
    assert NUMBER in street.owed(street.asker)[-1]


@pytest.mark.parametrize(
    ("kind", "text"),
    [("phone", "没有"), ("phone", "1390000"), ("door", "x"), ("door", "长" * 61)],
)
def test_what_is_no_door_or_number_is_refused(street: Street, kind: str, text: str) -> None:
    with pytest.raises(Refusal, match=f"utter_release_no_{kind}"):
        give(street, street.asker, kind, text)


def test_who_is_blocked_since_sees_nothing(street: Street) -> None:
    release = give(street, street.asker)
    with street.database.transaction() as db:
        ids = [street.talk(db, w).resident_id for w in (street.asker, street.helper)]
        blocks.block(db, *ids, now=street.clock.now())
    with pytest.raises(Refusal, match="utter_relay_closed"):
        do(street, releases.agree, release, street.helper)


def test_at_night_nobody_is_woken_to_be_asked(street: Street) -> None:
    street.clock.pass_by(timedelta(hours=12))
    street.open(hours=20)
    give(street, street.asker)
    (notice,) = street.notices(street.helper)
    assert notice.due_at.astimezone(street.square.zone).hour == 7


def test_it_is_neither_asked_for_nor_shown_where_others_carry_it(street: Street) -> None:
    away = street.arrive("away", channel="telegram")
    street.open("help:13", one=away, other=street.helper)
    with street.database.transaction() as db, pytest.raises(Refusal) as refused:
        releases.line_to_give(
            db, street.relay("help:13"), street.talk(db, away), now=street.clock.now()
        )
    assert refused.value.response == "utter_release_not_here"
    street.open(other=away)
    release = give(street, street.asker)
    with pytest.raises(Refusal, match="utter_release_nowhere"):
        do(street, releases.agree, release, away)
    assert DOOR not in "".join(street.owed(away))


def test_it_is_shown_on_the_page_of_who_has_one(street: Street) -> None:
    away = street.arrive("away", channel="telegram")
    page = _another_conversation(street, away)
    street.open(other=away)
    release = give(street, street.asker)
    told = street.read(do(street, releases.agree, release, away))
    assert "网页" in told
    assert DOOR not in "".join(street.owed(away))
    assert DOOR in "".join(street.owed(page))


def _another_conversation(street: Street, who: str) -> str:
    """The same resident on the web page."""
    with street.database.transaction() as db:
        now, whose = street.clock.now(), street.talk(db, who).resident_id
        door = Address(resident_id=whose, channel="webchat", address="p", created_at=now)
        db.add(door)
        db.flush()
        talk = Conversation(
            id="p" * 32, resident_id=whose, address_id=door.id, created_at=now, epoch=0
        )
        db.add(talk)
        return talk.id


def test_a_channel_nobody_decided_on_carries_nothing(street: Street) -> None:
    unknown = street.arrive("x", channel="pigeon")
    with street.database.reading() as db:
        assert not channels.carries(db, street.talk(db, unknown))
        assert channels.carries(db, street.talk(db, street.asker))


def test_the_words_of_a_release_are_the_givers(street: Street) -> None:
    release = give(street, street.asker)
    do(street, releases.agree, release, street.helper)
    with street.database.reading() as db:
        giver = street.talk(db, street.asker).resident_id
        assert db.get_one(Release, release).words.resident_id == giver
        assert street.relay().about == ABOUT
