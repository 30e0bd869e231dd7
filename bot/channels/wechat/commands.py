"""`python -m bot wechat …`: the operator's commands about the Official Account."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import segno
import typer

from actions.errors import SettingInvalid
from bot import settings
from bot.channels.wechat.account import Account, open_account

T = TypeVar("T")
commands = typer.Typer(no_args_is_help=True, help="The Official Account: menu, codes.")


@commands.command("menu")
def menu() -> None:
    """Put our menu under every chat."""
    _at_wechat(lambda account: account.write_menu())
    typer.echo("The menu is there; phones show it within a day, or once they follow anew")


@commands.command("qr")
def qr(
    area: Annotated[str, typer.Argument(help="a village, as a path: guali/qicai/")],
    out: Annotated[Path, typer.Option(help="the picture to write: .svg or .png")] = Path(
        "wechat.svg"
    ),
) -> None:
    """Write the QR code of a village: who follows by it is of there."""
    code = _at_wechat(lambda account: account.code_of(area))
    segno.make(code, error="q").save(str(out), scale=10)
    typer.echo(str(out))


def _at_wechat(ask: Callable[[Account], Awaitable[T]]) -> T:
    async def asked() -> T:
        account = open_account(settings.read())
        if account is None:
            raise SettingInvalid("Setting WECHAT_APP_ID is missing; see .env.example")
        async with account.api.client:
            return await ask(account)

    return asyncio.run(asked())
