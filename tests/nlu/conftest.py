"""What tests of the Rasa side share: the encoder, the pack and the trained model."""

import asyncio
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rasa.core.agent import Agent
from rasa.utils.log_utils import configure_structlog

from nlu.components import settings
from nlu.components.encoder import Encoder, open_encoder
from nlu.components.gazetteer import Gazetteer, read_pack
from nlu.components.tracker_store import BoundedTrackerStore
from tests.nlu.action_server import Actions

MODEL = Path(os.getenv("STATE_DIR", "var")) / "models" / "xiaoli.tar.gz"


def missing(what: str) -> None:
    """Skip on a user's machine, fail in CI."""
    if os.getenv("CI"):
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"{what} is not on this machine")


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    if not settings.encoder_dir().is_dir():
        missing("the encoder (make setup)")
    return open_encoder(settings.encoder_dir())


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    return read_pack(settings.community_dir())


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The one event loop an agent lives in."""
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.fixture(scope="session")
def agent(loop: asyncio.AbstractEventLoop) -> Agent:
    """The trained model as a server runs it, beside the small action server."""
    if not MODEL.is_file():
        missing("a trained model (make test-nlu)")
    configure_structlog(logging.WARNING)
    asyncio.set_event_loop(loop)
    loaded = Agent.load(MODEL, action_endpoint=Actions())
    loaded.processor.tracker_store = BoundedTrackerStore(loaded.domain)
    return loaded
