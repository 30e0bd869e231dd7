"""`python -m bot keys …`: the operator's commands about partners' keys."""

from typing import Annotated

import typer

from actions.people import keys
from bot.desk.commands import open_store

commands = typer.Typer(no_args_is_help=True, help="Partners' keys: add, disable, list.")

Name = Annotated[str, typer.Argument(help="the partner's name")]


@commands.command("add")
def add(
    name: Name,
    area: Annotated[str, typer.Option(help="whose requests they are: guali/qicai/")],
) -> None:
    """Make a partner's key, and show it this once."""
    with open_store() as deed:
        made = keys.add(deed.db, name, area, now=deed.now)
        deed.note("key_added", f"api_key:{made.row.id}")
    typer.echo(f"{name} may file requests for {area}")
    typer.echo(f"Key, shown this once: {made.secret}")


@commands.command("disable")
def disable(name: Name) -> None:
    """Take no more requests with a key."""
    with open_store() as deed:
        row = keys.disable(deed.db, name, now=deed.now)
        deed.note("key_disabled", f"api_key:{row.id}")
    typer.echo(f"{name} can no longer file requests")


@commands.command("list")
def everyone() -> None:
    """Show all keys by name."""
    with open_store() as deed:
        for row in keys.everyone(deed.db):
            since = f", disabled {row.disabled_at:%Y-%m-%d}" if row.disabled_at else ""
            typer.echo(f"{row.name}: {row.area_id}, made {row.created_at:%Y-%m-%d}{since}")
