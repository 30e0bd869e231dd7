"""Who leads: the trained rules, spoken to through Rasa itself, beside a small action server.

The action server answers as `actions/dialogue.py` does: a form that reads nothing in a
message steps aside without events, so that a rule answers and the form asks again, or ends
with that answer when it only asked back about a question.
"""

import asyncio
from typing import Any

import pytest
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker

from tests.nlu.action_server import FORMS, constant
from tests.nlu.written import domain, rules

QUESTIONS, DEEDS = constant("QUESTIONS"), constant("DEEDS")
PASSING = sorted(constant("PASSING_FORMS"))
YIELDING = sorted(constant("YIELDING_FORMS"))
LASTING = [form for form in FORMS if form not in PASSING]
PREFERENCES = {"set_elder_mode", "set_language", "set_reminders"}
ASIDE = sorted(QUESTIONS | PREFERENCES | {"nlu_fallback", "out_of_scope"})
ANSWER = "/choose"
CALLED_OFF = {
    *("action_cancel_form", "action_keep_booking"),
    *("action_stop_adding", "action_keep_request"),
}


class Talk:
    """A conversation with the trained model; each message brings back the actions called."""

    def __init__(self, agent: Agent, loop: asyncio.AbstractEventLoop, who: str) -> None:
        self.agent, self.loop, self.who = agent, loop, who
        self.called = agent.action_endpoint.called.setdefault(who, [])

    def say(self, text: str) -> list[str]:
        self.called.clear()
        message = UserMessage(text, CollectingOutputChannel(), self.who)
        self.loop.run_until_complete(self.agent.handle_message(message))
        return [n for n in self.called if n != "action_session_start" and n[:9] != "validate_"]

    @property
    def tracker(self) -> DialogueStateTracker:
        found = self.loop.run_until_complete(
            self.agent.processor.tracker_store.retrieve(self.who)
        )
        assert found is not None
        return found

    @property
    def form(self) -> Any:
        return self.tracker.active_loop_name

    @property
    def asked(self) -> Any:
        return self.tracker.get_slot("requested_slot")


@pytest.fixture
def talk(agent: Agent, loop: asyncio.AbstractEventLoop, request: Any) -> Talk:
    return Talk(agent, loop, request.node.nodeid)


def begin(talk: Talk, form: str) -> None:
    """Start a form, and see it ask for its first slot."""
    done = talk.say(f"/{form.removesuffix('_form')}")
    assert talk.form == form, done
    assert done[-1] == question(form, 0)


def question(form: str, number: int) -> str:
    return f"action_ask_{form}_{FORMS[form][number]}"


def to_the_last_question(talk: Talk, form: str) -> None:
    begin(talk, form)
    for number in range(1, len(FORMS[form])):
        assert talk.say(ANSWER)[-1] == question(form, number)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_asks_one_thing_after_another_and_then_the_deed_is_done(
    talk: Talk, form: str
) -> None:
    to_the_last_question(talk, form)
    (deed,) = talk.say(ANSWER)
    assert talk.form is None
    assert deed in domain()["actions"]
    assert not deed.startswith("action_ask_")


@pytest.mark.parametrize(
    ("form", "intent"), [(f, i) for f in LASTING for i in ASIDE if f != f"{i}_form"]
)
def test_a_question_in_the_middle_is_answered_and_the_form_asks_again(
    talk: Talk, form: str, intent: str
) -> None:
    begin(talk, form)
    answer, asked = talk.say(f"/{intent}")
    assert answer in domain()["actions"]
    assert asked == question(form, 0)
    assert (talk.form, talk.asked) == (form, FORMS[form][0])
    talk.say(ANSWER)
    assert talk.asked != FORMS[form][0]


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_called_off_at_any_question(talk: Talk, form: str) -> None:
    to_the_last_question(talk, form)
    (told,) = talk.say("/cancel")
    assert told in CALLED_OFF
    assert (talk.form, talk.asked) == (None, None)


