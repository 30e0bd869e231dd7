"""Keeps Rasa's trackers in memory, so many and so long at most, and writes nothing down.

A tracker is a cache: what must not be lost is in the product's own database. One that is
dropped is begun again by the next message, and `action_session_start` restores the form.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import (
    ACTION_LISTEN_NAME,
    ACTION_SESSION_START_NAME,
    REQUESTED_SLOT,
)
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
)
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.components import discretion, speedups

MOST_TRACKERS = 5000
MOST_EVENTS = 60  # some six messages; Rasa goes through all of them at each prediction


class BoundedTrackerStore(TrackerStore):
    """The `most_trackers` spoken to last, each with `most_events` of its past at most.

    A longer one keeps where it stands (its slots, its form and the question asked) and
    forgets how it came there: no rule looks back so far, and a conversation's thousandth
    message costs what its tenth did. Speed-ups and discretion come with it: whoever talks opens
    one, who trains does not.
    """

    def __init__(
        self,
        domain: Domain,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        most_trackers: int = MOST_TRACKERS,
        most_events: int = MOST_EVENTS,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker, **kwargs)
        self._most_trackers, self._most_events = most_trackers, most_events
        # Events are never changed once they happened, so they are kept as they are: nothing
        # is written to JSON and read again at every message.
        self._events: OrderedDict[str, tuple[Event, ...]] = OrderedDict()
        speedups.apply()
        discretion.apply()

    async def save(self, tracker: DialogueStateTracker) -> None:
        await self.stream_events(tracker)
        if any(isinstance(event, Restarted) for event in tracker.events):
            self._events.pop(tracker.sender_id, None)  # somebody had themselves forgotten
            return
        long = len(tracker.events) > self._most_events
        self._events[tracker.sender_id] = _standing(tracker) if long else tuple(tracker.events)
        self._events.move_to_end(tracker.sender_id)
        if len(self._events) > self._most_trackers:
            self._events.popitem(last=False)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        events = self._events.get(sender_id)
        if events is None:
            return None
        return DialogueStateTracker.from_events(sender_id, list(events), self.domain.slots)

    async def keys(self) -> Iterable[str]:
        return self._events.keys()


def _standing(tracker: DialogueStateTracker) -> tuple[Event, ...]:
    """Return the fewest events that lead to where a conversation stands after its turn."""
    values = {name: slot.value for name, slot in tracker.slots.items()}
    asked = values.pop(REQUESTED_SLOT, None)
    form = tracker.active_loop_name
    return (
        ActionExecuted(ACTION_SESSION_START_NAME),
        SessionStarted(),
        *(SlotSet(name, value) for name, value in values.items() if value is not None),
        *(
            (ActionExecuted(form), ActiveLoop(form), SlotSet(REQUESTED_SLOT, asked))
            if form
            else ()
        ),
        ActionExecuted(ACTION_LISTEN_NAME),
    )
