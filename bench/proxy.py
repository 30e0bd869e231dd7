"""A proxy that stands between two processes and fails as it is told: `proxy.fault = SLOW`.

with Proxy(port_of_the_server) as proxy:
    httpx.post(f"http://127.0.0.1:{proxy.port}/…")
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Exchange:
    """One request on its way, and where its answer has to go."""

    request: bytes
    server_port: int
    client: asyncio.StreamWriter

    async def ask(self) -> bytes:
        """Hand the request on and return all of the answer."""
        reader, writer = await asyncio.open_connection(HOST, self.server_port)
        try:
            writer.write(self.request)
            await writer.drain()
            return await reader.read()
        finally:
            await _close(writer)

    async def tell(self, answer: bytes) -> None:
        """Give the client an answer; the connection ends with it."""
        self.client.write(answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        await self.client.drain()


Fault = Callable[[Exchange], Awaitable[None]]


async def none(exchange: Exchange) -> None:
    """All is well."""
    await exchange.tell(await exchange.ask())


async def cut(exchange: Exchange) -> None:
    """The server cannot be reached."""


async def lost(exchange: Exchange) -> None:
    """The server does what it is asked, but its answer never arrives."""
    await exchange.ask()


async def silent(exchange: Exchange) -> None:
    """The server takes the request and never answers."""
    await asyncio.sleep(60)


async def empty(exchange: Exchange) -> None:
    """The server answers that it has nothing to say."""
    await exchange.tell(_answer("200 OK", b"[]"))


async def failing(exchange: Exchange) -> None:
    """The server has an error of its own."""
    await exchange.tell(_answer("500 Internal Server Error", b"{}"))


async def garbled(exchange: Exchange) -> None:
    """The server answers what nobody can read."""
    await exchange.tell(_answer("200 OK", b"\xff{["))


def slow(seconds: float) -> Fault:
    """The server takes so long, then all is well."""

    async def wait(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await none(exchange)

    return wait


def _answer(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Listening:
    """Listens on a port of its own, in a thread of its own, for as long as a block lasts."""

    def __init__(self, server_port: int) -> None:
        self.server_port, self.port = server_port, 0
        self._serving: set[asyncio.Task[None] | None] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.start_server(self._serve, HOST, 0)
        self._server = asyncio.run_coroutine_threadsafe(started, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._serving.add(task)  # or nobody holds on to it while it waits
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._pass_on(reader, writer)
        finally:
            await _close(writer)
            self._serving.discard(task)

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        raise NotImplementedError


class Proxy(Listening):
    """Takes requests on a port of its own; `fault` may be changed at any moment."""

    def __init__(self, server_port: int) -> None:
        super().__init__(server_port)
        self.fault: Fault = none

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        request = await _read_request(reader)
        await self.fault(Exchange(request, self.server_port, writer))


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    """Read one whole request; it says that its connection ends with it."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).rstrip().split(b"\r\n")
    told = dict(line.lower().split(b": ", 1) for line in lines)
    body = await reader.readexactly(int(told.get(b"content-length", b"0")))
    kept = [line for line in lines if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([first, *kept, b"Connection: close", b"", body])
