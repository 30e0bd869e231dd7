"""`python -m bot serve | worker | chat | staff | keys | wechat | backup | restore | doctor`."""

import json
import signal
import threading
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from actions.errors import XiaoliError
from bot import app, logs, serving, settings
from bot.backups import commands as backups
from bot.channels.telegram import door
from bot.channels.terminal import Terminal
from bot.channels.wechat.commands import commands as wechat
from bot.desk.commands import commands as staff
from bot.doctor.commands import doctor
from bot.open311.commands import commands as keys
from knowledge.errors import KnowledgeError

commands = typer.Typer(no_args_is_help=True, add_completion=False)
commands.add_typer(staff, name="staff")
commands.add_typer(keys, name="keys")
commands.add_typer(wechat, name="wechat")
commands.add_typer(backups)
commands.command("doctor")(doctor)


@commands.command()
def serve() -> None:
    """Run the gateway, the chat API, the page and the desk on the public port."""
    logs.configure()
    said = settings.read()
    built = app.build(said)
    serving.Server(uvicorn.Config(built, **serving.options(said)), built.leave).run()


@commands.command()
def worker() -> None:
    """Send what is due, until stopped; what is on its way then still arrives."""
    logs.configure()
    over = threading.Event()
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, lambda _number, _frame: over.set())
    app.build_worker(settings.read())(over)


@commands.command()
def chat(url: Annotated[str, typer.Option(help="of a running assistant")] = "") -> None:
    """Talk to a running assistant in the terminal."""
    Terminal(url or _running()).run()


@commands.command()
def digest(
    area: Annotated[str, typer.Option(help="of which area, as a path: guali/qicai/")],
    team: Annotated[str | None, typer.Option(help="of a team alone, by its id")] = None,
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])] = None,
    out: Annotated[Path, typer.Option(help="the PDF to write")] = Path("digest.pdf"),
) -> None:
    """Write the digest of a day, yesterday's if none is named, as somebody there may see it."""
    out.write_bytes(app.draw_digest(settings.read(), area, team, day.date() if day else None))
    typer.echo(str(out))


@commands.command()
def telegram_link(area: Annotated[str, typer.Argument(help="as a path: guali/qicai/")]) -> None:
    """Print the link that opens the bot on Telegram from a door sign of an area."""
    typer.echo(door.link(settings.read(), area))


def _running() -> str:
    """Return the address of the assistant that runs on this state folder."""
    said = settings.read()
    file = said.state_dir / "run.json"
    port = json.loads(file.read_text())["bot"]["port"] if file.is_file() else said.port
    return f"http://127.0.0.1:{port}"


if __name__ == "__main__":
    try:
        commands()
    except (XiaoliError, KnowledgeError) as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from None
