"""Requests to DingTalk's servers: the access token, and answers that are refusals."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog

from bot.channels.dingtalk.account import Account
from bot.channels.dingtalk.refusals import TokenEnded, code_of, meaning_of
from bot.channels.servers import TIMEOUT, AccessToken, Issued, NoToken

log = structlog.get_logger()

Once = Callable[[str], Awaitable[httpx.Response]]  # a request with this token

TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name


@dataclass
class Api:
    """Asks DingTalk for one app."""

    account: Account
    client: httpx.AsyncClient = field(init=False, repr=False)
    token: AccessToken = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # To another machine by the proxy the environment names.
        self.client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=not self.account.is_here)
        self.token = AccessToken(self._issue)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.client.aclose()

    async def post(
        self, path: str, said: Mapping[str, Any], *, group: bool = False
    ) -> Mapping[str, Any]:
        """Send JSON to the API; returns the answer.

        Raises:
            Exception: what a refusal means; see `refusals`.
        """

        async def once(token: str) -> httpx.Response:
            url = f"{self.account.api}{path}"
            return await self.client.post(url, json=said, headers={TOKEN_HEADER: token})

        return await self._with_token(once, group=group)

    async def upload(self, photo: bytes) -> str:
        """Send a photo; returns DingTalk's id of it. Raises: as `post`.

        https://open.dingtalk.com/document/orgapp/upload-media-files
        """

        async def once(token: str) -> httpx.Response:
            params = {"access_token": token, "type": "image"}
            files = {"media": ("photo.jpg", photo, "image/jpeg")}
            url = f"{self.account.media}/media/upload"
            return await self.client.post(url, params=params, files=files)

        return str((await self._with_token(once))["media_id"])

    async def open(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask for a connection, for which the secret itself is shown. Raises: as `post`."""
        known = {"clientId": self.account.client_id, "clientSecret": self.account.secret}
        url = f"{self.account.api}/v1.0/gateway/connections/open"
        return _checked(await self.client.post(url, json=known | dict(said)))

    async def _with_token(self, once: Once, *, group: bool = False) -> Mapping[str, Any]:
        token = await self.token.get()
        try:
            return _checked(await once(token), group=group)
        except TokenEnded:
            token = await self.token.get(refused=token)
        try:
            return _checked(await once(token), group=group)
        except TokenEnded:
            raise NoToken("refused") from None

    async def _issue(self) -> Issued:
        said = {"appKey": self.account.client_id, "appSecret": self.account.secret}
        url = f"{self.account.api}/v1.0/oauth2/accessToken"
        answer = await self.client.post(url, json=said)
        issued = _read(answer)
        if not answer.is_success or not issued.get("accessToken"):
            log.error("DingTalk gives no token", code=code_of(issued))
            raise NoToken(code_of(issued))
        return Issued(str(issued["accessToken"]), float(issued["expireIn"]))


def _checked(answer: httpx.Response, *, group: bool = False) -> Mapping[str, Any]:
    said = _read(answer)
    code = code_of(said)
    if answer.is_success and not code:
        return said
    log.warning("DingTalk refuses", status=answer.status_code, code=code)
    raise meaning_of(answer.status_code, code, group=group)


def _read(answer: httpx.Response) -> Mapping[str, Any]:
    """Return an answer's JSON; none is told by its status, success aside."""
    try:
        said = json.loads(answer.content)
    except ValueError:
        said = None
    if isinstance(said, dict):
        return said
    if answer.is_success:
        raise TypeError("the platform's answer is no object")
    return {}
