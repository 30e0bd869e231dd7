"""What the environment says to the bot: the only place of it that reads the environment."""

import ipaddress
import os
import re
import shlex
import shutil
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from actions import settings as ground

ORIGIN = re.compile(r"https?://[a-z0-9]+(?:[.-][a-z0-9]+)*(?::[0-9]{1,5})?")


def _listed(said: str) -> tuple[str, ...]:
    return tuple(said.replace(",", " ").split())


class Settings(ground.Settings):
    """The domain's settings and the bot's own; `.env.example` explains each."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = ""
    gateways: int = Field(default=1, ge=1)
    rasa_url: str = "http://127.0.0.1:5005"
    actions_url: str = ""
    events_url: str = Field(default="", repr=False)  # may hold a password
    rate_limit: str = "40/minute"
    partner_rate_limit: str = "60/minute"
    return_after_minutes: int = Field(default=30, ge=1)
    whisper_dir: Path = Path(".build/whisper")
    speaker_command: str = ""
    font_dir: Path = Path("/usr/share/fonts")
    turn_seconds: float = Field(default=4.0, gt=0)
    embed_origins: str = ""
    trusted_proxies: str = "127.0.0.1 ::1"
    commit: str = ""
    metrics_token: str = Field(default="", repr=False)
    telegram_token: str = Field(default="", repr=False)
    telegram_secret: str = Field(default="", repr=False)
    telegram_api_url: str = "https://api.telegram.org"
    telegram_mode: Literal["webhook", "polling"] = "webhook"
    wechat_app_id: str = ""
    wechat_app_secret: str = Field(default="", repr=False)
    wechat_token: str = Field(default="", repr=False)
    wechat_aes_key: str = Field(default="", repr=False)
    wechat_api_url: str = "https://api.weixin.qq.com"
    wecom_corp_id: str = ""
    wecom_secret: str = Field(default="", repr=False)
    wecom_token: str = Field(default="", repr=False)
    wecom_aes_key: str = Field(default="", repr=False)
    wecom_api_url: str = "https://qyapi.weixin.qq.com"
    feishu_app_id: str = ""
    feishu_app_secret: str = Field(default="", repr=False)
    feishu_encrypt_key: str = Field(default="", repr=False)
    feishu_verification_token: str = Field(default="", repr=False)
    feishu_api_url: str = "https://open.feishu.cn"

    dingtalk_client_id: str = ""
    dingtalk_client_secret: str = Field(default="", repr=False)
    dingtalk_robot_code: str = ""
    dingtalk_api_url: str = "https://api.dingtalk.com"
    dingtalk_media_url: str = "https://oapi.dingtalk.com"

    @field_validator("embed_origins")
    @classmethod
    def _are_origins(cls, said: str) -> str:
        for origin in _listed(said):
            if not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin such as https://www.example.org")
        return said

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, said: str) -> str:
        for proxy in _listed(said):
            try:
                whole = ipaddress.ip_network(proxy).prefixlen == 0
            except ValueError:
                whole = True
            if whole:
                raise ValueError(f"{proxy!r} is no address or network such as 10.0.0.0/24")
        return said

    @field_validator("events_url")
    @classmethod
    def _is_of_a_broker(cls, said: str) -> str:
        if said and not said.startswith(("amqp://", "amqps://")):
            raise ValueError("it begins with amqp:// or amqps://")
        return said

    @field_validator("speaker_command")
    @classmethod
    def _is_a_program(cls, said: str) -> str:
        words = shlex.split(said)
        if words and not shutil.which(words[0], path=os.defpath):
            raise ValueError(f"there is no program {words[0]!r}; name it by its whole path")
        return said

    @property
    def framed_by(self) -> tuple[str, ...]:
        """The sites whose pages may show the chat in a frame."""
        return _listed(self.embed_origins)

    @property
    def proxies(self) -> tuple[str, ...]:
        """The addresses and networks whose word on where a call comes from is taken."""
        return _listed(self.trusted_proxies)

    @property
    def rasa_urls(self) -> tuple[str, ...]:
        """Where Rasa listens, each of its processes."""
        return _listed(self.rasa_url)

    @property
    def actions_urls(self) -> tuple[str, ...]:
        """Where the action servers listen."""
        return _listed(self.actions_url) or (f"http://{self.actions_host}:{self.actions_port}",)


def read() -> Settings:
    """Read and check the environment.

    Raises:
        SettingInvalid: names the first setting that cannot be used and what to do.
    """
    return ground.read_as(Settings)
