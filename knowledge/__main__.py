"""`python -m knowledge build | ask | check | golden | new`: the knowledge base by hand."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from knowledge import check, golden, index, safety, search
from knowledge.documents import located, read_documents, version_of
from knowledge.embedder import OnnxEmbedder, keeping
from knowledge.errors import KnowledgeError
from knowledge.pack import load_pack
from knowledge.settings import Settings

commands = typer.Typer(no_args_is_help=True, add_completion=False)
console = Console()


@commands.command()
def build() -> None:
    """Build the index of the community's pack and make it the latest."""
    settings = Settings()
    pack = load_pack(settings.community_dir)
    embedder = keeping(settings.encoder_dir, settings.index_dir)
    with Progress(console=console) as bar:
        task = bar.add_task("Embedding passages", total=None)
        version = search.build(
            pack,
            embedder,
            settings.index_dir,
            lambda done, of: bar.update(task, completed=done, total=of),
        )
    safety.build(pack.never_request, embedder, settings.safety_dir)
    embedder.save()
    content = version_of(read_documents(settings.community_dir))
    index.note_content(settings.index_dir, content, version)
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
    folder = folder or Settings().community_dir
    mistakes, warnings = check.check(folder, datetime.now(UTC).date())
    documents = read_documents(folder) if folder.is_dir() else {}
    mistakes, warnings = located(mistakes, documents), located(warnings, documents)
    for sentence in warnings:
        console.print(f"warning: {sentence}", markup=False)
    for sentence in mistakes:
        console.print(f"mistake: {sentence}", markup=False)
    console.print(f"{len(mistakes)} mistakes, {len(warnings)} warnings.")
    raise typer.Exit(1 if mistakes else 0)


@commands.command("golden")
def ask_golden() -> None:
    """Ask the golden questions of the pack, and show those not answered right."""
    settings = Settings()
    base = search.KnowledgeBase(
        settings.index_dir, keeping(settings.encoder_dir, settings.index_dir)
    )
    book = golden.read_book(read_documents(settings.community_dir))
    wrong = [
        one
        for one in book
        if not golden.is_right(one, base.search(one.question, one.language, 1))
    ]
    for one in wrong:
        console.print(f"{one.question} ({one.language}): expects {one.expected}", markup=False)
    console.print(
        f"{len(book) - len(wrong)} of {len(book)} golden questions are answered right."
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
