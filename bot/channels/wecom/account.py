"""The company's side: messages of its customer-service accounts, to and fro."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from actions.errors import SettingInvalid
from bot.channels.platform import Blocked, Closed, Letter, Refused, Slowed
from bot.channels.servers import AccessToken, Issued, open_client
from bot.channels.tencent.api import Api, Raises, issued
from bot.channels.wecom.reading import Page, read_page
from bot.settings import Settings

AT_ONCE = 100  # messages of a page
AMR = 0  # the format of voices
# https://developer.work.weixin.qq.com/document/path/90313
MEANINGS: Mapping[int, Raises] = {
    -1: lambda _: Slowed(5, everywhere=True),  # the platform is busy
    45009: lambda _: Slowed(60, everywhere=True),  # too many calls
    95001: lambda _: Closed(),  # five were sent
    95002: lambda _: Closed(),  # 48 hours are over
    40096: lambda _: Blocked(),  # nobody of this id
}


@dataclass
class KfAccount:
    """The company's customer service, as a platform. An address is "account person"."""

    api: Api
    name: str = "wecom"

    async def send(self, letter: Letter) -> str:
        """Bring a letter; returns its id there, which is the same at every try."""
        account, _, whom = letter.to.partition(" ")
        if not whom:
            raise Refused("address")
        said = await self.api.content_of(letter)
        to = {"touser": whom, "open_kfid": account, "msgid": f"xiaoli-{letter.key}"}
        return str((await self.api.post("/cgi-bin/kf/send_msg", {**to, **said}))["msgid"])

    async def fetch(self, remote: str, most: int) -> bytes:
        """Return a photo or a voice."""
        return await self.api.fetch("/cgi-bin/media/get", remote, most)

    async def after(self, mark: str, *, account: str, token: str) -> Page:
        """Return what is behind a mark; without a token it may be asked for seldom only."""
        asked: dict[str, Any] = {"cursor": mark, "open_kfid": account, "limit": AT_ONCE}
        with_token = {"token": token} if token else {}
        asked |= {"voice_format": AMR, **with_token}
        return read_page(await self.api.post("/cgi-bin/kf/sync_msg", asked))

    async def welcome(self, code: str, text: str) -> None:
        """Greet somebody who has just opened the chat."""
        said = {"code": code, "msgtype": "text", "text": {"content": text}}
        await self.api.post("/cgi-bin/kf/send_msg_on_event", said)


def open_account(settings: Settings) -> KfAccount | None:
    """Open the company's customer service the settings name, if they do.

    Raises:
        SettingInvalid: they name one without its secret.
    """
    if not settings.wecom_corp_id:
        return None
    if not settings.wecom_secret:
        raise SettingInvalid("Setting WECOM_SECRET is missing; see .env.example")
    client = open_client(settings.wecom_api_url)
    return account_of(client, settings.wecom_corp_id, settings.wecom_secret)


def account_of(client: httpx.AsyncClient, corp_id: str, secret: str) -> KfAccount:
    """Return a company's customer service on a client of WeCom's server."""
    named = {"corpid": corp_id, "corpsecret": secret}

    async def ask() -> Issued:
        return issued(await client.get("/cgi-bin/gettoken", params=named))

    return KfAccount(Api(client, AccessToken(ask), MEANINGS))
