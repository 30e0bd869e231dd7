"""`python -m bot backup | restore`: the operator's commands about backups."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from actions import settings
from actions.backup import making, past
from actions.backup.errors import RestoreRefused
from actions.backup.restoring import Restored, restore
from actions.clock import open_clock
from actions.settings import BackupSettings

commands = typer.Typer(add_completion=False)
console = Console(stderr=True)

STEPS = {
    "read": "读取 Reading",
    "write": "写入 Writing",
    "check": "核对 Checking",
}


@commands.command("backup")
def backup(
    to: Annotated[Path | None, typer.Option(help="folder; the state folder's backups")] = None,
    keep: Annotated[int, typer.Option(help="how many stay there; 0: all", min=0)] = 0,
) -> None:
    """Back everything up into one sealed file, while the assistant goes on."""
    said = settings.read_as(BackupSettings)
    into = to or said.state_dir / "backups"
    with _progress() as step:
        made = making.make(said, into, open_clock(said.test_clock), step)
    gone = past.let_go(into, keep)
    typer.echo(f"✓ 备份好了 Backed up: {made.file}")
    typer.echo(f"  {made.size / 1e6:.1f} MB, {made.seconds:.1f} s")
    for file in gone:
        typer.echo(f"  已删除旧备份 Removed: {file}")


@commands.command("restore")
def bring_back(
    file: Annotated[str, typer.Argument(help="the backup")],
) -> None:
    """Bring a backup back into an empty STATE_DIR and an empty database."""
    if not file:
        raise RestoreRefused(
            "请指明备份文件：make restore FILE=…。Name the backup: make restore FILE=…"
        )
    said = settings.read_as(BackupSettings)
    with _progress() as step:
        restored = restore(Path(file), said, step)
    for sentence in _next(restored, said):
        typer.echo(sentence)


def _next(restored: Restored, said: BackupSettings) -> Iterator[str]:
    """Yield what was brought back, and what is to be done now."""
    contents = restored.contents
    rows = sum(table.count for table in contents.tables.values())
    moment, files = f"{contents.made_at:%Y-%m-%d %H:%M} UTC", len(contents.parts)
    yield f"✓ 已恢复到 {said.state_dir}：{moment} 的 {rows} 行（逐行核对）、{files} 个文件。"
    yield (
        f"✓ Restored into {said.state_dir}: {rows} rows of {moment}, compared row by row, and "
        f"{files} files."
    )
    if not restored.same_key:
        yield (
            "! SECRET_KEY 不是做备份时的那一个，居民的会话会对不上：请先改回来。"
            "SECRET_KEY is not the one of then, and residents' chats will not be found again: "
            "set it as it was, first."
        )
    for place in restored.apart:
        yield (
            f"! 与这里不同的内容放在 {place}，请比较。"
            f"What differs from what is here lies in {place}: compare."
        )
    for upload in contents.lost:
        yield f"! 备份时已缺少文件 Missing already when it was made: uploads/{upload}"
    yield (
        "→ 接着执行 make run：模型和索引会重新生成（几分钟）。"
        "备份之后收到和发出的消息不在其中，见 docs/operating.md。"
    )
    yield (
        "→ Now make run: model and index are made again (some minutes). What was received and "
        "sent after the backup is not in it: see docs/operating.md."
    )


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show how far a step is, at a terminal."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks = {name: bar.add_task(title, total=None) for name, title in STEPS.items()}

        def step(name: str, done: int, of: int) -> None:
            bar.update(tasks[name], completed=done, total=of)

        yield step
