"""Feishu as a platform: letters out, files in, and what its error codes mean.

https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/create
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import structlog

from bot.channels.calls import Unreadable
from bot.channels.feishu import cards
from bot.channels.feishu.account import Account, read_account
from bot.channels.feishu.reading import NAME
from bot.channels.feishu.shapes import object_in
from bot.channels.platform import Blocked, Closed, Letter, Refused, Slowed
from bot.channels.servers import AccessToken, Issued, NoToken, open_client
from bot.settings import Settings

log = structlog.get_logger()

TOKENS = "/open-apis/auth/v3/tenant_access_token/internal"
MESSAGES, IMAGES = "/open-apis/im/v1/messages", "/open-apis/im/v1/images"
ROBOT = "/open-apis/bot/v3/info"
TOKEN_ENDED = frozenset({99991661, 99991663})  # a new one is asked for, once
RESET = "x-ogw-ratelimit-reset"  # the header that says how many seconds to wait
PAUSE, LONGEST_PAUSE = 5.0, 3600.0  # seconds, where it does not say, and at most
LONGEST_UUID = 50  # of Feishu's own


class StillSending(Exception):
    """An earlier try of the same letter is on its way there."""


# code → what it means, given the seconds to wait
MEANINGS: Mapping[int, Callable[[float], Exception]] = {
    99991400: lambda wait: Slowed(wait, everywhere=True),  # the app's calls
    429: lambda wait: Slowed(wait, everywhere=True),
    11232: lambda wait: Slowed(wait, everywhere=True),  # Feishu is busy
    230020: Slowed,  # the chat's five in a second
    230002: lambda _: Blocked(),  # we are not in that group
    230013: lambda _: Blocked(),  # our app is not for that user
    230029: lambda _: Blocked(),  # they have left the organisation
    230053: lambda _: Blocked(),  # they have stopped us
    232009: lambda _: Blocked(),  # the group is no more
    230018: lambda _: Closed(),  # only some may speak in that group
    230035: lambda _: Closed(),
    230049: lambda _: StillSending(),
}


@dataclass
class Feishu:
    """An app's robot. Somebody's address is their open_id, a group's its chat_id."""

    account: Account
    client: httpx.AsyncClient
    token: AccessToken
    name: str = NAME
    _me: str = field(default="", init=False)

    async def send(self, letter: Letter) -> str:
        """Bring a letter; the same letter again within an hour is taken once."""
        type_, content = await self._content_of(letter)
        said = {
            "receive_id": letter.to,
            "msg_type": type_,
            "content": content,
            "uuid": uuid_of(letter),
        }
        answer = await self._call(
            "POST",
            MESSAGES,
            params={"receive_id_type": "open_id" if letter.to.startswith("ou_") else "chat_id"},
            content=json.dumps(said, ensure_ascii=False).encode(),
            headers={"content-type": "application/json; charset=utf-8"},
        )
        return str(answer["data"]["message_id"])

    async def _content_of(self, letter: Letter) -> cards.Shown:
        if letter.photos:
            (photo,) = letter.photos
            return cards.image(await self._upload(photo))
        if not (letter.text.strip() or letter.choices):
            raise Refused("empty")
        return cards.shown(letter)

    async def _upload(self, photo: Path) -> str:
        """Send a photo if it is still there: somebody may have had it forgotten."""
        if not photo.is_file():
            raise Refused("no_file")
        files = {
            "image": ("photo.jpg", await asyncio.to_thread(photo.read_bytes), "image/jpeg")
        }
        answer = await self._call("POST", IMAGES, data={"image_type": "message"}, files=files)
        return str(answer["data"]["image_key"])

    async def fetch(self, remote: str, most: int) -> bytes:
        """Return a file of a message that was said to us."""
        message, type_, key = remote.split(" ")
        path = f"{MESSAGES}/{message}/resources/{key}"
        token = await self.token.get()
        found = await self._download(path, type_, token, most)
        if isinstance(found, Said) and found.code in TOKEN_ENDED:
            token = await self.token.get(refused=token)
            found = await self._download(path, type_, token, most)
        if isinstance(found, Said):
            raise _meaning(found)
        return found

    async def _download(self, path: str, type_: str, token: str, most: int) -> "bytes | Said":
        content, known = b"", {"authorization": f"Bearer {token}"}
        async with self.client.stream(
            "GET", path, params={"type": type_}, headers=known
        ) as answer:
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > most:
                    raise Refused("too_large")
        return content if answer.is_success else said_of(answer, content)

    async def me(self) -> str:
        """Return our own open_id, which is asked once."""
        if not self._me:
            self._me = str((await self._call("GET", ROBOT))["bot"]["open_id"])
        return self._me

    async def _call(self, method: str, path: str, **request: Any) -> Mapping[str, Any]:
        """Ask Feishu. Raises: what its error code means, Refused for those not known."""
        token = await self.token.get()
        said = await self._once(method, path, token, **request)
        if said.code in TOKEN_ENDED:
            token = await self.token.get(refused=token)
            said = await self._once(method, path, token, **request)
        if said.code:
            raise _meaning(said)
        return said.told

    async def _once(
        self,
        method: str,
        path: str,
        token: str,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> "Said":
        known = {"authorization": f"Bearer {token}", **(headers or {})}
        answer = await self.client.request(method, path, headers=known, **request)
        return said_of(answer, answer.content)


@dataclass(frozen=True)
class Said:
    """What Feishu answered: an error code, 0 for none, and for how long to wait."""

    code: int
    told: Mapping[str, Any]
    wait: float = PAUSE


def said_of(answer: httpx.Response, content: bytes) -> Said:
    """Read an answer.

    Raises:
        httpx.HTTPStatusError: it is a failure of the server's.
    """
    if answer.is_server_error:
        answer.raise_for_status()
    wait = _seconds(answer.headers.get(RESET, ""))
    try:
        told = object_in(content)
    except Unreadable:
        told = {}
    code = told.get("code")
    if not isinstance(code, int) or (code == 0 and not answer.is_success):
        code = answer.status_code
    return Said(code, told, wait)


def uuid_of(letter: Letter) -> str:
    """Return what a letter is known by there: the same at every try, of no other letter."""
    whole = json.dumps([letter.key, letter.to, letter.text, *map(str, letter.photos)])
    return hashlib.sha256(whole.encode()).hexdigest()[:LONGEST_UUID]


def open_account(settings: Settings) -> Feishu | None:
    """Open the app the settings name, if they do.

    Raises:
        SettingInvalid: a part of it is missing or cannot be used.
    """
    account = read_account(settings)
    return account_of(account, open_client(account.api)) if account else None


def account_of(account: Account, client: httpx.AsyncClient) -> Feishu:
    """Return an app on a client of Feishu's server."""

    async def ask() -> Issued:
        named = {"app_id": account.app_id, "app_secret": account.secret}
        answer = await client.post(TOKENS, json=named)
        said = said_of(answer, answer.content)
        if said.code:
            log.error("the platform gives no token", channel=NAME, code=said.code)
            raise NoToken(str(said.code))
        return Issued(str(said.told["tenant_access_token"]), float(said.told["expire"]))

    return Feishu(account, client, AccessToken(ask))


def _meaning(said: Said) -> Exception:
    log.warning("the platform refuses", channel=NAME, code=said.code)
    if said.code in TOKEN_ENDED:
        return NoToken(str(said.code))
    meaning = MEANINGS.get(said.code)
    return meaning(said.wait) if meaning else Refused(str(said.code))


def _seconds(said: str) -> float:
    try:
        return min(max(float(said), 1.0), LONGEST_PAUSE)
    except ValueError:
        return PAUSE
