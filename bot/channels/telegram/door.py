"""The link of a door sign, which opens the chat with our bot and says where the sign hangs."""

import asyncio
from datetime import UTC

from actions.errors import SettingInvalid
from actions.wording import read_wording
from bot.channels.telegram.account import Account, read_account
from bot.channels.telegram.addressed import Me
from bot.channels.telegram.commands import write_payload
from bot.channels.telegram.sending import Telegram
from bot.settings import Settings


def link(settings: Settings, area_id: str) -> str:
    """Return the link for an area; Telegram is asked for the bot's name.

    Raises:
        SettingInvalid: no account is named, or the area's id is too long for a link.
    """
    account = read_account(settings)
    if account is None:
        raise SettingInvalid("Setting TELEGRAM_TOKEN is missing; see docs/telegram.md")
    try:
        payload = write_payload(area_id)
    except ValueError as too_long:
        raise SettingInvalid(str(too_long)) from None
    return f"https://t.me/{asyncio.run(_ask(account)).username}?start={payload}"


async def _ask(account: Account) -> Me:
    telegram = Telegram(account, read_wording(UTC))
    try:
        return await telegram.me()
    finally:
        await telegram.close()
