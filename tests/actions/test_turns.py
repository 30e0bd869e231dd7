from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from actions import conversations, outbox, turns
from actions.conversations import Author, Conversation, Draft
from actions.db import Database, Db
from actions.errors import TurnLost
from actions.turns import EntryState, InboxEntry, Opening, TurnRow
from tests.conftest import StandingClock


def a_turn(db: Db, clock: StandingClock, update_id: str = "1") -> TurnRow:
    now = clock.now()
    conversation = conversations.at_address(db, channel="webchat", address="a", now=now)
    message = conversations.say(db, conversation, "约书法课", author=Author.RESIDENT, now=now)
    entry = InboxEntry(
        channel="webchat",
        bot="",
        update_id=update_id,
        conversation_id=conversation.id,
        message_id=message.id,
        state=EntryState.WAITING,
        tries=0,
        received_at=now,
        next_try_at=now,
    )
    db.add(entry)
    db.flush()
    return turns.open_turn(db, entry, Opening("zh", elder=False), now=now)


@pytest.mark.both_stores
def test_a_turn_that_was_given_up_can_do_nothing_any_more(
    database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        turn = a_turn(db, clock)
    with database.transaction() as db:
        assert turns.give_up(db, turn.id, now=clock.now())
    with pytest.raises(TurnLost), database.transaction() as db:
        turns.act(db, turn, "book", now=clock.now())
    with pytest.raises(TurnLost), database.transaction() as db:
        turns.require_running(db, turn)


@pytest.mark.both_stores
def test_a_turn_that_acted_cannot_be_given_up(database: Database, clock: StandingClock) -> None:
    with database.transaction() as db:
        turn = a_turn(db, clock)
        turns.act(db, turn, "book", now=clock.now())
    with database.transaction() as db:
        assert not turns.give_up(db, turn.id, now=clock.now())


@pytest.mark.both_stores
def test_giving_up_makes_rasa_start_afresh(database: Database, clock: StandingClock) -> None:
    with database.transaction() as db:
        turn = a_turn(db, clock)
        before = db.get_one(Conversation, turn.conversation_id).tracker_id
    with database.transaction() as db:
        turns.give_up(db, turn.id, now=clock.now())
    with database.reading() as db:
        assert db.get_one(Conversation, turn.conversation_id).tracker_id != before


@pytest.mark.both_stores
def test_the_same_step_of_a_message_is_done_once_whichever_turn_asks(
    database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        turn = a_turn(db, clock)
        turns.act(db, turn, "book", now=clock.now())
    with database.transaction() as db:
        entry = db.get_one(InboxEntry, turn.inbox_id)
        again = turns.open_turn(db, entry, Opening("zh", elder=False), now=clock.now())
    for same in (turn, again):
        with pytest.raises(TurnLost), database.transaction() as db:
            turns.act(db, same, "book", now=clock.now())


TRIALS = 100


class Fenced:
    """Both sides go through the fence."""

    def act(
        self, database: Database, turn: TurnRow, clock: StandingClock, _meet: Barrier
    ) -> bool:
        try:
            with database.transaction() as db:
                turns.act(db, turn, "book", now=clock.now())
        except TurnLost:
            return False
        return True

    def give_up(
        self, database: Database, turn: TurnRow, clock: StandingClock, _meet: Barrier
    ) -> bool:
        with database.transaction() as db:
            return turns.give_up(db, turn.id, now=clock.now())


class LookThenLeap:
    """The naive way: look at the state, then go on as if it stayed."""

    def act(
        self, database: Database, turn: TurnRow, _clock: StandingClock, meet: Barrier
    ) -> bool:
        with database.reading() as db:
            state = db.get_one(TurnRow, turn.id).state
        meet.wait()
        return state == turns.TurnState.RUNNING

    give_up = act


@pytest.mark.parametrize(
    ("way", "expected"),
    [(Fenced(), 0), (LookThenLeap(), TRIALS)],
    ids=["fence", "negative control"],
)
@pytest.mark.both_stores
def test_acting_and_giving_up_never_both_win(
    database: Database, clock: StandingClock, way: Fenced | LookThenLeap, expected: int
) -> None:
    both = 0
    with ThreadPoolExecutor(2) as pool:
        for trial in range(TRIALS):
            with database.transaction() as db:
                turn = a_turn(db, clock, update_id=f"race {trial}")
            meet = Barrier(2)
            sides = [
                pool.submit(side, database, turn, clock, meet)
                for side in (way.act, way.give_up)
            ]
            won = [side.result() for side in sides]
            assert any(won)  # never neither: that would be silence
            both += all(won)
    assert both == expected


@pytest.mark.both_stores
def test_a_refused_deed_leaves_no_trace_and_no_notice(
    database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        turn = a_turn(db, clock)

    def deed() -> None:
        with database.transaction() as db:
            turns.act(db, turn, "book", now=clock.now())
            outbox.put(
                db,
                conversation_id=turn.conversation_id,
                response="utter_booked",
                due_at=clock.now(),
                turn_id=turn.id,
            )
            raise RuntimeError("the deed failed after it had told")

    with pytest.raises(RuntimeError):
        deed()
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(outbox.Notice)) == 0
        assert db.get_one(TurnRow, turn.id).state == turns.TurnState.RUNNING


def test_a_closed_entry_keeps_nothing_of_its_payload(
    database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        entry = db.get_one(InboxEntry, a_turn(db, clock).inbox_id)
        entry.payload = "{}"
        turns.close_entry(entry, EntryState.ANSWERED, now=clock.now() + timedelta(seconds=1))
    with database.reading() as db:
        assert db.get_one(InboxEntry, entry.id).payload is None


@pytest.mark.both_stores
def test_a_turn_that_is_given_up_takes_back_what_its_form_had_remembered(
    database: Database, clock: StandingClock
) -> None:
    before = {"problem_what": None}
    with database.transaction() as db:
        where = conversations.at_address(db, channel="webchat", address="a", now=clock.now()).id
        conversations.keep_draft(db, where, "report_problem_form", before, now=clock.now())
        turn = a_turn(db, clock)
    for said in ("路灯", "路灯坏了"):  # an action may remember more than once in a turn
        with database.transaction() as db:
            turns.require_running(db, turn)
            conversations.keep_draft(db, where, "another_form", {"x": said}, now=clock.now())
    with database.transaction() as db:
        assert turns.give_up(db, turn.id, now=clock.now())
    with database.reading() as db:
        draft = db.get_one(Draft, where)
        assert (draft.form, draft.slots) == ("report_problem_form", before)


@pytest.mark.both_stores
def test_a_turn_that_ended_keeps_nothing_of_the_form(
    database: Database, clock: StandingClock
) -> None:
    for end in (turns.finish, turns.give_up):
        with database.transaction() as db:
            where = conversations.at_address(
                db, channel="webchat", address="a", now=clock.now()
            )
            conversations.keep_draft(db, where.id, "a_form", {"x": "words"}, now=clock.now())
            turn = a_turn(db, clock, update_id=end.__name__)
        with database.transaction() as db:
            end(db, turn.id, now=clock.now())
        with database.reading() as db:
            assert db.get_one(TurnRow, turn.id).draft is None


@pytest.mark.both_stores
def test_a_deed_that_is_replayed_ten_times_at_once_is_done_once(
    database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        turn = a_turn(db, clock)

    def replay(_: int) -> bool:
        try:
            with database.transaction() as db:
                turns.act(db, turn, "book", now=clock.now())
        except TurnLost:
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(replay, range(10))) == 1
