"""The app's account with DingTalk, as the settings name it."""

import re
from dataclasses import dataclass, field

from actions.errors import SettingInvalid
from bot.channels.servers import is_here, server_of
from bot.settings import Settings

CODE = re.compile(r"[A-Za-z0-9_-]{4,80}")
SECRET = re.compile(r"[\x21-\x7e]{16,200}")


@dataclass(frozen=True)
class Account:
    """Who we are to DingTalk, and where it is: `media` takes photos, `api` everything else."""

    client_id: str
    secret: str = field(repr=False)
    robot: str
    api: str
    media: str

    @property
    def is_here(self) -> bool:
        """Whether DingTalk is on this machine: a test's."""
        return is_here(self.api)


def read_account(settings: Settings) -> Account | None:
    """Return the account the settings name, None if they name none.

    Raises:
        SettingInvalid: a part of it is missing or cannot be used.
    """
    if not settings.dingtalk_client_id:
        return None
    robot = settings.dingtalk_robot_code or settings.dingtalk_client_id
    return Account(
        client_id=_checked(CODE, settings.dingtalk_client_id, "DINGTALK_CLIENT_ID"),
        secret=_checked(SECRET, settings.dingtalk_client_secret, "DINGTALK_CLIENT_SECRET"),
        robot=_checked(CODE, robot, "DINGTALK_ROBOT_CODE"),
        api=server_of(settings.dingtalk_api_url, "DINGTALK_API_URL"),
        media=server_of(settings.dingtalk_media_url, "DINGTALK_MEDIA_URL"),
    )


def _checked(pattern: re.Pattern[str], said: str, name: str) -> str:
    if not pattern.fullmatch(said):
        wrong = "cannot be used" if said else "is missing"
        raise SettingInvalid(
            f"Setting {name} {wrong}: copy it from the app's page; see docs/dingtalk.md"
        )
    return said
