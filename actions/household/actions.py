"""What Rasa may call for households: one answer, from which taps go on."""

from rasa_sdk.interfaces import Action

from actions.dialogue import Answer, Events, Ground, Turn
from actions.household import showing


class ManageHousehold(Answer):
    """action_manage_household: who is in the household, and what can be done there."""

    def name(self) -> str:
        return "action_manage_household"

    def act(self, turn: Turn) -> Events:
        square = turn.square
        done = showing.household(turn.db, square, turn.conversation.resident)
        turn.say(done.response, choices=done.choices, **done.values)
        return []


def actions(ground: Ground) -> list[Action]:
    """Make all of the household's actions."""
    return [ManageHousehold(ground)]
