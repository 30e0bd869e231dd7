"""The drill can fail: a leak is seen, and so are lost, unanswered and handed over messages."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from actions import conversations
from actions.conversations import Author, Status
from actions.db import Database
from actions.turns import EntryState, InboxEntry, TurnRow, TurnState
from bench.drills import soak
from bench.drills.sampling import Watch
from bench.drills.soak import WRONG, books, verdict

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def test_a_process_that_keeps_what_it_gets_is_told_from_one_that_does_not() -> None:
    assert soak.leak_is_seen(2.5)


def test_samples_of_what_comes_later_and_goes_again_stay_beside_their_moments() -> None:
    found: list[dict[str, float | None]] = [{"a": 1}, {"a": 2, "b": 5}, {"b": 6}]
    watch = Watch([lambda: found.pop(0) if found else {}], every=0.01)
    watch.start()
    time.sleep(0.2)
    watch.stop()
    assert watch.columns["a"][:3] == [1, 2, None]
    assert watch.columns["b"][:3] == [None, 5, 6]
    assert watch.series("b") == (watch.at[1:3], [5, 6])


def answered(database: Database, number: int) -> int:
    """A message of somebody, and its answer."""
    with database.transaction() as db:
        talk = conversations.at_address(db, channel="webchat", address=str(number), now=NOW)
        said = conversations.say(db, talk, "你好", author=Author.RESIDENT, now=NOW)
        entry = InboxEntry(
            channel="webchat",
            update_id=str(number),
            conversation_id=talk.id,
            message_id=said.id,
            received_at=NOW,
            next_try_at=NOW,
            state=EntryState.ANSWERED,
        )
        db.add(entry)
        db.flush()
        answer = conversations.say(db, talk, "您好", author=Author.ASSISTANT, now=NOW)
        answer.inbox_id = entry.id
        return entry.id


@pytest.fixture
def town(migrated: Database) -> Database:
    for number in range(3):
        answered(migrated, number)
    return migrated


def found(database: Database) -> dict[str, int]:
    with database.reading() as db:
        return {name: count for name, count in books(db, sent=3).items() if count}


def test_books_in_which_all_is_well_are_empty(town: Database) -> None:
    assert found(town) == {"messages": 3}


def test_what_is_wrong_is_counted(town: Database) -> None:
    with town.transaction() as db:
        first, second, third = db.query(InboxEntry).order_by(InboxEntry.id)
        first.state = EntryState.WAITING
        db.query(conversations.Message).filter_by(inbox_id=second.id).delete()
        second.state = EntryState.HANDED_OVER
        for number in range(2):
            turn = TurnRow(
                id=f"turn-{number}",
                inbox_id=third.id,
                conversation_id=third.conversation_id,
                message_id=third.message_id,
                language="zh",
                elder=False,
                started_at=NOW,
                state=TurnState.DONE,
            )
            db.add(turn)
    wrong = {"unanswered": 1, "silent": 1, "handed_over": 1, "answered_twice": 1}
    assert found(town) == {"messages": 3, **wrong}
    with town.reading() as db:
        assert books(db, sent=5)["lost"] == 2


def test_a_person_to_whom_nobody_wanted_to_speak_is_counted(town: Database) -> None:
    with town.transaction() as db:
        talk = db.query(conversations.Conversation).first()
        assert talk
        talk.status = Status.OPEN
    assert found(town) == {"messages": 3, "handed_over": 1}


WELL: dict[str, Any] = {
    **dict.fromkeys((*WRONG, "refused_as_too_quick", "restarted"), 0),
    **{"messages": 9, "seconds": 60, "messages_a_second": 9.0, "asked_a_second": 9.0},
    **{"on_their_way_at_the_end": 3, "page_p99_ms": 90.0, "slopes": {}},
}


@pytest.mark.parametrize(
    ("wrong", "flat", "held"),
    [
        ({}, {"bot.memory_mb": True}, True),
        ({}, {"bot.memory_mb": None, "rasa.memory_mb": None, "bot.handles": True}, True),
        ({}, {"bot.memory_mb": False}, False),
        ({"lost": 1}, {}, False),
        ({"handed_over": 1}, {}, False),
        ({"on_their_way_at_the_end": 200}, {}, False),
        ({"restarted": 1}, {}, False),
    ],
)
def test_it_held_where_nothing_grew_and_nothing_went_wrong(
    wrong: dict[str, Any], flat: dict[str, bool | None], held: bool
) -> None:
    said = verdict(WELL | wrong, flat, control=True)
    assert said.held is held
    unsaid = "60 s are too short to say of: memory_mb" if None in flat.values() else ""
    assert said.not_run == unsaid
