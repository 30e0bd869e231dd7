"""`python -m knowledge build | ask | check | new | import-feed`, at the command line."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from knowledge import check, safety, search
from knowledge.embedder import OnnxEmbedder
from knowledge.errors import KnowledgeError
from knowledge.pack import load_pack
from knowledge.settings import Settings
from knowledge.transit.swap import import_feed

commands = typer.Typer(no_args_is_help=True, add_completion=False)
console = Console()


@commands.command()
def build() -> None:
    """Build the index of the community's pack and make it the latest."""
    settings = Settings()
    pack, embedder = load_pack(settings.community_dir), OnnxEmbedder(settings.encoder_dir)
    with Progress(console=console) as bar:
        task = bar.add_task("Embedding passages", total=None)
        version = search.build(
            pack,
            embedder,
            settings.index_dir,
            lambda done, of: bar.update(task, completed=done, total=of),
        )
    safety.build(pack.never_request, embedder, settings.safety_dir)
    console.print(f"The index {version} is built.")


@commands.command()
def ask(question: str, lang: Annotated[str, typer.Option(help="zh or en")] = "zh") -> None:
    """Ask the knowledge base, and see what it found and how sure it is."""
    settings = Settings()
    base = search.KnowledgeBase(settings.index_dir, OnnxEmbedder(settings.encoder_dir))
    for found in base.search(question, lang):
        sure = "sure" if found.confident else "not sure"
        console.print(
            f"{found.probability:.2f} {sure}  {found.kind} {found.record_id}: "
            f"{found.passage.text.splitlines()[0]}",
            markup=False,
        )


@commands.command("check")
def check_pack(folder: Annotated[Path | None, typer.Argument()] = None) -> None:
    """Check a pack: every mistake in a sentence naming file, record and mend."""
    mistakes, warnings = check.check(
        folder or Settings().community_dir, datetime.now(UTC).date()
    )
    for sentence in warnings:
        console.print(f"warning: {sentence}", markup=False)
    for sentence in mistakes:
        console.print(f"mistake: {sentence}", markup=False)
    console.print(f"{len(mistakes)} mistakes, {len(warnings)} warnings.")
    raise typer.Exit(1 if mistakes else 0)


@commands.command("import-feed")
def import_timetable(feed: Path) -> None:
    """Take a timetable in (GTFS, a folder or a .zip file); a bad one changes nothing."""
    pack = load_pack(Settings().community_dir)
    timetable = import_feed(feed, pack.gtfs)
    for sentence in check.unknown_stops(pack, timetable):
        console.print(f"warning: {sentence}", markup=False)
    console.print(
        f"{len(timetable.stops)} stops and {len(timetable.lines)} lines, from "
        f"{timetable.first_on} to {timetable.last_on}; the assistant uses them from now on. "
        "Train it again (make train) to have new names understood everywhere.",
        markup=False,
    )


@commands.command()
def new(folder: Path) -> None:
    """Write an empty, valid pack to start from."""
    check.write_new(folder)
    console.print(f"An empty pack is in {folder}; point COMMUNITY_DIR at it.", markup=False)


if __name__ == "__main__":
    try:
        commands()
    except KnowledgeError as error:
        console.print(str(error), markup=False)
        raise SystemExit(1) from None
