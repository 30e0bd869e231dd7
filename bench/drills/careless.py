"""The bot with a protection taken away: what it protects from must then happen.

`python -m bench.drills.careless acknowledge_first serve` is `python -m bot serve`, only that
it says yes before it has kept what it says yes to. For drills alone: nothing else starts it.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from actions.conversations import Status
from bot import app, gateway
from bot.__main__ import commands
from bot.gateway import Gateway
from bot.message import InboundMessage
from bot.presence import Alone
from bot.replies import Answered
from setup.processes import Program
from setup.programs import programs
from setup.settings import Settings
from setup.supervisor import Table

UNENDING = 10**9  # tries
HERE = ("-m", "bench.drills.careless")


def acknowledge_first() -> None:
    """Say yes at once, and keep the message when there is time."""
    keep = Gateway.receive

    async def keep_later(self: Gateway, message: InboundMessage) -> None:
        with suppress(Exception):
            await keep(self, message)

    async def receive(self: Gateway, message: InboundMessage) -> Answered:
        self._begin(keep_later(self, message))
        return Answered([], Status.PENDING, waiting=True)

    _change(Gateway, "receive", receive)


def never_set_aside() -> None:
    """Try a message for ever, whatever it does to us."""
    _change(gateway, "TRIES", UNENDING)


def one_at_a_time() -> None:
    """Answer one conversation after the other, as if all were one."""
    drain, one = Gateway.drain, asyncio.Lock()

    async def wait_and_drain(self: Gateway, conversation_id: str) -> None:
        async with one:
            await drain(self, conversation_id)

    _change(Gateway, "drain", wait_and_drain)


def each_by_itself() -> None:
    """Believe to be the only gateway, whoever else is there."""
    _change(app, "among_gateways", lambda _url: Alone())


WAYS: Mapping[str, Callable[[], None]] = {
    way.__name__: way
    for way in (acknowledge_first, never_set_aside, one_at_a_time, each_by_itself)
}


def careless(way: str, table: Table = programs) -> Table:
    """Return the table of programs with gateways that are careless in a way of `WAYS`."""

    def changed(settings: Settings) -> Sequence[Program]:
        return [
            replace(one, command=(one.command[0], *HERE, way, *one.command[3:]))
            if one.name.partition("-")[0] == "bot"
            else one
            for one in table(settings)
        ]

    return changed


def _change(where: Any, name: str, value: Any) -> None:
    assert hasattr(where, name)
    setattr(where, name, value)


if __name__ == "__main__":
    WAYS[sys.argv.pop(1)]()
    commands()
