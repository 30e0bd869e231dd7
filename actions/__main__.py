"""`python -m actions serve | migrate | revision`: the action server, and its store."""

from pathlib import Path

import typer
import uvicorn
from rasa_sdk.interfaces import Action

from actions import handoff, migrate, server, settings, smalltalk
from actions.answers import actions as answers
from actions.booking import actions as booking
from actions.clock import open_clock
from actions.db import Database
from actions.dialogue import CancelForm, Ground, StartSession
from actions.errors import SettingInvalid, XiaoliError
from actions.governance import actions as governance
from actions.neighbours import actions as neighbours
from actions.wording import read_wording
from knowledge import index
from knowledge.embedder import OnnxEmbedder, Remembering
from knowledge.errors import IndexUnusable, KnowledgeError
from knowledge.pack import Pack, load_pack
from knowledge.search import KnowledgeBase
from knowledge.transit import open_timetable
from knowledge.vectors import store_at

commands = typer.Typer(no_args_is_help=True, add_completion=False)

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
    )
    ground.database.check_durable()
    embedder = Remembering(OnnxEmbedder(said.encoder_dir))
    base = KnowledgeBase(said.index_dir, embedder, store_at(said.vector_store))
    warm_up(base, pack)
    made = all_actions(ground, base)
    app = server.build(made, said.actions_secret, ground.database.check_durable)
    uvicorn.run(app, host=said.actions_host, port=said.actions_port, access_log=False)


@commands.command("migrate")
def bring_up_to_date() -> None:
    """Bring the database up to date: tables, areas, sessions, the index that answers."""
    said = settings.read()
    said.state_dir.mkdir(parents=True, exist_ok=True)
    migrate.run(
        Database(said.database),
        load_pack(said.community_dir),
        _built_index(said.index_dir),
        now=open_clock(said.test_clock).now(),
    )


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


def _built_index(folder: Path) -> str | None:
    try:
        return index.latest(folder)
    except IndexUnusable:
        return None


if __name__ == "__main__":
    try:
        commands()
    except (XiaoliError, KnowledgeError) as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from None