@pytest.mark.parametrize("form", FORMS)
def test_a_person_is_one_word_away_inside_every_form(talk: Talk, form: str) -> None:
    to_the_last_question(talk, form)
    assert talk.say("/ask_person") == ["action_ask_person"]
    assert talk.form is None


@pytest.mark.parametrize("form", FORMS)
def test_going_back_asks_the_question_before(talk: Talk, form: str) -> None:
    to_the_last_question(talk, form)
    before = max(len(FORMS[form]) - 2, 0)
    assert talk.say("/go_back")[-1] == question(form, before)


@pytest.mark.parametrize("form", FORMS)
def test_starting_over_asks_the_first_question(talk: Talk, form: str) -> None:
    to_the_last_question(talk, form)
    assert talk.say("/start_over")[-1] == question(form, 0)


@pytest.mark.parametrize("form", PASSING)
@pytest.mark.parametrize("intent", sorted(QUESTIONS | DEEDS))
def test_a_form_that_only_asks_back_gives_way_to_the_next_wish(
    talk: Talk, form: str, intent: str
) -> None:
    begin(talk, form)
    if form == f"{intent}_form":
        return
    (*_, done) = talk.say(f"/{intent}")
    assert talk.form in (None, f"{intent}_form")
    assert not done.startswith(f"action_ask_{form}")
    talk.say("/cancel")
    assert talk.say("/ask_knowledge") == ["action_answer_question"]


@pytest.mark.parametrize("form", YIELDING)
@pytest.mark.parametrize("deed", sorted(DEEDS))
def test_a_form_we_may_have_begun_gives_way_to_a_deed(talk: Talk, form: str, deed: str) -> None:
    begin(talk, form)
    if form == f"{deed}_form":
        return
    (*_, done) = talk.say(f"/{deed}")
    assert talk.form in (None, f"{deed}_form")
    assert not done.startswith(f"action_ask_{form}")
    talk.say("/cancel")
    assert talk.say("/ask_knowledge") == ["action_answer_question"]


@pytest.mark.parametrize("form", sorted({*LASTING} - {*YIELDING}))
@pytest.mark.parametrize("deed", sorted(DEEDS))
def test_another_deed_waits_until_the_form_is_done(talk: Talk, form: str, deed: str) -> None:
    begin(talk, form)
    talk.say(f"/{deed}")
    assert talk.form in (form, None)


@pytest.mark.parametrize("form", FORMS)
def test_after_a_form_is_called_off_the_next_question_is_answered(
    talk: Talk, form: str
) -> None:
    begin(talk, form)
    talk.say("/cancel")
    assert talk.say("/ask_knowledge") == ["action_answer_question"]
    begin(talk, form)


@pytest.mark.parametrize("intent", domain()["intents"])
def test_every_intent_leads_somewhere(talk: Talk, intent: str) -> None:
    (action,) = talk.say(f"/{intent}")
    assert action in domain()["actions"]


@pytest.mark.parametrize("times", [30])
def test_a_long_conversation_is_led_as_a_short_one(talk: Talk, times: int) -> None:
    for _ in range(times):
        assert talk.say("/greet") == ["action_greet"]
        assert talk.say("/ask_hours") == ["action_answer_hours"]


def test_every_rule_names_what_the_domain_has() -> None:
    for rule in rules():
        for step in rule["steps"]:
            named = step.get("action")
            known = [*domain()["actions"], *FORMS, "action_deactivate_loop", "action_listen"]
            assert named is None or named in known or named.startswith("utter_"), rule["rule"]


def test_where_no_rule_leads_nothing_is_said_over_and_over(talk: Talk) -> None:
    """A fallback action would be called ten times here: it does not undo the message."""
    talk.say("/greet")
    lost = talk.tracker
    lost.update(ActionExecuted("action_report_problem"))
    predicted, _ = talk.agent.processor.predict_next_with_tracker_if_should(lost)
    assert predicted.name() == "action_listen"
