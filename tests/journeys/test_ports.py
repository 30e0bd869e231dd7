"""Nothing but the public port is open to anybody outside this machine."""

import ipaddress
import socket
from collections.abc import Iterable

import psutil

from setup.supervisor import Assistant

PUBLIC = "bot"
ANYBODY = "0.0.0.0"  # noqa: S104 - what is looked for


def open_to_others(pids: Iterable[int]) -> list[tuple[int, str]]:
    """The ports on which processes, and those they started, hear who is not on this machine."""
    tops = [psutil.Process(pid) for pid in pids]
    family = [one for top in tops for one in (top, *top.children(recursive=True))]
    return [
        (port, address)
        for one in family
        for port, address in listening(one)
        if not ipaddress.ip_address(address).is_loopback
    ]


def listening(process: psutil.Process) -> list[tuple[int, str]]:
    """The ports and addresses on which a process waits to be called."""
    heard = process.net_connections("inet")
    return [(o.laddr.port, o.laddr.ip) for o in heard if o.status == psutil.CONN_LISTEN]


def test_only_the_public_port_is_open_to_anybody(assistant: Assistant) -> None:
    """The public one is where its setting says, here on this machine alone."""
    pids = [assistant.supervisor.pid(name) for name in (PUBLIC, "rasa", "actions", "worker")]
    assert open_to_others(pids) == []
    (public,) = listening(psutil.Process(pids[0]))
    assert public == (assistant.settings.port, "127.0.0.1")


def test_a_port_that_is_open_to_all_is_found() -> None:
    """Negative control of the search."""
    with socket.create_server((ANYBODY, 0)) as server:
        found = open_to_others([psutil.Process().pid])
        assert (server.getsockname()[1], ANYBODY) in found
