"""The town's own systems hear what happens, over a real RabbitMQ."""

import importlib
import json
import os
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from actions import happenings
from actions.db import Database
from actions.errors import SettingInvalid
from actions.happenings import What
from bot import settings
from bot.presence import Alone
from tests.conftest import StandingClock, missing


def _brought(name: str) -> Any:
    """Return a module the environment has once it is made of its list."""
    return importlib.import_module(name) if os.getenv("CI") else pytest.importorskip(name)


pika, announcer = _brought("pika"), _brought("bot.announcer")

RABBITMQ = os.getenv("TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672/%2f")


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """A system of the town's: returns what it has heard since it was last asked."""
    monkeypatch.setattr(announcer, "EXCHANGE", f"xiaoli-test-{secrets.token_hex(4)}")
    try:
        connection = pika.BlockingConnection(pika.URLParameters(RABBITMQ))
    except pika.exceptions.AMQPError:
        missing("RabbitMQ (TEST_RABBITMQ)")
    channel = connection.channel()
    channel.exchange_declare(announcer.EXCHANGE, "topic", durable=True)
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, announcer.EXCHANGE, "request.*")

    def heard() -> list[dict[str, Any]]:
        found = []
        while (message := channel.basic_get(queue, auto_ack=True))[0]:
            found.append(json.loads(message[2]) | {"message_id": message[1].message_id})
        return found

    yield heard
    channel.exchange_delete(announcer.EXCHANGE)
    connection.close()


def announcing(database: Database, clock: StandingClock, url: str = RABBITMQ) -> Any:
    return announcer.Announcer(database, clock, Alone(), url, "https://xiaoli.example.org")


def happen(database: Database, clock: StandingClock, *numbers: int) -> None:
    with database.transaction() as db:
        for number in numbers:
            happenings.note(
                db,
                What.REQUEST_FILED,
                f"request/{number}",
                area_id="guali/",
                facts={"category": "light", "status": "received"},
                now=clock.now(),
            )


def test_the_town_hears_in_order_as_cloudevents_each_once(
    database: Database, clock: StandingClock, town: Callable[[], list[dict[str, Any]]]
) -> None:
    happen(database, clock, 1, 2)
    telling = announcing(database, clock)
    assert telling.announce() == 2
    assert telling.announce() == 0
    first, second = town()
    assert (first["subject"], second["subject"]) == ("request/1", "request/2")
    assert first["message_id"] == first["id"] != second["id"]
    assert {
        name: first[name] for name in ("specversion", "type", "source", "time", "data")
    } == {
        "specversion": "1.0",
        "type": "town.xiaoli.request.filed",
        "source": "https://xiaoli.example.org",
        "time": clock.now().isoformat(),
        "data": {"area": "guali/", "category": "light", "status": "received"},
    }


def test_what_was_told_and_not_noted_is_told_again_under_the_same_id(
    database: Database,
    clock: StandingClock,
    town: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*_args: object, **_named: object) -> None:
        raise KeyboardInterrupt

    happen(database, clock, 1)
    with monkeypatch.context() as patched:
        patched.setattr(announcer.happenings, "mark_announced", killed)
        with pytest.raises(KeyboardInterrupt):
            announcing(database, clock).announce()
    announcing(database, clock).announce()
    assert len({event["id"] for event in town()}) == 1


def test_while_the_broker_is_away_all_of_it_waits(
    database: Database, clock: StandingClock, town: Callable[[], list[dict[str, Any]]]
) -> None:
    happen(database, clock, 1)
    with pytest.raises(pika.exceptions.AMQPError):
        announcing(database, clock, "amqp://guest:guest@127.0.0.1:9/").announce()
    with database.reading() as db:
        assert [one.announced_at for one in happenings.unannounced(db, 9)] == [None]
    announcing(database, clock).announce()
    assert [event["subject"] for event in town()] == ["request/1"]


def test_a_broker_that_is_no_broker_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EVENTS_URL", "https://town.example.org")
    with pytest.raises(SettingInvalid, match="EVENTS_URL"):
        settings.read()
