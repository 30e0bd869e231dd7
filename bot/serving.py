"""The public port: how it is served, and whom it believes about where a call comes from."""

from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from bot.settings import Settings

FINISHING_SECONDS = 5  # for open requests, when asked to end: a turn's and a second


def options(said: Settings) -> dict[str, Any]:
    """Return what uvicorn is told about the public port.

    A proxy of `TRUSTED_PROXIES` is believed who calls (X-Forwarded-For) and whether they do
    so under TLS (X-Forwarded-Proto); anybody else who says such a thing is not.
    """
    return {
        "host": said.host,
        "port": said.port,
        "access_log": False,
        "log_level": "warning",
        "server_header": False,
        "proxy_headers": True,
        "forwarded_allow_ips": list(said.proxies),
        "timeout_graceful_shutdown": FINISHING_SECONDS,
    }


class Server(uvicorn.Server):
    """Tells the app as soon as it is asked to end."""

    def __init__(self, config: uvicorn.Config, leave: Callable[[], None]) -> None:
        super().__init__(config)
        self._leave = leave

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._leave()
        super().handle_exit(sig, frame)
