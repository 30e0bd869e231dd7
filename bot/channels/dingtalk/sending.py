"""DingTalk as a platform: letters out, files in.

Every letter is `sampleText`, which shows what is written and nothing else: neither markdown nor
an @ in anybody's words means anything there. Photos go as `sampleImageMsg`, by themselves.
https://open.dingtalk.com/document/development/robot-message-type has both.
"""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from starlette.concurrency import run_in_threadpool

from bot.channels.dingtalk.account import Account
from bot.channels.dingtalk.api import Api
from bot.channels.dingtalk.reading import NAME
from bot.channels.platform import Blocked, Letter, Refused, Slowed
from bot.channels.servers import TIMEOUT, is_here

TO_GROUPS = "/v1.0/robot/groupMessages/send"
TO_PEOPLE = "/v1.0/robot/oToMessages/batchSend"
FILES = "/v1.0/robot/messageFiles/download"
GONE = frozenset({httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND, httpx.codes.GONE})
FLOODED = 60  # seconds that somebody gets no more, once DingTalk holds it back


@dataclass
class DingTalk:
    """The robot of one app. An address is a group's id, or a member's of the organisation."""

    account: Account
    name: str = NAME
    api: Api = field(init=False, repr=False)
    _files: httpx.AsyncClient = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.api = Api(self.account)
        trusted = not self.account.is_here
        self._files = httpx.AsyncClient(timeout=TIMEOUT, trust_env=trusted)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.api.close()
        await self._files.aclose()

    async def send(self, letter: Letter) -> str:
        """Bring a letter; returns what DingTalk calls it, and what a quote of it names."""
        said = await self._content(letter)
        if letter.is_group:
            to = {"openConversationId": letter.to}
            answer = await self.api.post(TO_GROUPS, to | said, group=True)
        else:
            answer = await self.api.post(TO_PEOPLE, {"userIds": [letter.to]} | said)
            _check_taken(answer)
        return str(answer["processQueryKey"])

    async def _content(self, letter: Letter) -> dict[str, Any]:
        if letter.photos:
            (photo,) = letter.photos
            if not photo.is_file():  # somebody may have had it forgotten
                raise Refused("no_file")
            media_id = await self.api.upload(await run_in_threadpool(photo.read_bytes))
            return self._of_kind("sampleImageMsg", photoURL=media_id)
        if not letter.text.strip():
            raise Refused("empty")
        return self._of_kind("sampleText", content=letter.text)

    def _of_kind(self, kind: str, **parameters: str) -> dict[str, Any]:
        written = json.dumps(parameters, ensure_ascii=False)
        return {"robotCode": self.account.robot, "msgKey": kind, "msgParam": written}

    async def fetch(self, remote: str, most: int) -> bytes:
        asked = {"downloadCode": remote, "robotCode": self.account.robot}
        url = str((await self.api.post(FILES, asked)).get("downloadUrl", ""))
        if not self._may_fetch(url):
            raise Refused("address")
        content = b""
        async with self._files.stream("GET", url) as answer:  # redirects are not followed
            if answer.status_code in GONE:
                raise Refused("no_file")
            answer.raise_for_status()
            async for piece in answer.aiter_bytes():
                content += piece
                if len(content) > most:
                    raise Refused("too_large")
        return content

    def _may_fetch(self, url: str) -> bool:
        """Whether an address is one of a store of files: by TLS, by name, not in our network.

        Only where DingTalk itself is on this machine may its files be here too.
        """
        try:
            asked = urlsplit(url)
            host, port = asked.hostname or "", asked.port
        except ValueError:
            return False
        if is_here(url):
            return self.account.is_here
        named = "." in host.strip(".") and not _is_number(host)
        return asked.scheme == "https" and named and port in (None, 443)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host.rsplit(".", 1)[-1].isdecimal()  # 127.1
    return True


def _check_taken(answer: Mapping[str, Any]) -> None:
    """Raise where DingTalk took the request and left the one whom it is for out."""
    if answer.get("invalidStaffIdList"):
        raise Blocked
    if answer.get("flowControlledStaffIdList"):
        raise Slowed(FLOODED)
    if answer.get("filteredStaffIdList"):
        raise Refused("filtered")
