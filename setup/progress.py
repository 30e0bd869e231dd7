"""Runs one command of a step while the person at the terminal sees how far it is."""

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup.troubles import SetupFailed, explain

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
BAR_LENGTH = 20
DRAW_EVERY = 0.1  # seconds
REMIND_EVERY = 30  # seconds, where lines cannot be redrawn
NOTICE = "! "  # begins a line of output that the person at the terminal must see
TAIL = 20_000  # bytes of output that are searched for the cause of a failure


@dataclass(frozen=True)
class Task:
    """One command: what to call it, how long it usually takes, and where its output goes."""

    title: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    usual_seconds: float
    folder: Path


def run(task: Task) -> float:
    """Run the command to its end and return the seconds it took.

    Raises:
        SetupFailed: it ended with an error; the message says what to do.
    """
    task.log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with task.log.open("wb") as output:
        process = subprocess.Popen(
            task.command,
            env=dict(task.environment),
            cwd=task.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            exit_code = _wait(process, task, started)
        finally:
            if process.poll() is None:
                process.terminate()
    took = time.monotonic() - started
    if exit_code:
        _finish_line(f"✗ {task.title}")
        raise SetupFailed(explain(task.title, _tail(task.log), exit_code, task.log))
    _finish_line(f"✓ {task.title} ({took:.0f} s)")
    for line in _tail(task.log).splitlines():
        if line.startswith(NOTICE):
            print(line, file=sys.stderr, flush=True)
    return took


def _wait(process: "subprocess.Popen[bytes]", task: Task, started: float) -> int:
    draw = _redraw if sys.stderr.isatty() else _remind
    turn = 0
    while True:
        try:
            return process.wait(DRAW_EVERY)
        except subprocess.TimeoutExpired:
            draw(task, time.monotonic() - started, turn)
            turn += 1


def _redraw(task: Task, elapsed: float, turn: int) -> None:
    share = min(0.99, elapsed / task.usual_seconds)
    filled = int(share * BAR_LENGTH)
    bar = "█" * filled + "░" * (BAR_LENGTH - filled)
    line = f"{SPINNER[turn % len(SPINNER)]} {bar} {share:3.0%} {elapsed:4.0f} s  {task.title}"
    width = shutil.get_terminal_size().columns
    sys.stderr.write(f"\r\x1b[K{line[: width - 1]}")
    sys.stderr.flush()


def _remind(task: Task, elapsed: float, turn: int) -> None:
    if turn % int(REMIND_EVERY / DRAW_EVERY) == 0:
        share = min(0.99, elapsed / task.usual_seconds)
        print(f"… {task.title} {share:.0%} ({elapsed:.0f} s)", file=sys.stderr, flush=True)


def _finish_line(line: str) -> None:
    start = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{start}{line}", file=sys.stderr, flush=True)


def _tail(log: Path) -> str:
    with log.open("rb") as content:
        content.seek(max(0, log.stat().st_size - TAIL))
        return content.read().decode("utf-8", errors="replace")
