"""Requests to WeChat's and WeCom's servers: the access token, and what their codes mean."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import structlog

from bot.channels.platform import Letter, Refused
from bot.channels.servers import AccessToken, Issued, NoToken

log = structlog.get_logger()

# The token is not, or no longer, valid: a new one is asked for, once.
TOKEN_ENDED = frozenset({40001, 40014, 42001})

Raises = Callable[[int], Exception]


@dataclass(frozen=True)
class Api:
    """Asks a platform; `meanings` says what each of its error codes is to us."""

    client: httpx.AsyncClient
    token: AccessToken
    meanings: Mapping[int, Raises]

    async def post(self, path: str, said: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send JSON; returns the answer.

        Raises:
            Exception: what its error code means, Refused for those of no known meaning.
        """
        body = json.dumps(said, ensure_ascii=False).encode()  # escapes would be shown
        return await self._checked(path, content=body)

    async def content_of(self, letter: Letter) -> dict[str, object]:
        """Return what a letter holds, as both platforms take it; a photo goes by itself.

        Raises: as `post`.
        """
        if not letter.photos:
            return {"msgtype": "text", "text": {"content": letter.text}}
        (photo,) = letter.photos
        media_id = await self.upload("/cgi-bin/media/upload", photo)
        return {"msgtype": "image", "image": {"media_id": media_id}}

    async def upload(self, path: str, photo: Path) -> str:
        """Send a photo; returns the platform's id of it. Raises: as `post`."""
        content = await asyncio.to_thread(photo.read_bytes)
        files = {"media": ("photo.jpg", content, "image/jpeg")}
        answer = await self._checked(path, files=files, params={"type": "image"})
        return str(answer["media_id"])

    async def fetch(self, path: str, media_id: str, most: int) -> bytes:
        """Return a file. Raises: as `post`, and Refused where it is larger than so much."""
        token = await self.token.get()
        found = await self._download(path, media_id, token, most)
        if found in TOKEN_ENDED:
            token = await self.token.get(refused=token)
            found = await self._download(path, media_id, token, most)
        if isinstance(found, int):
            raise self._meaning(found)
        return found

    async def _download(self, path: str, media_id: str, token: str, most: int) -> bytes | int:
        """Return a file, or the error code that came in its place."""
        content = b""
        params = {"access_token": token, "media_id": media_id}
        async with self.client.stream("GET", path, params=params) as answer:
            answer.raise_for_status()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > most:
                    raise Refused("too large")
        kind = answer.headers.get("content-type", "")
        return code_of(_read(content)) if "json" in kind or "text" in kind else content

    async def _checked(self, path: str, **request: Any) -> Mapping[str, Any]:
        token = await self.token.get()
        answer = await self._once(path, token, **request)
        if code_of(answer) in TOKEN_ENDED:
            token = await self.token.get(refused=token)
            answer = await self._once(path, token, **request)
        if code := code_of(answer):
            raise self._meaning(code)
        return answer

    async def _once(
        self, path: str, token: str, params: Mapping[str, str] | None = None, **request: Any
    ) -> Mapping[str, Any]:
        known = {"access_token": token, **(params or {})}
        answer = await self.client.post(path, params=known, **request)
        answer.raise_for_status()
        return _read(answer.content)

    def _meaning(self, code: int) -> Exception:
        log.warning("the platform refuses", code=code)
        if code in TOKEN_ENDED:
            return NoToken(str(code))
        meaning = self.meanings.get(code)
        return meaning(code) if meaning else Refused(str(code))


def code_of(answer: Mapping[str, Any]) -> int:
    """Return an answer's error code, 0 for none."""
    return int(answer.get("errcode", 0))


def issued(answer: httpx.Response) -> Issued:
    """Read the answer to a request for a token.

    Raises:
        NoToken: there is none in it.
    """
    answer.raise_for_status()
    said = _read(answer.content)
    if not said.get("access_token"):
        log.error("the platform gives no token", code=code_of(said))
        raise NoToken(str(code_of(said)))
    return Issued(str(said["access_token"]), float(said["expires_in"]))


def _read(content: bytes) -> Mapping[str, Any]:
    answer = json.loads(content)
    if not isinstance(answer, dict):
        raise TypeError("the platform's answer is no object")
    return answer
