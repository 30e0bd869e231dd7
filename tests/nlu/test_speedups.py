"""What Rasa accepts and refuses is the same with the speed-ups as without them."""

import asyncio
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import jsonschema
import pytest
from rasa.core.actions import action
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActiveLoop,
    BotUttered,
    Event,
    SlotSet,
    UserUttered,
    deserialise_events,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils import endpoints
from rasa.utils.endpoints import EndpointConfig

from nlu.components import speedups

UNCHANGED = {
    (RemoteAction, "_validate_action_result"): RemoteAction.__dict__["_validate_action_result"],
    (RemoteAction, "_action_call_format"): RemoteAction.__dict__["_action_call_format"],
    (Event, "resolve_by_type"): Event.__dict__["resolve_by_type"],
    (action, "DEFAULT_REQUEST_TIMEOUT"): action.DEFAULT_REQUEST_TIMEOUT,
    (endpoints, "DEFAULT_REQUEST_TIMEOUT"): endpoints.DEFAULT_REQUEST_TIMEOUT,
}


def restore() -> None:
    for (owner, name), kept in UNCHANGED.items():
        setattr(owner, name, kept)


@pytest.fixture
def without() -> Iterator[None]:
    """Rasa as it is delivered."""
    restore()
    yield
    restore()


@pytest.fixture
def applied(without: None) -> None:
    """Rasa with the speed-ups."""
    speedups.apply()


@pytest.fixture(params=["without", "applied"])
def either(request: pytest.FixtureRequest) -> str:
    request.getfixturevalue(request.param)
    return str(request.param)


def remote() -> RemoteAction:
    return RemoteAction("action_x", EndpointConfig("http://nowhere"))


VALID = (
    {},
    {"events": [], "responses": []},
    {
        "events": [{"event": "slot", "name": "where", "value": "x"}],
        "responses": [{"text": "好"}],
    },
    {"events": [{"event": "active_loop", "name": None}]},
)
INVALID = (
    [],
    None,
    {"events": {}},
    {"events": [{}]},
    {"events": [{"event": 1}]},
    {"events": [{"event": "slot"}]},
    {"events": [{"event": "no_such_event"}]},
    {"responses": "好"},
    {"responses": [1]},
)


@pytest.mark.parametrize("result", VALID, ids=str)
def test_a_valid_result_is_accepted(either: str, result: Any) -> None:
    assert remote()._validate_action_result(deepcopy(result))


@pytest.mark.parametrize("result", INVALID, ids=str)
def test_an_invalid_result_is_refused(either: str, result: Any) -> None:
    with pytest.raises(jsonschema.ValidationError, match="Failed to validate"):
        remote()._validate_action_result(deepcopy(result))


def test_events_become_what_they_were(either: str) -> None:
    events = deserialise_events(
        [{"event": "slot", "name": "a", "value": 1}, {"event": "active_loop", "name": "f"}]
    )
    assert events == [SlotSet("a", 1), ActiveLoop("f")]


@pytest.mark.parametrize("again", [1, 2])
def test_an_unknown_event_still_raises(either: str, again: int) -> None:
    for _ in range(again):
        with pytest.raises(ValueError, match="no_such_event"):
            deserialise_events([{"event": "no_such_event"}])


def test_a_default_is_given_for_an_unknown_event(either: str) -> None:
    assert Event.resolve_by_type("no_such_event", BotUttered) is BotUttered


class Listener(EndpointConfig):
    """An action server that keeps what it was sent and answers what it was told to."""

    def __init__(self, result: Any) -> None:
        super().__init__("http://nowhere", enable_selective_domain=True)
        self.result, self.heard = result, []

    async def request(self, *args: Any, **more: Any) -> Any:
        self.heard.append(more)
        return deepcopy(self.result)


def call(result: Any) -> tuple[Listener, list[Event]]:
    domain = Domain.from_yaml('version: "3.1"\nactions: [action_x]')
    tracker = DialogueStateTracker.from_events("r", [UserUttered("一"), UserUttered("二")])
    server = Listener(result)
    done = RemoteAction("action_x", server).run(None, None, tracker, domain)
    return server, asyncio.run(done)


def test_a_call_brings_back_events_and_words(either: str) -> None:
    _, events = call(
        {"events": [{"event": "slot", "name": "a", "value": 1}], "responses": [{"text": "好"}]}
    )
    assert [type(event) for event in events] == [BotUttered, SlotSet]


def test_a_bad_answer_of_the_action_server_is_an_error(either: str) -> None:
    for result in ({"events": "x"}, {"events": [{"event": "no_such_event"}]}):
        with pytest.raises(jsonschema.ValidationError):
            call(result)


def test_a_call_tells_all_but_the_past(applied: None) -> None:
    (sent,) = call({})[0].heard
    tracker = sent["json"]["tracker"]
    assert tracker["events"] == []
    assert tracker["latest_message"]["text"] == "二"
    assert tracker["sender_id"] == "r"
    assert {"slots", "active_loop", "latest_action_name", "paused"} <= set(tracker)


def test_without_the_speed_up_the_past_would_be_sent_each_time(without: None) -> None:
    (sent,) = call({})[0].heard
    assert len(sent["json"]["tracker"]["events"]) == 2


def test_an_action_has_seconds_and_not_minutes(applied: None) -> None:
    (sent,) = call({})[0].heard
    assert sent["timeout"] == speedups.LONGEST_ACTION


def test_the_metaschema_is_checked_once_and_not_each_time(
    applied: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = count_schema_checks(monkeypatch)
    for _ in range(5):
        remote()._validate_action_result({})
    assert len(checked) == 0


def test_without_the_speed_up_it_is_checked_each_time(
    without: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = count_schema_checks(monkeypatch)
    for _ in range(5):
        remote()._validate_action_result({})
    assert len(checked) == 5


def count_schema_checks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    checked: list[Any] = []
    validator = jsonschema.validators.validator_for({"type": "object"})
    monkeypatch.setattr(validator, "check_schema", lambda *a, **k: checked.append(a))
    return checked


def test_applying_twice_changes_nothing_more(applied: None) -> None:
    before = {key: key[0].__dict__[key[1]] for key in UNCHANGED}
    speedups.apply()
    assert RemoteAction._action_call_format is before[RemoteAction, "_action_call_format"]
    assert call({})[0].heard[0]["json"]["tracker"]["events"] == []
