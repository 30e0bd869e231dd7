"""The app's account with Feishu, as the settings name it."""

import re
from dataclasses import dataclass, field

from actions.errors import SettingInvalid
from bot.channels import servers
from bot.settings import Settings

APP_ID = re.compile(r"cli_[A-Za-z0-9]{1,36}")
SECRET = re.compile(r"[\x21-\x7e]{8,256}")


@dataclass(frozen=True)
class Account:
    """Who we are to Feishu, and where it is. With `key` it seals events, `token` is in each."""

    app_id: str
    secret: str = field(repr=False)
    key: str = field(repr=False)
    token: str = field(repr=False)
    api: str


def read_account(settings: Settings) -> Account | None:
    """Return the account the settings name, None if they name none.

    Raises:
        SettingInvalid: a part of it is missing or cannot be used.
    """
    if not settings.feishu_app_id:
        return None
    where = "凭证与基础信息", "事件与回调 → 加密策略"
    return Account(
        app_id=_checked(APP_ID, settings.feishu_app_id, "APP_ID", where[0]),
        secret=_checked(SECRET, settings.feishu_app_secret, "APP_SECRET", where[0]),
        key=_checked(SECRET, settings.feishu_encrypt_key, "ENCRYPT_KEY", where[1]),
        token=_checked(
            SECRET, settings.feishu_verification_token, "VERIFICATION_TOKEN", where[1]
        ),
        api=servers.server_of(settings.feishu_api_url, "FEISHU_API_URL"),
    )


def _checked(pattern: re.Pattern[str], said: str, name: str, where: str) -> str:
    if not pattern.fullmatch(said):
        wrong = "cannot be used" if said else "is missing"
        raise SettingInvalid(
            f"Setting FEISHU_{name} {wrong}: copy it from {where}; see docs/feishu.md"
        )
    return said
