"""`python -m bot staff …`: the operator's commands about staff and the audit log."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from actions.clock import open_clock
from actions.db import Database, Db
from actions.errors import StoreUnsafe
from actions.people import audit, links, scope
from actions.people import staff as people
from actions.people.links import Place
from actions.people.model import Role
from actions.people.staff import Newcomer, StaffUnfit
from actions.settings import secret_key
from bot import settings
from bot.settings import Settings
from knowledge.pack import load_pack

commands = typer.Typer(no_args_is_help=True, help="Staff: add, reset, disable, list, audit.")

Name = Annotated[str, typer.Argument(help="what they sign in with")]
Generate = Annotated[bool, typer.Option("--generate", help="make a password and show it once")]


@dataclass(frozen=True)
class Deed:
    """A command's transaction, and how it is written into the audit log."""

    db: Db
    said: Settings

    @property
    def now(self) -> datetime:
        """The moment of the deed."""
        return open_clock(self.said.test_clock).now()

    def note(self, deed: str, subject: str) -> None:
        """The operator at the command line is nobody of the staff."""
        audit.append(
            self.db,
            key=secret_key(self.said),
            staff_id=None,
            deed=deed,
            subject=subject,
            now=self.now,
        )


@commands.command("add")
def add(
    name: Name,
    area: Annotated[str, typer.Option(help="where, as a path: guali/qicai/")],
    role: Annotated[Role, typer.Option(help="what they may do")] = Role.STAFF,
    team: Annotated[str | None, typer.Option(help="a team's id in the pack")] = None,
    generate: Generate = False,
) -> None:
    """Make somebody a member of staff."""
    said = settings.read()
    _check_team(said, team)
    password = _password(generate)
    with open_store() as deed:
        newcomer = Newcomer(name, role, area, team)
        member = people.add(deed.db, newcomer, password, now=deed.now)
        deed.note("staff_added", f"staff:{member.id}")
    typer.echo(f"{member.username} is {member.role} of {member.area_id}")
    _show(password, generate)


@commands.command("reset")
def reset(name: Name, generate: Generate = False) -> None:
    """Set a new password; open sessions end."""
    password = _password(generate)
    with open_store() as deed:
        member = people.reset(deed.db, name, password)
        deed.note("staff_reset", f"staff:{member.id}")
    typer.echo(f"{member.username} has a new password and is signed out everywhere")
    _show(password, generate)


@commands.command("disable")
def disable(name: Name) -> None:
    """Let somebody in no longer; open sessions end."""
    with open_store() as deed:
        member = people.disable(deed.db, name, now=deed.now)
        deed.note("staff_disabled", f"staff:{member.id}")
    typer.echo(f"{member.username} can no longer sign in")


@commands.command("link")
def link(name: Name) -> None:
    """Make a code by which somebody tells us in a chat who they are."""
    with open_store() as deed:
        member = people.named(deed.db, name)
        code = links.code_for_staff(deed.db, member, key=secret_key(deed.said), now=deed.now)
        deed.note("link_code_made", f"staff:{member.id}")
    typer.echo(f"{member.username} sends, to the bot alone: 绑定 {links.shown(code)}")
    _show_until()


@commands.command("unlink")
def unlink(name: Name) -> None:
    """Know somebody in no chat any more."""
    with open_store() as deed:
        member = people.named(deed.db, name)
        count = links.unlink(deed.db, member)
        deed.note("unlinked", f"staff:{member.id}")
    typer.echo(f"{member.username} is linked to nothing; there were {count} addresses")


@commands.command("link-chat")
def link_chat(
    name: Annotated[str, typer.Argument(help="the administrator who asks for it")],
    area: Annotated[str, typer.Option(help="where, as a path: guali/qicai/")],
    team: Annotated[str | None, typer.Option(help="a team's id in the pack")] = None,
) -> None:
    """Make a code that makes the group it is said in a chat of staff."""
    _check_team(settings.read(), team)
    with open_store() as deed:
        admin = people.named(deed.db, name)
        place = Place(people.area(deed.db, area).id, team)
        if admin.role != Role.ADMIN or not scope.reaches([admin.area_id], place.area_id):
            raise StaffUnfit(
                "utter_desk_not_ours",
                f"{admin.username} is no administrator of {place.area_id}",
            )
        code = links.code_for_chat(deed.db, place, key=secret_key(deed.said), now=deed.now)
        deed.note("chat_code_made", f"staff:{admin.id}")
    typer.echo(f"Somebody who is linked says in the group: 绑定群 {links.shown(code)}")
    _show_until()


@commands.command("list")
def everybody() -> None:
    """Show all members of staff."""
    with open_store() as deed:
        for member in people.everybody(deed.db):
            since = f", disabled {member.disabled_at:%Y-%m-%d}" if member.disabled_at else ""
            team = f", {member.team_id}" if member.team_id else ""
            typer.echo(f"{member.username}: {member.role} of {member.area_id}{team}{since}")


@commands.command("audit")
def check_audit() -> None:
    """Check that nothing in the audit log was changed; keep the last seal somewhere else."""
    with open_store() as deed:
        checked = audit.check(deed.db, secret_key(deed.said))
    if checked.broken_at is not None:
        typer.echo(
            f"Entry {checked.broken_at} does not fit: it or one before was changed", err=True
        )
        raise typer.Exit(1)
    typer.echo(f"{checked.entries} entries, all sealed; the last seal is {checked.last_seal}")


@contextmanager
def open_store() -> Iterator[Deed]:
    """Open the store the settings name, for one command in one transaction.

    Raises:
        StoreUnsafe: it cannot be used.
    """
    said = settings.read()
    database = Database(said.database)
    try:
        with database.transaction() as db:
            yield Deed(db, said)
    except SQLAlchemyError as error:
        raise StoreUnsafe(
            f"The database cannot be used ({type(error).__name__}); run the assistant once, "
            "or check DATABASE_URL and STATE_DIR"
        ) from None
    finally:
        database.close()


def _password(generate: bool) -> str:
    if generate:
        return people.make_password()
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _check_team(said: Settings, team: str | None) -> None:
    teams = load_pack(said.community_dir).teams
    if team is not None and team not in teams:
        known = ", ".join(sorted(teams))
        raise StaffUnfit(
            "utter_desk_staff_team", f"There is no team {team}; there are: {known}"
        )


def _show_until() -> None:
    minutes = int(links.LASTS.total_seconds() // 60)
    typer.echo(f"Shown this once; good for {minutes} minutes and one use")


def _show(password: str, generate: bool) -> None:
    if generate:
        typer.echo(f"Password, shown this once: {password}")
