"""A wire between a process and a server that speaks anything: it can be cut or fall silent.

with Wire(5432) as wire:
    Database(wire.detour("postgresql://postgres@127.0.0.1:5432/town"))
    wire.cut()
    wire.mend()
"""

import asyncio
from contextlib import suppress
from enum import StrEnum

from sqlalchemy import make_url

from bench.proxy import HOST, Listening

AT_ONCE = 65_536  # bytes that are passed on together
LOOK = 0.02  # seconds between two looks whether a wire is well again


class State(StrEnum):
    """How a wire is."""

    WELL = "well"
    SLOW = "slow"  # each piece takes `delay` seconds longer
    SILENT = "silent"  # what is sent waits, and nobody hangs up
    CUT = "cut"  # every connection is broken, and no other is made


class Wire(Listening):
    """Passes bytes on, both ways; how it is may be changed at any moment."""

    def __init__(self, server_port: int = 0) -> None:
        super().__init__(server_port)
        self.state, self.delay = State.WELL, 0.0
        self._writers: set[asyncio.StreamWriter] = set()

    def detour(self, url: str) -> str:
        """Return a database's address as it is at this end; the wire leads to that one."""
        address = make_url(url)
        self.server_port = address.port or 5432
        here = address.set(host=HOST, port=self.port)
        return here.render_as_string(hide_password=False)

    def cut(self) -> None:
        """Break all connections, and let none be made."""
        self.state = State.CUT
        self._loop.call_soon_threadsafe(self._break_all)

    def silence(self) -> None:
        """Let whoever waits wait."""
        self.state = State.SILENT

    def slow(self, seconds: float) -> None:
        """Let each piece take longer."""
        self.state, self.delay = State.SLOW, seconds

    def mend(self) -> None:
        """Let all be well again."""
        self.state = State.WELL

    def _break_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.state is State.CUT:
            return
        from_server, to_server = await asyncio.open_connection(HOST, self.server_port)
        ends = {writer, to_server}
        self._writers |= ends
        try:
            both = (self._flow(reader, to_server), self._flow(from_server, writer))
            await asyncio.gather(*both)
        finally:
            self._writers -= ends
            to_server.close()

    async def _flow(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await source.read(AT_ONCE):
                await self._wait()
                to.write(piece)
                await to.drain()
        to.close()  # who has nothing more to say hangs up at the other end, too

    async def _wait(self) -> None:
        if self.state is State.SLOW:
            await asyncio.sleep(self.delay)
        while self.state is State.SILENT:
            await asyncio.sleep(LOOK)
