"""Greetings and the like, elder mode and language: changed when asked, by the words."""

import pytest

from actions import smalltalk, turns
from actions.conversations import Conversation
from actions.dialogue import Ground
from actions.people.model import Acting, Resident
from tests.actions.conftest import Heard, Talk


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, smalltalk.actions)


def resident(talk: Talk) -> Resident:
    with talk.ground.database.reading() as db:
        return db.get_one(Conversation, talk.conversation_id).resident


def test_a_greeting_offers_what_can_be_done(talk: Talk) -> None:
    heard = talk.do("action_greet", "你好", intent="greet")
    assert "小沥" in heard.text
    assert [choice["payload"] for choice in heard.choices] == [
        "/ask_departure",
        "/list_activities",
        "/report_problem",
        "/request_help",
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("action", ["action_greet", "action_ask_help", "action_clarify"])
def test_elder_mode_offers_three_choices_and_says_less(
    ground: Ground, action: str, language: str
) -> None:
    plain, elder = (
        Talk(ground, smalltalk.actions, language=language, address=str(e), elder=e).do(action)
        for e in (False, True)
    )
    assert len(elder.choices) == 3
    assert len(elder.text) < len(plain.text)


def test_what_can_be_done_is_numbered_as_its_choices(talk: Talk) -> None:
    heard = talk.do("action_ask_help", "你会做什么", intent="ask_help")
    assert [line[0] for line in heard.text.splitlines()[1:-1]] == list("12345")
    assert len(heard.choices) == 5


@pytest.mark.parametrize("action", ["action_thank", "action_goodbye"])
def test_courtesies_are_returned(talk: Talk, action: str) -> None:
    heard = talk.do(action)
    assert heard.text
    assert heard.choices == []


def test_elder_mode_is_switched_on_and_off_by_the_words(talk: Talk) -> None:
    on = talk.do("action_set_elder_mode", "字太小了，说简单点", intent="set_elder_mode")
    assert resident(talk).elder
    assert talk.slots["elder"] is True
    assert "短句" in talk.told(on)
    off = talk.do("action_set_elder_mode", "换回正常模式", intent="set_elder_mode")
    assert not resident(talk).elder
    assert "换回平常" in talk.told(off)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("长辈模式", True),
        ("别一下子说那么多", True),
        ("不要说那么长，记不住", True),
        ("大字版", True),
        ("larger text please", True),
        ("正常模式", False),
        ("不用老年模式了", False),
        ("關閉長輩模式", False),
        ("我不老，换回普通的", False),
        ("不要大字", False),
        ("turn off elder mode", False),
        ("back to standard mode", False),
    ],
)
def test_the_words_say_on_or_off(text: str, wanted: bool) -> None:
    assert smalltalk.wants_elder_mode(text) is wanted


def test_the_language_is_changed_and_answered_in_it(talk: Talk) -> None:
    heard = talk.do("action_set_language", "请用英语", intent="set_language")
    assert resident(talk).language == "en"
    assert talk.slots["language"] == "en"
    talk.language = "en"
    assert talk.told(heard) == "All right, English it is."


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("说英文", "en"),
        ("这位是外国人，用英文说", "en"),
        ("我看不懂中文", "en"),
        ("换回中文", "zh"),
        ("不要英文，要中文", "zh"),
        ("我不会英语，说中文", "zh"),
        ("我看不懂英文", "zh"),
        ("說普通話", "zh"),
        ("speak English", "en"),
        ("I don't understand Chinese", "en"),
        ("I can't read Chinese, English please", "en"),
        ("switch to Chinese", "zh"),
        ("I do not speak English", "zh"),
        ("换个语言", None),
    ],
)
def test_the_words_say_which_language(text: str, wanted: str | None) -> None:
    assert smalltalk.wanted_language(text) == wanted


def test_without_a_name_it_is_the_other_language(talk: Talk) -> None:
    talk.do("action_set_language", "换个语言", intent="set_language")
    assert resident(talk).language == "en"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_child_who_acts_for_a_parent_switches_theirs(talk: Talk) -> None:
    mother = Talk(talk.ground, smalltalk.actions, address="mother")
    with talk.ground.database.transaction() as db:
        now = talk.ground.clock.now()
        one = Acting(kin="mother", asked_at=now, confirmed_at=now)
        one.actor_id, one.principal_id = (
            each._conversation(db).resident_id for each in (talk, mother)
        )
        db.add(one)
    done = talk.do("action_set_elder_mode", "给我妈开个长辈模式", intent="set_elder_mode")
    assert "跟妈妈说话" in talk.told(done)
    assert (resident(talk).elder, resident(mother).elder) == (False, True)


@pytest.mark.parametrize("action", ["action_set_elder_mode", "action_set_language"])
def test_a_turn_that_was_given_up_changes_nothing(talk: Talk, action: str) -> None:
    turn = talk.hear("长辈模式，说英文")
    with talk.ground.database.transaction() as db:
        turns.give_up(db, turn.id, now=talk.ground.clock.now())
    heard = Heard(turn)
    talk.run(talk.actions[action], heard, "长辈模式，说英文")
    assert (resident(talk).elder, resident(talk).language) == (False, "zh")
    assert (heard.texts, heard.news) == ([], [])
