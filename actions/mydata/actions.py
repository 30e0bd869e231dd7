"""What Rasa may call about a resident's own data: how much there is, and what they may do."""

import re
from typing import Any

from rasa_sdk.interfaces import Action

from actions.dialogue import Answer, Events, Ground, Turn
from actions.mydata import offering, summary
from knowledge.text import normalise

# What a message asks for, where it says so; otherwise it asks what there is.
TAKE_BACK = re.compile(
    r"撤回|撤销|收回|取消.{0,4}(?:同意|授权)|不再?同意|withdraw|revoke|take back|opt out"
)


class ManageMyData(Answer):
    """action_manage_my_data: what we know of whoever asks, in numbers, and what they may do.

    Asked to take back a consent, it lists what is agreed to; the rest is taps.
    """

    def name(self) -> str:
        return "action_manage_my_data"

    def act(self, turn: Turn) -> Events:
        resident = turn.conversation.resident
        if TAKE_BACK.search(normalise(turn.text)):
            given = offering.consents_in_force(turn.db, turn.wording, resident)
            response = "utter_mydata_consents" if given else "utter_mydata_no_consents"
            turn.say(response, choices=given)
            return []
        counted: dict[str, Any] = dict(summary.counts(turn.db, turn.resident_id))
        choices = offering.choices(turn.db, turn.wording, resident)
        turn.say("utter_mydata_summary", choices=choices, **counted)
        return []


def actions(ground: Ground) -> list[Action]:
    """Make the topic's actions."""
    return [ManageMyData(ground)]
