"""`python -m actions serve | migrate | publish | revision`: the action server, its store."""

from functools import cache

import typer

from actions import migrate, settings
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
