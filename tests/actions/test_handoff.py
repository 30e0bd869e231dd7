"""A person one word away: the conversation opens, says who is there, loses no draft."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from actions import conversations, handoff, turns
from actions.conversations import Conversation, Draft, Status
from actions.dialogue import Ground, StartSession
from actions.governance import actions as governance
from tests.actions.conftest import Heard, Talk
from tests.conftest import StandingClock

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, handoff.actions)


def ask(talk: Talk, text: str = "人工") -> Heard:
    return talk.do("action_ask_person", text, intent="ask_person")


def status(talk: Talk) -> str:
    with talk.ground.database.reading() as db:
        return db.get_one(Conversation, talk.conversation_id).status


def test_the_conversation_opens_and_says_who_is_there(talk: Talk) -> None:
    told = talk.told(ask(talk))
    assert status(talk) == Status.OPEN
    assert "工作人员" in told
    assert "11月24日（周二）12:00" in told
    assert "示例数据" in told


def test_the_same_in_english(ground: Ground) -> None:
    talk = Talk(ground, handoff.actions, language="en")
    told = talk.told(ask(talk, "I want to talk to a person"))
    assert "staff" in told
    assert "Tue 24 Nov, 12:00" in told
    assert "sample data" in told


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (datetime(2026, 11, 24, 12, 30, tzinfo=ZONE), "11月24日（周二）13:30"),
        (datetime(2026, 11, 24, 20, 0, tzinfo=ZONE), "11月25日（周三）08:30"),
        (datetime(2026, 11, 28, 13, 0, tzinfo=ZONE), "11月30日（周一）08:30"),
    ],
)
def test_when_nobody_is_there_it_says_when_and_gives_numbers(
    talk: Talk, clock: StandingClock, at: datetime, opens: str
) -> None:
    clock.moment = at
    told = talk.told(ask(talk))
    assert status(talk) == Status.OPEN
    assert opens in told
    assert "12345" in told
    assert "120" in told


def test_without_an_office_no_hours_are_made_up(ground: Ground) -> None:
    nowhere = ground.pack.model_copy(update={"places": {}})
    talk = Talk(Ground(ground.database, ground.clock, ground.wording, nowhere), handoff.actions)
    told = talk.told(ask(talk))
    assert "没有查到" in told
    assert "12345" in told
    assert "示例数据" not in told


def test_elder_mode_says_it_shorter(ground: Ground) -> None:
    plain, elder = (
        Talk(ground, handoff.actions, address=a, elder=e)
        for a, e in (("a", False), ("b", True))
    )
    said = elder.told(ask(elder))
    assert "工作人员" in said
    assert len(said) < len(plain.told(ask(plain)))


def test_a_form_is_left_with_its_draft_and_taken_up_after_the_return(ground: Ground) -> None:
    talk = Talk(ground, lambda g: [*governance.actions(g), *handoff.actions(g)])
    talk.begin(
        "report_problem_form", "action_report_problem", "路灯坏了", intent="report_problem"
    )
    assert talk.say("人工", intent="ask_person").stepped_aside
    ask(talk)
    conversation_id = talk.conversation_id
    with ground.database.transaction() as db:
        draft = db.get_one(Draft, conversation_id)
        assert draft.slots["problem_what"] == "路灯坏了"
        conversation = db.get_one(Conversation, conversation_id)
        before = conversation.tracker_id
        conversations.return_to_assistant(db, conversation)
        assert conversation.tracker_id != before
    events = talk.run(StartSession(ground), Heard(talk.hear("友谊路")))
    assert {"event": "active_loop", "name": "report_problem_form", "timestamp": None} in events
    assert talk.slots["requested_slot"] == "problem_where"


def test_a_turn_that_was_given_up_opens_nothing(talk: Talk) -> None:
    turn = talk.hear("人工")
    with talk.ground.database.transaction() as db:
        assert turns.give_up(db, turn.id, now=talk.ground.clock.now())
    heard = Heard(turn)
    talk.run(talk.actions["action_ask_person"], heard, "人工", intent="ask_person")
    assert status(talk) == Status.PENDING
    assert (heard.texts, heard.news) == ([], [])


def test_without_the_fence_it_would_open(talk: Talk) -> None:
    """Negative control: the same action without its claim."""
    turn = talk.hear("人工")
    with talk.ground.database.transaction() as db:
        turns.give_up(db, turn.id, now=talk.ground.clock.now())
    action = talk.actions["action_ask_person"]
    action.claim = lambda turn: None  # type: ignore[method-assign]
    talk.run(action, Heard(turn), "人工", intent="ask_person")
    assert status(talk) == Status.OPEN


def test_asking_again_while_it_is_open_does_not_reset_the_waiting_time(
    talk: Talk, clock: StandingClock
) -> None:
    ask(talk)
    clock.pass_by(timedelta(minutes=5))
    ask(talk)
    with talk.ground.database.reading() as db:
        conversation = db.get_one(Conversation, talk.conversation_id)
        assert conversation.unanswered_since == clock.now() - timedelta(minutes=5)


def test_numbers_and_shortcuts_are_at_most_eight(talk: Talk) -> None:
    heard = talk.do("action_ask_quick_links", "常用电话", intent="ask_quick_links")
    assert "报警 110" in heard.text
    assert [choice["payload"] for choice in heard.choices] == [
        "/ask_departure",
        "/list_activities",
        "/report_problem",
        "/ask_person",
    ]
    assert len(talk.ground.pack.quick_links) <= 8
