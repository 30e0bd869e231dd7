"""`python -m actions serve | migrate | publish | revision`: the action server, its store."""

from functools import cache

import typer
import uvicorn
from rasa_sdk.interfaces import Action

from actions import handoff, migrate, server, settings, smalltalk
from actions.answers import actions as answers
from actions.booking import actions as booking
from actions.clock import open_clock
from actions.content import publishing, revisions
from actions.content.editions import Home, Shelf
from actions.content.model import Publication, State
from actions.content.publishing import Press
from actions.db import Database, Db
from actions.dialogue import CancelForm, Ground, StartSession
from actions.errors import Refusal, SettingInvalid, XiaoliError
from actions.following import follow
from actions.governance import actions as governance
from actions.neighbours import actions as neighbours
from actions.settings import Settings
from actions.wording import read_wording
from knowledge.embedder import Kept, OnnxEmbedder, Remembering, keeping
from knowledge.pack import Pack, load_pack
from knowledge.search import KnowledgeBase
from knowledge.transit import open_timetable

commands = typer.Typer(no_args_is_help=True, add_completion=False)

NOT_PUBLISHED = 3  # exit code: it was run, and the content is the one from before
PATIENT = 20  # s: who publishes may wait for the store, no resident does

TOPICS = (booking, governance, neighbours, handoff, smalltalk)


@commands.command("serve")
def serve() -> None:
    """Run the action server on loopback; Rasa is its only caller."""
    said = settings.read()
    if not said.actions_secret:
        raise SettingInvalid("Setting ACTIONS_SECRET is missing; see .env.example")
    pack = load_pack(said.community_dir)
    ground = Ground(
        database=Database(said.database),
        clock=open_clock(said.test_clock),
        wording=read_wording(pack.zone),
        pack=pack,
        shelf=Shelf(pack, said.content_dir),
    )
    ground.database.check_durable()
    base = KnowledgeBase(said.index_dir, Remembering(OnnxEmbedder(said.encoder_dir)))
    warm_up(base, pack)
    made = all_actions(ground, base)
    app = server.build(made, said.actions_secret, ground.database.check_durable)
    uvicorn.run(app, host=said.actions_host, port=said.actions_port, access_log=False)


@commands.command("migrate")
def bring_up_to_date() -> None:
    """Bring the database up to date: tables, areas, content, sessions."""
    said = settings.read()
    said.state_dir.mkdir(parents=True, exist_ok=True)
    published = migrate.run(_press(said))
    if published and published.state != State.PUBLISHED:
        _show(published)
        typer.echo("The content residents get is the one from before; see above what to mend.")


@commands.command("publish")
def publish() -> None:
    """Publish what was ordered at the desk; without an order, all that was changed."""
    press = _press(settings.read())
    with press.database.transaction() as db:
        if not publishing.is_ordered(db):
            _order(db, press)
    published = publishing.run_ordered(press)
    if published:
        _show(published)
        raise typer.Exit(0 if published.state == State.PUBLISHED else NOT_PUBLISHED)


@commands.command("revision")
def write_migration(message: str) -> None:
    """Write a migration with what the models have and the (migrated) database has not."""
    migrate.revise(Database(settings.read().database), message)


def warm_up(base: KnowledgeBase, pack: Pack) -> None:
    """Load what is loaded at its first use, so that the first resident need not wait for it."""
    base.search("你好", "zh")
    open_timetable(pack)


def all_actions(ground: Ground, base: KnowledgeBase) -> list[Action]:
    """Make every action instance, topic by topic."""
    made: list[Action] = [StartSession(ground), CancelForm(ground)]
    made += answers.actions(ground, base)
    for topic in TOPICS:
        made += topic.actions(ground)
    return made


def _press(said: Settings) -> Press:
    """Put together what publishing stands on; the encoder is opened when it is needed."""

    @cache
    def embedder() -> Kept:
        return keeping(said.encoder_dir, said.index_dir)

    shelf = Shelf(load_pack(said.community_dir), said.content_dir)
    return Press(
        database=Database(said.database, busy_seconds=PATIENT),
        clock=open_clock(said.test_clock),
        home=Home(shelf, said.index_dir, follow),
        embedder=embedder,
        keep=lambda: embedder().save() if embedder.cache_info().currsize else None,
    )


def _order(db: Db, press: Press) -> None:
    wanted = {path: revision.id for path, revision in revisions.latest_of_each(db).items()}
    try:
        publishing.order(db, wanted, staff_id=None, now=press.clock.now())
    except Refusal:
        raise XiaoliError("Another publication runs; try again when it has ended") from None


def _show(published: Publication) -> None:
    """Tell the operator what came of a publication, sentence by sentence."""
    report = published.report
    typer.echo(f"Publication {published.id}: {published.state}")
    for sentence in report.get("mistakes", ()):
        typer.echo(f"mistake: {sentence}")
    for broken in report.get("regressions", ()):
        typer.echo(
            f"no longer right: “{broken['question']}” expects {broken['expected']}, "
            f"now {broken['now']}"
        )
    if report.get("error"):
        typer.echo(f"It broke: {report['error']}; run it again, and see the log")


if __name__ == "__main__":
    try:
        commands()
    except XiaoliError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from None
