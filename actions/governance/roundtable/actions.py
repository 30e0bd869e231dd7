"""What Rasa may call for the round table: when the next one is."""

from rasa_sdk.interfaces import Action

from actions.dialogue import Answer, Events, Ground, Turn
from actions.governance.roundtable import coming, meetings, telling


class AskRoundtable(Answer):
    """action_ask_roundtable: the next meeting, what is on its agenda, and how to come."""

    def name(self) -> str:
        return "action_ask_roundtable"

    def act(self, turn: Turn) -> Events:
        area_id = turn.conversation.resident.area_id
        meeting = coming.upcoming(turn.db, area_id=area_id, now=turn.now)
        if meeting is None:
            turn.say("utter_roundtable_none")
            return []
        topics = "\n".join(f"· {topic.title}" for topic in meetings.agenda(turn.db, meeting))
        turn.say("utter_roundtable_next", **telling.described(meeting), topics=topics)
        return []


def actions(ground: Ground) -> list[Action]:
    """Make all of the round table's actions."""
    return [AskRoundtable(ground)]
