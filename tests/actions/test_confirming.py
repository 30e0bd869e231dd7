"""Deeds that others do with their first words are read back to elders."""

import pytest

from actions.booking import actions as booking
from actions.conversations import NOT_SURE
from actions.dialogue import Ground
from actions.wording import read_payload
from tests.actions.conftest import Talk

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

REMIND = "action_set_reminders"


def reminders(talk: Talk) -> str:
    with talk.ground.database.reading() as db:
        return talk._conversation(db).resident.reminders


def test_an_elder_says_yes_to_their_words_before_they_count(ground: Ground) -> None:
    talk = Talk(ground, booking.actions, elder=True)
    asked = talk.do(REMIND, "不用提醒我", intent="set_reminders")
    assert "“不用提醒我”" in asked.text
    assert reminders(talk) == "all"
    (intent, value), no = (read_payload(choice["payload"]) for choice in asked.choices)
    assert (intent, no) == ("set_reminders", (NOT_SURE, ""))
    talk.do(REMIND, "1", choice=value)
    assert reminders(talk) == "none"


def test_others_are_not_asked(ground: Ground) -> None:
    talk = Talk(ground, booking.actions)
    talk.do(REMIND, "不用提醒我", intent="set_reminders")
    assert reminders(talk) == "none"


def test_a_yes_to_the_words_of_somebody_else_counts_for_nothing(ground: Ground) -> None:
    other = Talk(ground, booking.actions, address="other", elder=True)
    asked = other.do(REMIND, "不用提醒我", intent="set_reminders")
    talk = Talk(ground, booking.actions, elder=True)
    talk.do(REMIND, "1", choice=asked.values[0])
    assert reminders(talk) == "all"
    assert reminders(other) == "all"
