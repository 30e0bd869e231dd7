"""The knowledge base at a terminal: build, ask, check, golden, new, import-feed, print."""

import os
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from knowledge import check, gate, index, safety, search, sorting
from knowledge.documents import read_documents, version_of
from knowledge.embedder import OnnxEmbedder, keeping
from knowledge.errors import KnowledgeError, PackInvalid
from knowledge.pack import Pack, load_pack
from knowledge.printing.door import AddressMissing, Press, write_door
from knowledge.printing.pdf import write_week
from knowledge.printing.script import write_scripts
from knowledge.printing.sheet import week_sheet
from knowledge.programme import monday_of
from knowledge.settings import Settings
from knowledge.transit.swap import import_feed
from knowledge.vectors import store_at

commands = typer.Typer(no_args_is_help=True, add_completion=False)
console = Console()


@commands.command()
def build() -> None:
    """Build the index of the community's pack and make it the latest.

    A pack with mistakes builds nothing, and the index before it goes on answering.
    """
    settings = Settings()
    mistakes, _ = check.check(settings.community_dir)
    if mistakes:
        raise PackInvalid([*mistakes, "Nothing is built; what was built before is as it was."])
    pack = load_pack(settings.community_dir)
    embedder = keeping(settings.encoder_dir, settings.index_dir, os.cpu_count() or 1)
    with Progress(console=console) as bar:
        task = bar.add_task("Embedding passages", total=None)
        version = search.build(
            pack,
            embedder,
            settings.index_dir,
            lambda done, of: bar.update(task, completed=done, total=of),
            store_at(settings.vector_store),
        )
    safety.build(pack.never_request, embedder, settings.safety_dir)
    sorting.build(pack, embedder, settings.sorting_dir)
    embedder.save()
    content = version_of(read_documents(settings.community_dir))
    index.note_content(settings.index_dir, content, version)
    console.print(f"The index {version} is built.")


@commands.command()
def ask(question: str, lang: Annotated[str, typer.Option(help="zh or en")] = "zh") -> None:
    """Ask the knowledge base, and see what it found and how sure it is."""
    settings = Settings()
    base = search.KnowledgeBase(
        settings.index_dir,
        OnnxEmbedder(settings.encoder_dir),
        store_at(settings.vector_store),
    )
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
    folder = folder or Settings().community_dir
    mistakes, warnings = check.check(folder, datetime.now(UTC).date())
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


@commands.command("golden")
def ask_golden() -> None:
    """Ask the golden questions of the pack, and show those not answered right."""
    settings = Settings()
    pack = load_pack(settings.community_dir)
    embedder = keeping(settings.encoder_dir, settings.index_dir)
    base = search.KnowledgeBase(settings.index_dir, embedder, store_at(settings.vector_store))
    asked = gate.Asked(base, pack)
    wrong = [one for one in pack.golden if not gate.is_right(one, asked.answers(one))]
    for one in wrong:
        line = f"{one.question} ({one.language}): expects {gate.expected(one)}"
        console.print(line, markup=False)
    told = f"{len(pack.golden) - len(wrong)} of {len(pack.golden)}"
    console.print(f"{told} golden questions are answered right.")


@commands.command()
def new(folder: Path) -> None:
    """Write an empty, valid pack to start from."""
    check.write_new(folder)
    console.print(f"An empty pack is in {folder}; point COMMUNITY_DIR at it.", markup=False)


class Language(StrEnum):
    """What paper can be written in."""

    ZH = "zh"
    EN = "en"


Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


@commands.command("print")
def print_on_paper(
    week: Day = None,
    lang: Language = Language.ZH,
    out: Annotated[Path | None, typer.Option(help="folder for the files")] = None,
    door: Annotated[str, typer.Option(help="a facility: print its door sign instead")] = "",
    loaded_on: Day = None,
) -> None:
    """Print a week: a sheet for the board (PDF) and what the loudspeaker reads each day.

    WEEK is any day of it, this week when left out. LOADED_ON is any day of the week in which
    the pack was first loaded: activities that happen once are counted from there. Left out, it
    is taken to be loaded today.
    """
    settings = Settings()
    pack, folder = load_pack(settings.community_dir), out or settings.print_dir
    today = datetime.now(UTC).astimezone(pack.zone).date()
    press = Press(settings.font_dir, settings.public_url, today)
    if door:
        files = write_door(pack, door, lang, folder, press)
    else:
        monday = monday_of(week.date() if week else today)
        first = loaded_on.date() if loaded_on else min(today, monday)
        files = _print_week(pack, (monday, first), lang, folder, press)
    for file in files:
        console.print(str(file), markup=False, soft_wrap=True)


def _print_week(
    pack: Pack, dates: tuple[date, date], lang: str, folder: Path, press: Press
) -> list[Path]:
    """Write the sheet and the scripts; without an address the sheet has no QR."""
    try:
        address = press.address
    except AddressMissing as missing:
        address = None
        console.print(f"warning: the sheet has no QR. {missing}", markup=False)
    monday, loaded_on = dates
    sheet = week_sheet(
        pack, monday, loaded_on=loaded_on, printed_on=press.printed_on, address=address
    )
    paper = folder / f"week-{monday}.{lang}.pdf"
    write_week(sheet, lang, paper, press.font_dir)
    return [paper, *write_scripts(sheet, lang, folder)]


if __name__ == "__main__":
    try:
        commands()
    except KnowledgeError as error:
        console.print(str(error), markup=False)
        raise SystemExit(1) from None
