"""A question of staff waits in the conversation: what the reporter says next is the answer."""

import pytest

from actions import conversations
from actions.conversations import Draft, Status
from actions.dialogue import Ground, StartSession
from actions.governance import actions as governance
from actions.governance import handling, history, model, moves, overdue
from actions.governance.model import Kind, ServiceRequest
from actions.governance.questions import FORM, WHAT, WHICH
from tests.actions.conftest import Heard, Talk
from tests.actions.governance.conftest import Hall


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, lambda g: [*governance.actions(g), StartSession(g)], address="reporter")


def ask(hall: Hall, words: str = "是哪一盏？") -> None:
    with hall.database.transaction() as db:
        request = db.query(ServiceRequest).first() or hall.file(db)
        handling.ask(db, hall.pack, request, by=hall.by, words=words)


def waits(hall: Hall) -> bool:
    with hall.database.reading() as db:
        draft = db.get(Draft, hall.talk(db).id)
        return draft is not None and draft.form == FORM


def go_on(talk: Talk) -> None:
    """Have Rasa begin afresh, as it does in a new epoch."""
    heard = Heard(talk.hear("…"))
    talk.run(talk.actions["action_session_start"], heard)
    with talk.ground.database.transaction() as db:
        heard.turn = db.merge(heard.turn)
        heard.turn.state = "done"
    talk.form, talk.deed = FORM, "action_add_to_request"


def answer(hall: Hall) -> tuple[str, str]:
    with hall.database.reading() as db:
        made = history.history(db, db.query(ServiceRequest).one())[-1]
        return made.kind, made.words.text if made.words else ""


def epoch(hall: Hall) -> int:
    with hall.database.reading() as db:
        return hall.talk(db).epoch


def test_rasa_takes_the_question_up_in_a_new_epoch(hall: Hall, talk: Talk) -> None:
    with hall.database.transaction() as db:
        hall.file(db)
    before = epoch(hall)
    ask(hall)
    assert epoch(hall) == before + 1
    go_on(talk)
    assert talk.slots["requested_slot"] == WHAT
    assert (talk.slots[WHICH], talk.slots[WHAT]) == ("1", None)


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("最东边那盏路灯坏了", "report_problem"),
        ("是的", "affirm"),
        ("不是", "deny"),
        ("晚上八点以后", "ask_hours"),
        ("三号楼门口那盏", "nlu_fallback"),
        ("在三号楼，不在二号楼", "correct_place"),
    ],
)
def test_what_is_said_next_is_the_answer(
    hall: Hall, talk: Talk, said: str, intent: str
) -> None:
    ask(hall)
    go_on(talk)
    done = talk.say(said, intent=intent)
    assert done.done
    assert answer(hall) == (Kind.ANSWERED, said)
    told = talk.told(done)
    assert "您的回答记在 GQ-261124-0001" in told
    assert "道路养护" in told
    assert not waits(hall)


def test_a_real_question_is_answered_in_between_and_ours_is_said_again(
    hall: Hall, talk: Talk
) -> None:
    ask(hall)
    go_on(talk)
    heard = talk.say("下一班公交几点", intent="ask_departure")
    assert heard.stepped_aside
    assert "道路养护问您“是哪一盏？”" in heard.text
    assert waits(hall)
    assert talk.say("东边那盏").done


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("我想约周六的书法社", "book_activity"),
        ("谁能帮我搬张桌子", "request_help"),
        ("垃圾堆了好几天没人收", "report_problem"),
        ("我要报修", "report_problem"),
    ],
)
def test_another_wish_is_not_held_up(hall: Hall, talk: Talk, said: str, intent: str) -> None:
    ask(hall)
    go_on(talk)
    assert talk.say(said, intent=intent).stepped_aside
    assert not waits(hall)
    assert answer(hall)[0] == Kind.ASKED


@pytest.mark.parametrize(
    ("said", "kind"), [("算了", Kind.ASKED), ("不用修了，自己好了", Kind.ANSWERED)]
)
def test_to_call_it_off_leaves_it_but_not_needed_is_an_answer(
    hall: Hall, talk: Talk, said: str, kind: Kind
) -> None:
    ask(hall)
    go_on(talk)
    talk.do("action_stop_adding", said, intent="cancel")
    assert answer(hall)[0] == kind
    assert not waits(hall)


def test_nobody_is_interrupted_in_a_form(hall: Hall, talk: Talk) -> None:
    talk.begin("report_problem_form", "action_report_problem", "路灯坏了")
    before = epoch(hall)
    ask(hall)
    assert not waits(hall)
    assert epoch(hall) == before


def test_nobody_is_interrupted_who_is_being_answered(hall: Hall, talk: Talk) -> None:
    talk.hear("你好")
    ask(hall)
    assert not waits(hall)


def test_who_talks_with_staff_answers_them(hall: Hall) -> None:
    with hall.database.transaction() as db:
        conversations.open_for_staff(db, hall.talk(db), now=hall.clock.now())
    ask(hall)
    assert not waits(hall)
    with hall.database.reading() as db:
        assert hall.talk(db).status == Status.OPEN


@pytest.mark.both_stores
def test_who_speaks_this_moment_is_not_waited_for(hall: Hall) -> None:
    if hall.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer")
    with hall.database.transaction() as db:
        request_id, conversation_id = hall.file(db).id, hall.talk(db).id
    with hall.database.transaction() as speaking:
        conversations.hold(speaking, conversation_id)
        with hall.database.transaction() as db:
            request = db.get_one(ServiceRequest, request_id)
            handling.ask(db, hall.pack, request, by=hall.by, words="是哪一盏？")
    assert not waits(hall)


def test_staff_who_go_on_wait_no_more_and_nor_does_the_conversation(hall: Hall) -> None:
    ask(hall)
    assert waits(hall)
    with hall.database.transaction() as db:
        hall.move(db, db.query(ServiceRequest).one(), model.Status.ACKNOWLEDGED)
    assert not waits(hall)


def test_when_the_time_to_answer_is_over_the_conversation_is_free_again(hall: Hall) -> None:
    ask(hall)
    hall.clock.pass_by(moves.ANSWER_WITHIN)
    with hall.database.transaction() as db:
        assert overdue.look_after(db, hall.pack, now=hall.clock.now())
    assert not waits(hall)
