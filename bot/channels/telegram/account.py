"""The bot's account with Telegram, as the settings name it."""

import re
from dataclasses import dataclass, field

from actions.errors import SettingInvalid
from bot.channels import servers
from bot.settings import Settings

TOKEN = re.compile(r"(?P<id>\d{1,15}):[A-Za-z0-9_-]{20,80}")
SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
HOOK = "/telegram/webhook"


@dataclass(frozen=True)
class Account:
    """Who we are to Telegram, and where it is. `hook` is where it calls us: "" if we ask it."""

    token: str = field(repr=False)
    secret: str = field(repr=False)
    api: str
    hook: str

    @property
    def id(self) -> int:
        """The bot's own id, which its token begins with."""
        return int(self.token.partition(":")[0])

    @property
    def is_here(self) -> bool:
        """Whether the Bot API is on this machine: a server of one's own, or a test's."""
        return servers.is_here(self.api)


def read_account(settings: Settings) -> Account | None:
    """Return the account the settings name, None if they name none.

    Raises:
        SettingInvalid: a part of it is missing or cannot be used.
    """
    if not settings.telegram_token:
        return None
    _check(TOKEN, settings.telegram_token, "TELEGRAM_TOKEN", "copy it from @BotFather")
    by_webhook = settings.telegram_mode == "webhook"
    if by_webhook:
        of_what = "16 to 256 letters, digits, _ or -"
        _check(SECRET, settings.telegram_secret, "TELEGRAM_SECRET", of_what)
        _check(
            re.compile(r"https?://.+"), settings.public_url, "PUBLIC_URL", "Telegram calls it"
        )
    return Account(
        token=settings.telegram_token,
        secret=settings.telegram_secret,
        api=servers.server_of(settings.telegram_api_url, "TELEGRAM_API_URL"),
        hook=f"{settings.public_url.rstrip('/')}{HOOK}" if by_webhook else "",
    )


def _check(pattern: re.Pattern[str], said: str, name: str, remedy: str) -> None:
    if not pattern.fullmatch(said):
        wrong = "cannot be used" if said else "is missing"
        raise SettingInvalid(f"Setting {name} {wrong}: {remedy}; see docs/telegram.md")
