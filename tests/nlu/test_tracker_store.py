import asyncio
import builtins
from pathlib import Path
from typing import Any

import pytest
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, Restarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import read_endpoint_config

from nlu.components.tracker_store import BoundedTrackerStore

DOMAIN = Domain.from_yaml(
    """
    version: "3.1"
    intents: [greet]
    slots: {where: {type: any, influence_conversation: false, mappings: [{type: custom}]}}
    """
)


def store(**bounds: int) -> BoundedTrackerStore:
    return BoundedTrackerStore(DOMAIN, **bounds)


def say(kept: BoundedTrackerStore, sender: str, times: int = 1) -> DialogueStateTracker:
    async def _say() -> DialogueStateTracker:
        tracker = await kept.get_or_create_tracker(sender)
        for number in range(times):
            tracker.update(UserUttered(f"第 {number} 句"))
        await kept.save(tracker)
        return tracker

    return asyncio.run(_say())


def retrieve(kept: BoundedTrackerStore, sender: str) -> Any:
    return asyncio.run(kept.retrieve(sender))


def test_a_conversation_is_taken_up_where_it_was_left() -> None:
    kept = store()
    tracker = say(kept, "a")
    tracker.update_with_events([ActiveLoop("form"), SlotSet("where", "桥边")], DOMAIN)
    asyncio.run(kept.save(tracker))
    again = retrieve(kept, "a")
    assert again.events == tracker.events
    assert again.get_slot("where") == "桥边"
    assert again.active_loop_name == "form"


def test_what_happens_to_a_tracker_unsaved_is_not_kept() -> None:
    kept = store()
    say(kept, "a").update(UserUttered("not saved"))
    assert len([e for e in retrieve(kept, "a").events if isinstance(e, UserUttered)]) == 1


def test_nobody_is_found_who_never_spoke() -> None:
    assert retrieve(store(), "nobody") is None


def test_of_a_conversation_that_is_restarted_nothing_is_kept() -> None:
    """How the gateway has somebody forgotten: it says /restart, which no resident can."""
    kept = store()
    tracker = say(kept, "a")
    say(kept, "b")
    tracker.update_with_events([Restarted()], DOMAIN)
    asyncio.run(kept.save(tracker))
    assert list(asyncio.run(kept.keys())) == ["b"]
    assert "第 0 句" not in str(kept._events.get("a"))


def test_those_spoken_to_longest_ago_are_forgotten_first() -> None:
    kept = store(most_trackers=2)
    for sender in ("a", "b", "a", "c"):
        say(kept, sender)
    assert list(asyncio.run(kept.keys())) == ["a", "c"]


def test_a_conversation_that_grows_long_keeps_where_it_stands() -> None:
    kept = store(most_events=10)
    tracker = say(kept, "a", times=20)
    where = [ActiveLoop("form"), SlotSet("where", "桥边"), SlotSet(REQUESTED_SLOT, "what")]
    tracker.update_with_events(where, DOMAIN)
    asyncio.run(kept.save(tracker))
    again = retrieve(kept, "a")
    assert again.current_slot_values() == tracker.current_slot_values()
    assert again.active_loop_name == "form"
    assert again.latest_action_name == "action_listen"
    assert len(again.events) < 10


def test_it_never_holds_more_than_its_bounds() -> None:
    kept = store(most_trackers=3, most_events=5)
    for number in range(200):
        say(kept, str(number % 7), times=1 + number % 6)
    assert len(kept._events) <= 3
    assert all(len(events) <= 5 for events in kept._events.values())


def test_nothing_is_written_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    whole = builtins.open

    def watched(file: Any, mode: str = "r", *args: Any, **more: Any) -> Any:
        if set(mode) & set("wax+"):
            opened.append(str(file))
        return whole(file, mode, *args, **more)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(builtins, "open", watched)
    say(store(), "a")
    assert opened == []
    assert list(tmp_path.iterdir()) == []


def test_the_endpoints_file_names_this_store(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACTIONS_HOST", "ACTIONS_PORT", "ACTIONS_SECRET"):
        monkeypatch.setenv(name, "1")
    endpoint = read_endpoint_config("nlu/endpoints.yml", "tracker_store")
    made = TrackerStore.create(endpoint, DOMAIN)
    assert isinstance(getattr(made, "_tracker_store", made), BoundedTrackerStore)
