"""The account's own side: messages through the customer-service API, files, menu, codes."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from actions.errors import SettingInvalid
from bot.channels.platform import Blocked, Closed, Letter, Slowed
from bot.channels.servers import AccessToken, Issued, open_client
from bot.channels.tencent.api import Api, Raises, issued
from bot.channels.wechat import menu
from bot.settings import Settings

# https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/Global_Return_Code.html
MEANINGS: Mapping[int, Raises] = {
    -1: lambda _: Slowed(5, everywhere=True),  # the platform is busy
    45009: lambda _: Slowed(3600, everywhere=True),  # the day's calls are used up
    45011: lambda _: Slowed(60, everywhere=True),  # the minute's
    45015: lambda _: Closed(),  # the time to answer is over
    45047: lambda _: Closed(),  # as many as may be sent were sent
    40003: lambda _: Blocked(),  # nobody of this id follows us
    43004: lambda _: Blocked(),
}


@dataclass
class Account:
    """An Official Account, as a platform."""

    api: Api
    name: str = "wechat"

    async def send(self, letter: Letter) -> str:
        """Bring a letter; WeChat gives it no id."""
        said = await self.api.content_of(letter)
        await self.api.post("/cgi-bin/message/custom/send", {"touser": letter.to, **said})
        return ""

    async def fetch(self, remote: str, most: int) -> bytes:
        """Return a photo or a voice; WeChat keeps it for three days."""
        return await self.api.fetch("/cgi-bin/media/get", remote, most)

    async def write_menu(self) -> None:
        """Put the menu under every chat."""
        await self.api.post("/cgi-bin/menu/create", menu.as_json())

    async def code_of(self, area_id: str) -> str:
        """Return what the QR code of a village holds; who scans it is of there."""
        scene = {"scene": {"scene_str": area_id.strip("/")}}
        asked = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": scene}
        return str((await self.api.post("/cgi-bin/qrcode/create", asked))["url"])


def open_account(settings: Settings) -> Account | None:
    """Open the account the settings name, if they do.

    Raises:
        SettingInvalid: they name one without its secret.
    """
    if not settings.wechat_app_id:
        return None
    if not settings.wechat_app_secret:
        raise SettingInvalid("Setting WECHAT_APP_SECRET is missing; see .env.example")
    client = open_client(settings.wechat_api_url)
    return account_of(client, settings.wechat_app_id, settings.wechat_app_secret)


def account_of(client: httpx.AsyncClient, app_id: str, secret: str) -> Account:
    """Return an account on a client of WeChat's server."""
    asked = {"grant_type": "client_credential", "appid": app_id, "secret": secret}

    async def ask() -> Issued:
        return issued(await client.post("/cgi-bin/stable_token", json=asked))

    return Account(Api(client, AccessToken(ask), MEANINGS))
