"""What was answered last, so that a message that only adds to it (那周日呢) is understood."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rasa_sdk.events import SlotSet

from actions.dialogue import Events, Turn

INTENT = "follow_up"
ANSWERED, TOPIC = "answered", "answered_topic"
FRESH = timedelta(minutes=30)  # later a message hardly adds to what was said

RECORDS, HOURS, DEPARTURES, ACTIVITIES = "records", "hours", "departures", "activities"


def answered(turn: Turn, topic: str, **about: Any) -> Events:
    """Return the events that remember an answer: whose it was, and about what (JSON values)."""
    return [SlotSet(TOPIC, topic), SlotSet(ANSWERED, {"at": turn.now.isoformat(), **about})]


def before(turn: Turn) -> Mapping[str, Any]:
    """Return what the last answer was about; empty when nothing could be added to it."""
    last = turn.slots.get(ANSWERED)
    if not isinstance(last, Mapping) or "at" not in last:
        return {}
    return last if turn.now - datetime.fromisoformat(last["at"]) <= FRESH else {}


def adds(turn: Turn) -> bool:
    """Whether a message only adds to the last answer."""
    return turn.intent == INTENT and bool(before(turn))
