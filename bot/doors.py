"""The platforms that are set up: one table of how each is opened and listened to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from functools import partial
from typing import cast

from fastapi import APIRouter

from actions.wording import read_wording
from bot.channels import feishu, wechat, wecom
from bot.channels.dingtalk.account import read_account as read_dingtalk
from bot.channels.dingtalk.sending import DingTalk
from bot.channels.dingtalk.stream import Stream
from bot.channels.platform import Platform
from bot.channels.telegram import hearing as telegram
from bot.channels.telegram.account import read_account
from bot.channels.telegram.sending import Telegram
from bot.gateway import Gateway
from bot.presence import Presence, while_ours
from bot.settings import Settings


@dataclass(frozen=True)
class Ear:
    """How a platform reaches us: by calling our routes, or by a connection we keep open.

    `hears` says whether it can at this moment, as far as we see: who is called sees nothing.
    """

    routes: APIRouter | None = None
    listen: Callable[[], Awaitable[None]] | None = None  # for as long as the bot lives
    hears: Callable[[], bool] = lambda: True


@dataclass(frozen=True)
class Door:
    """A way in and out. `open` returns None where the settings name no account."""

    open: Callable[[Settings], Platform | None]
    hear: Callable[[Settings, Platform, Gateway], Ear]


def _open_telegram(settings: Settings) -> Telegram | None:
    account = read_account(settings)
    return Telegram(account, read_wording(UTC)) if account else None


def _hear_telegram(_settings: Settings, platform: Platform, gateway: Gateway) -> Ear:
    opened = cast(Telegram, platform)
    ears = telegram.Ears(opened, gateway)
    if not opened.account.hook:
        return Ear(None, ears.ask, lambda: ears.hears)
    return Ear(telegram.routes(ears), ears.wait_for_calls, lambda: ears.hears)


def _hear_wechat(settings: Settings, _account: Platform, gateway: Gateway) -> Ear:
    return Ear(wechat.routes(settings, gateway))


def _hear_wecom(settings: Settings, account: Platform, gateway: Gateway) -> Ear:
    ear = wecom.open_ear(settings, account, gateway)
    return Ear(ear.routes(), ear.listen, lambda: ear.hears)


def _open_dingtalk(settings: Settings) -> DingTalk | None:
    account = read_dingtalk(settings)
    return DingTalk(account) if account else None


def _hear_dingtalk(_settings: Settings, platform: Platform, gateway: Gateway) -> Ear:
    stream = Stream(cast(DingTalk, platform), gateway)
    return Ear(None, stream.listen, lambda: stream.hears)


def _hear_feishu(_settings: Settings, platform: Platform, gateway: Gateway) -> Ear:
    return Ear(feishu.routes(cast(feishu.Feishu, platform), gateway))


DOORS: Mapping[str, Door] = {
    "telegram": Door(_open_telegram, _hear_telegram),
    "wechat": Door(wechat.open_account, _hear_wechat),
    "wecom": Door(wecom.open_account, _hear_wecom),
    "dingtalk": Door(_open_dingtalk, _hear_dingtalk),
    "feishu": Door(feishu.open_account, _hear_feishu),
}


def open_all(settings: Settings) -> dict[str, Platform]:
    """Open every platform the settings name, by channel.

    Raises:
        actions.errors.SettingInvalid: a setting of one cannot be used.
    """
    opened = {name: door.open(settings) for name, door in DOORS.items()}
    return {name: platform for name, platform in opened.items() if platform is not None}


def hear_all(
    settings: Settings, platforms: Mapping[str, Platform], gateway: Gateway
) -> dict[str, Ear]:
    """Listen to every open platform, by channel; of several gateways one is connected to it."""
    ears = {
        name: DOORS[name].hear(settings, platform, gateway)
        for name, platform in platforms.items()
    }
    return {name: _while_ours(gateway.ground.presence, name, ear) for name, ear in ears.items()}


def _while_ours(presence: Presence, name: str, ear: Ear) -> Ear:
    """Listen only while no other gateway does; what another one hears is heard."""
    job, listen = f"hear {name}", ear.listen
    if listen is None:
        return ear
    return replace(
        ear,
        listen=partial(while_ours, presence, job, listen),
        hears=lambda: not presence.holds(job) or ear.hears(),
    )
