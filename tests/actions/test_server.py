import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict
from sqlalchemy import func, select
from structlog.testing import capture_logs

from actions import outbox, server, turns
from actions.db import Database
from actions.dialogue import DoDeed, Events, Ground, Turn
from actions.errors import SettingInvalid
from actions.turns import Deed, TurnRow
from tests.actions.test_turns import a_turn
from tests.conftest import StandingClock

SECRET = "s" * 64
CANARY = "金丝雀 canary-91ab"


class Greet(Action):
    def name(self) -> str:
        return "action_greet"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Events:
        dispatcher.utter_message(text="您好")
        return []


class Break(Action):
    """Fails with a resident's words in the error's own text."""

    def name(self) -> str:
        return "action_break"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Events:
        raise ValueError(tracker.latest_message["text"])


class Book(DoDeed):
    def name(self) -> str:
        return "action_book"

    def act(self, turn: Turn) -> Events:
        turn.tell("utter_returned")
        return []


def ready() -> None:
    """The store answers."""


def away() -> None:
    raise ConnectionError(CANARY)


def client_of(app: Any) -> httpx.AsyncClient:
    headers = {server.SECRET_HEADER: SECRET}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://actions", headers=headers)


@pytest.fixture
async def client(ground: Ground) -> AsyncIterator[httpx.AsyncClient]:
    app = server.build([Greet(), Break(), Book(ground)], SECRET, ready)
    async with client_of(app) as made:
        yield made


def call(action: str, turn_id: str = "") -> dict[str, Any]:
    """What Rasa sends, of the least length: our endpoints.yml makes it leave out the domain."""
    latest = {"text": CANARY, "intent": {}, "entities": [], "metadata": {"turn_id": turn_id}}
    tracker = {"sender_id": "a-0", "slots": {}, "latest_message": latest, "events": []}
    return {"next_action": action, "sender_id": "a-0", "tracker": tracker}


async def test_an_action_is_run_and_answers_as_rasa_expects(client: httpx.AsyncClient) -> None:
    answer = await client.post("/webhook", json=call("action_greet"))
    assert answer.status_code == 200
    assert answer.json()["events"] == []
    assert answer.json()["responses"][0]["text"] == "您好"


@pytest.mark.parametrize(
    "secret", ["", "wrong", SECRET[:-1], SECRET + "s", SECRET.upper(), "ÿ" * 64]
)
async def test_who_does_not_know_the_secret_is_refused_before_anything_is_read(
    client: httpx.AsyncClient, secret: str
) -> None:
    headers = {server.SECRET_HEADER.encode(): secret.encode("latin-1")}
    answer = await client.post("/webhook", content=b"not even JSON", headers=headers)
    assert answer.status_code == 401


async def test_a_caller_without_any_secret_is_refused(client: httpx.AsyncClient) -> None:
    del client.headers[server.SECRET_HEADER]
    answer = await client.post("/webhook", json=call("action_greet"))
    assert answer.status_code == 401


async def test_the_secret_is_compared_in_constant_time(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[Any, Any]] = []

    def compare(told: Any, known: Any) -> bool:
        compared.append((told, known))
        return bool(told == known)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    await client.post("/webhook", json=call("action_greet"))
    assert compared == [(SECRET.encode(), SECRET.encode())]


def test_a_server_without_a_secret_does_not_start() -> None:
    with pytest.raises(SettingInvalid, match="ACTIONS_SECRET"):
        server.build([], "", ready)


async def test_an_unknown_action_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/webhook", json=call("action_nobody_wrote"))
    assert answer.status_code == 404
    assert answer.json()["action_name"] == "action_nobody_wrote"


async def test_a_failing_action_tells_and_logs_nothing_a_resident_wrote(
    client: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    with capture_logs() as logs:
        answer = await client.post("/webhook", json=call("action_break"))
    assert answer.status_code == 500
    assert logs == [
        {
            "event": "action failed",
            "action": "action_break",
            "error": "ValueError",
            "log_level": "error",
        }
    ]
    for place in (answer.text, *capfd.readouterr()):
        assert "canary" not in place


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"7", b"{}", b'{"next_action"', b"\xff", b"[" * 100_000],
    ids=lambda body: str(body[:10]),
)
async def test_what_is_no_action_call_is_refused(
    client: httpx.AsyncClient, body: bytes
) -> None:
    answer = await client.post("/webhook", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


async def test_too_large_a_call_is_refused(client: httpx.AsyncClient) -> None:
    body = b" " * (server.LARGEST_CALL + 1)
    assert (await client.post("/webhook", content=body)).status_code == 413


@pytest.mark.parametrize(("store", "status"), [(ready, 200), (away, 503)])
async def test_health_says_whether_the_store_answers(store: Any, status: int) -> None:
    with capture_logs() as logs:
        async with client_of(server.build([], SECRET, store)) as client:
            answer = await client.get("/health")
    assert answer.status_code == status
    assert "canary" not in answer.text + json.dumps(logs, ensure_ascii=False)


async def test_nothing_else_is_served(client: httpx.AsyncClient) -> None:
    for path in ("/", "/actions", "/docs", "/webhook/"):
        assert (await client.get(path)).status_code in (307, 404, 405)


async def test_the_same_call_ten_times_has_one_effect(
    client: httpx.AsyncClient, database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        turn = a_turn(db, clock)
    answers = [
        await client.post("/webhook", json=call("action_book", turn.id)) for _ in range(10)
    ]
    assert {answer.status_code for answer in answers} == {200}
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Deed)) == 1
        assert len(outbox.of_turn(db, turn.id)) == 1


async def test_a_call_that_comes_after_the_turn_was_given_up_does_and_says_nothing(
    client: httpx.AsyncClient, database: Database, clock: StandingClock
) -> None:
    with database.transaction() as db:
        turn = a_turn(db, clock)
        turns.give_up(db, turn.id, now=clock.now())
    answer = await client.post("/webhook", json=call("action_book", turn.id))
    assert answer.json() == {"events": [], "responses": []}
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Deed)) == 0
        assert db.get_one(TurnRow, turn.id).state == turns.TurnState.GIVEN_UP
