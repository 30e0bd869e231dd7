"""Words for a neighbour, said without a tap: passed on when it is clear that they are."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions.conversations import Conversation, Message
from actions.errors import Refusal
from actions.outbox import Notice
from actions.people import nicknames
from actions.people.model import Words
from actions.relay import taps
from actions.relay.model import Pending, RelayMessage
from actions.square import Square
from actions.taps import Done, Tap
from tests.actions.conftest import Heard, Talk
from tests.actions.talking.conftest import in_touch

SAID = "跟对方说我晚十分钟到"


def say(talk: Talk, text: str) -> Heard:
    return talk.do("action_relay_message", text, intent="relay_message")


def passed_on(talk: Talk) -> list[str]:
    with talk.ground.database.reading() as db:
        return [one.words.text for one in db.scalars(select(RelayMessage))]


def tap(talk: Talk, value: str) -> Done:
    ground, mine = talk.ground, talk.conversation_id
    with ground.database.transaction() as db:
        talk_of = db.get_one(Conversation, mine)
        now = ground.clock.now()
        return taps.TAPS["relay_to"](
            db, Square(ground.pack, ground.wording), Tap(talk_of, value, now)
        )


def test_words_go_to_the_one_neighbour_without_their_lead_in(talk: Talk) -> None:
    in_touch(talk, "help:1")
    heard = say(talk, SAID)
    assert passed_on(talk) == ["我晚十分钟到"]
    assert "转给对方了" in talk.told(heard)


def test_who_has_nobody_is_told_so(talk: Talk) -> None:
    assert "没有正在联系的邻居" in talk.told(say(talk, SAID))
    assert passed_on(talk) == []


def test_without_words_we_wait_for_them(talk: Talk) -> None:
    in_touch(talk, "help:1")
    assert "请说" in talk.told(say(talk, "跟对方说"))
    with talk.ground.database.reading() as db:
        assert db.scalars(select(Pending)).one().what == "words"


def test_what_does_not_say_that_it_is_for_a_neighbour_is_asked_first(talk: Talk) -> None:
    in_touch(talk, "help:1")
    heard = say(talk, "我晚十分钟到")
    assert passed_on(talk) == []
    assert "要转给邻居吗" in talk.told(heard)
    value = heard.news[0].values["value"]
    tap(talk, value)
    assert passed_on(talk) == ["我晚十分钟到"]


def test_of_several_neighbours_it_is_asked_which_and_the_words_are_kept(talk: Talk) -> None:
    first = in_touch(talk, "help:1")
    talk.ground.clock.pass_by(timedelta(minutes=1))  # type: ignore[attr-defined]
    in_touch(talk, "help:2", "another")
    heard = say(talk, SAID)
    assert passed_on(talk) == []
    offered = heard.news[0].choices
    assert [one["intent"] for one in offered] == ["relay_to", "relay_to"]
    assert "10:00" in offered[1]["label"]
    tap(talk, offered[1]["value"])
    assert passed_on(talk) == ["我晚十分钟到"]
    with talk.ground.database.reading() as db:
        owed = db.scalars(select(Notice.conversation_id).where(Notice.words_id.is_not(None)))
        assert list(owed) == [first]


def test_no_word_and_no_name_stands_outside_the_words(talk: Talk) -> None:
    for number in (1, 2):
        other = in_touch(talk, f"help:{number}", f"h{number}")
        with talk.ground.database.transaction() as db:
            whose = db.get_one(Conversation, other).resident_id
            nicknames.call(db, whose, "金丝雀", now=talk.ground.clock.now())
    heard = say(talk, SAID)
    written = str([(one.values, one.choices) for one in heard.news])
    assert "金丝雀" not in written
    assert "十分钟" not in written


def test_somebody_elses_message_is_never_passed_on(talk: Talk) -> None:
    in_touch(talk, "help:1")
    Talk(talk.ground, talk.topic, address="stranger").hear("我的秘密")
    with talk.ground.database.reading() as db:
        theirs = db.scalars(
            select(Message)
            .join(Words, Words.id == Message.words_id)
            .where(Words.text == "我的秘密")
        ).one()
    with pytest.raises(Refusal, match="utter_relay_closed"):
        tap(talk, f"help:1 {theirs.id}")
    assert passed_on(talk) == []


def test_an_english_speaker_is_passed_on_too(talk: Talk) -> None:
    in_touch(talk, "help:1")
    talk.language = "en"
    assert "Passed on" in talk.told(say(talk, "tell them I am ten minutes late"))
    assert passed_on(talk) == ["I am ten minutes late"]
