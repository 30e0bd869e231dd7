"""A wire passes on what is said, both ways, unless it is told not to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from bench.wire import Wire


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A wire to a server that says what it is told."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            while heard := connection.recv(100):
                connection.sendall(heard)

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    with Wire(server.getsockname()[1]) as made:
        yield made
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def called(wire: Wire, seconds: float = 5) -> socket.socket:
    return socket.create_connection(("127.0.0.1", wire.port), timeout=seconds)


def says(connection: socket.socket, words: bytes) -> bytes:
    connection.sendall(words)
    return connection.recv(100)


def test_what_is_said_arrives(wire: Wire) -> None:
    with called(wire) as one, called(wire) as other:
        assert (says(one, b"a"), says(other, b"b"), says(one, b"c")) == (b"a", b"b", b"c")


def test_a_cut_wire_ends_every_connection_and_makes_none_until_it_is_mended(wire: Wire) -> None:
    with called(wire) as connection:
        says(connection, b"a")
        wire.cut()
        with suppress(ConnectionError):
            assert says(connection, b"b") == b""
    with called(wire) as another:
        assert another.recv(100) == b""
    wire.mend()
    with called(wire) as again:
        assert says(again, b"d") == b"d"


def test_a_silent_wire_keeps_what_is_said_until_it_is_mended(wire: Wire) -> None:
    with called(wire, seconds=0.2) as connection:
        says(connection, b"a")
        wire.silence()
        with pytest.raises(TimeoutError):
            says(connection, b"b")
        wire.mend()
        connection.settimeout(5)
        assert connection.recv(100) == b"b"


def test_a_database_behind_it_is_reached_by_another_address(wire: Wire) -> None:
    detour = wire.detour("postgresql://me:secret@127.0.0.1:6543/town")
    assert detour == f"postgresql://me:secret@127.0.0.1:{wire.port}/town"
    assert wire.server_port == 6543
