"""What Rasa's own channel logs when a turn fails or is cut off: no words of anybody."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.channels import rest
from rasa.core.channels.channel import UserMessage
from sanic import Sanic
from structlog.testing import capture_logs

from nlu.components import discretion

CANARY = "金丝雀住在三幢"


@pytest.fixture
def discreet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "structlogger", rest.structlogger)
    discretion.apply()
    discretion.apply()


def logged(error: BaseException) -> list[Any]:
    """Have the channel fail with a message; returns what it logged."""

    async def fails(_message: UserMessage) -> None:
        raise error

    asked = SimpleNamespace(json={"sender": "1", "message": CANARY}, args={})
    blueprint = rest.RestInput().blueprint(fails)
    app = Sanic(f"discretion_{id(error)}")
    app.blueprint(blueprint)
    handler = next(route.handler for route in app.router.routes if "webhook" in route.path)
    with capture_logs() as logs:
        asyncio.new_event_loop().run_until_complete(handler(asked))
    return logs


@pytest.mark.parametrize("error", [asyncio.CancelledError(), ValueError(CANARY)])
@pytest.mark.usefixtures("discreet")
def test_a_turn_that_fails_leaves_no_words_in_the_log(error: BaseException) -> None:
    logs = logged(error)
    assert logs
    assert CANARY not in json.dumps(logs, ensure_ascii=False, default=repr)


def test_rasa_itself_would_write_them() -> None:
    """Negative control."""
    assert CANARY in json.dumps(logged(asyncio.CancelledError()), ensure_ascii=False)
