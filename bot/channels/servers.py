"""A platform's servers: anywhere by TLS, or on this machine, and the token they want."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from actions.errors import SettingInvalid

TIMEOUT = 10.0  # seconds for one request
SOONER = 300.0  # seconds before its end at which a token is asked for anew
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_here(url: str) -> bool:
    """Whether a server is on this machine: one of one's own, or a test's."""
    return urlsplit(url).hostname in LOOPBACK


def server_of(said: str, setting: str) -> str:
    """Return the address of a server, without a slash at its end.

    Raises:
        SettingInvalid: secrets would go there in the open.
    """
    if urlsplit(said).scheme != "https" and not is_here(said):
        raise SettingInvalid(
            f"Setting {setting} has to begin with https://, or to be on this machine"
        )
    return said.rstrip("/")


def open_client(url: str) -> httpx.AsyncClient:
    """Return a client of a platform's server."""
    limits = httpx.Limits(max_connections=20)
    return httpx.AsyncClient(base_url=url, timeout=TIMEOUT, limits=limits, trust_env=False)


class NoToken(Exception):
    """The platform gives us no access token: a setting is wrong, or it is away."""


@dataclass(frozen=True)
class Issued:
    """An access token, and for how many seconds it holds."""

    token: str
    seconds: float


@dataclass
class AccessToken:
    """The token in force: kept, and asked for by one at a time."""

    ask: Callable[[], Awaitable[Issued]]
    _token: str = field(default="", repr=False)
    _until: float = 0.0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, refused: str = "") -> str:
        """Return the token in force, another one than was refused."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if not self._token or self._token == refused or now >= self._until:
                issued = await self.ask()
                self._token, self._until = issued.token, now + issued.seconds - SOONER
            return self._token
