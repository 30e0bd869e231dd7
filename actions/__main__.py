"""`python -m actions serve | migrate | schema | downgrade | publish | draw | revision`."""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from actions import migrate, settings
from actions.booking import lots
from actions.changeover import follow
from actions.clock import open_clock
from actions.content import drafts, publications, publishing
from actions.content.editions import Home, Shelf
from actions.content.model import Publication, State
from actions.content.publishing import Press
from actions.db import Database, Db
from actions.errors import Refusal, XiaoliError
from actions.learning import learned
from actions.settings import Settings
from knowledge.embedder import Kept, keeping
from knowledge.errors import KnowledgeError
from knowledge.pack import load_pack
from knowledge.vectors import store_at

commands = typer.Typer(no_args_is_help=True, add_completion=False)

draws = typer.Typer(no_args_is_help=True, help="the draws of scarce places")
commands.add_typer(draws, name="draw")

NOT_DRAWN = 2  # exit code: there is no result yet to recompute
NOT_PUBLISHED = 3  # exit code: it was run, and the content is the one from before
PATIENT = 20  # s: who publishes may wait for the store, no resident does


@commands.command("serve")
def serve() -> None:
    """Run the action server on loopback; Rasa is its only caller."""
    from actions import serving  # a second of imports nobody else needs to wait for

    serving.run(settings.read())


@commands.command("migrate")
def bring_up_to_date() -> None:
    """Bring the database up to date: tables, areas, content, sessions."""
    said = settings.read()
    said.state_dir.mkdir(parents=True, exist_ok=True)
    published = migrate.run(_press(said))
    if published and published.state != State.PUBLISHED:
        for sentence in (*_sentences(published), "Residents get the content from before"):
            typer.echo(f"! {sentence}")  # set-up shows such lines


@commands.command("schema")
def tell_schema() -> None:
    """Print the revision of the database's schema; nothing where there is no database yet."""
    said = settings.read()
    if said.database_url or (said.state_dir / "xiaoli.db").exists():
        typer.echo(migrate.revision_of(Database(said.database, busy_seconds=PATIENT)))


@commands.command("downgrade")
def take_back(
    to: Annotated[str, typer.Argument(help="the revision that make upgrade has named")],
) -> None:
    """Take migrations back, to go on with the code of before."""
    undone = migrate.take_back(Database(settings.read().database, busy_seconds=PATIENT), to)
    for revision in undone:
        typer.echo(f"已撤回 Taken back: {revision}")


@commands.command("publish")
def publish() -> None:
    """Publish what was ordered at the desk; without an order, all that was changed."""
    press = _press(settings.read())
    with press.database.transaction() as db:
        if not publications.is_ordered(db):
            _order(db, press)
    published = publishing.run_ordered(press)
    if published:
        typer.echo("\n".join(_sentences(published)))
        raise typer.Exit(0 if published.state == State.PUBLISHED else NOT_PUBLISHED)


@commands.command("revision")
def write_migration(message: str) -> None:
    """Write a migration with what the models have and the (migrated) database has not."""
    migrate.revise(Database(settings.read().database), message)


@draws.callback()
def _of_draws() -> None:
    """Keep `draw verify` two words, though it is the only command of draws yet."""


@draws.command("verify")
def verify_draw(
    file_or_url: Annotated[str, typer.Argument(help="what was published; - reads stdin")] = "-",
    commitment: Annotated[str, typer.Option(help="that you noted before the draw")] = "",
) -> None:
    """Recompute a draw from what was published of it; exit code 1 when it comes out otherwise.

    Nothing else is read: no database, no settings.
    """
    published = _read_published(file_or_url)
    found = list(lots.differences(published))
    if commitment and commitment != published.get("commitment"):
        found.insert(0, f"commitment is {published.get('commitment')}, noted {commitment}")
    if found:
        typer.echo(f"不一致 · differs: {found[0]}")
        raise typer.Exit(1)
    if not lots.is_drawn(published):
        typer.echo(f"还没有抽 · not drawn yet; the commitment is {published['commitment']}")
        raise typer.Exit(NOT_DRAWN)
    won = sum(line["won"] for line in published["order"])
    typer.echo(f"一致 · consistent: {published['entries']} tickets, {won} won")


def _read_published(file_or_url: str) -> dict[str, Any]:
    try:
        if file_or_url.startswith(("http://", "https://")):
            text = httpx.get(file_or_url, timeout=20).raise_for_status().text
        elif file_or_url == "-":
            text = sys.stdin.read()
        else:
            text = Path(file_or_url).read_text(encoding="utf-8")
        content = json.loads(text)
    except (OSError, httpx.HTTPError, ValueError) as error:
        raise XiaoliError(f"{file_or_url} cannot be read as a draw's file: {error}") from None
    if not isinstance(content, dict):
        raise XiaoliError(f"{file_or_url} is no draw's file: it is not a JSON object")
    return content


def _press(said: Settings) -> Press:
    """Put together what publishing stands on; the encoder is opened when it is needed."""

    @cache
    def embedder() -> Kept:
        return keeping(said.encoder_dir, said.index_dir)

    shelf = Shelf(load_pack(said.community_dir), said.content_dir)
    return Press(
        database=Database(said.database, busy_seconds=PATIENT),
        clock=open_clock(said.test_clock),
        home=Home(shelf, said.index_dir, follow, store_at(said.vector_store)),
        embedder=embedder,
        keep=lambda: embedder().save() if embedder.cache_info().currsize else None,
        taught=learned.to_fold,
    )


def _order(db: Db, press: Press) -> None:
    try:
        publications.order(db, drafts.wanted(db), staff_id=None, now=press.clock.now())
    except Refusal:
        raise XiaoliError("Another publication runs; try again when it has ended") from None


def _sentences(published: Publication) -> list[str]:
    """Say what came of a publication."""
    report = published.report
    said = [f"Publication {published.id}: {published.state}"]
    said += [f"mistake: {mistake}" for mistake in report.get("mistakes", ())]
    said += [
        f"no longer right: “{broken['question']}” expects {broken['expected']}, "
        f"now {broken['now']}"
        for broken in report.get("regressions", ())
    ]
    if report.get("error"):
        said.append(f"It broke off ({report['error']}): publish again, and see the log")
    return said


if __name__ == "__main__":
    try:
        commands()
    except (XiaoliError, KnowledgeError) as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from None
