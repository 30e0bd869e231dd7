"""One address for the fakes of a platform's server, which each test puts up anew."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.bot.conftest import on_a_port


@dataclass
class Stage:
    """What stands at an address; a test puts its own there."""

    app: ASGIApp | None = None
    address: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            assert self.app is not None
            await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with on_a_port(stage) as address:
        stage.address = address
        yield stage
