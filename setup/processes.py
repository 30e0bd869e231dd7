"""Keeps a program running: passes its lines on, starts it again when it crashes."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from setup.settings import ROOT

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 10.0  # seconds between a crash and the next start
STEADY_AFTER = 30.0  # seconds alive, after which a crash counts as the first again
TRIES, WITHIN = 5, 60.0  # so many starts in a row that never answered: broken for good
SETTLED_AFTER = 3.0  # seconds alive that stand for an answer where there is no port
GRACE = 12.0  # seconds between asking a process to stop and stopping it: a gateway finishes
INTERNAL_PORTS = range(20_000, 32_000)  # below those the system hands out by itself

Say = Callable[[str, str], None]


@dataclass(frozen=True)
class Program:
    """What to run, and how to tell that it works."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    port: int | None = None
    ready: str = ""  # the address that answers 200 once it works
    folder: Path = ROOT
    refuse: Callable[[], str | None] = field(default=lambda: None)  # why it must not start


class Kept:
    """One program that is kept running by a thread of its own."""

    def __init__(
        self, program: Program, say: Say, changed: Callable[[], None], broken: Say
    ) -> None:
        """Prepare; `changed` is called after each start, `broken` when there is no hope."""
        self.program = program
        self.pid: int | None = None
        self.answers = threading.Event()
        self._say, self._changed, self._broken = say, changed, broken
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name=program.name, daemon=True)

    def start(self) -> None:
        """Start it, and go on keeping it running."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Send the whole process group the signal to end; return at once."""
        with self._starting:
            self._stopping.set()
        self._signal(signal.SIGTERM)

    def stop(self) -> None:
        """Return when the whole process group has ended, by force after a while."""
        self.ask_to_stop()
        if self._thread.ident is None:
            return
        self._thread.join(GRACE)
        self._signal(signal.SIGKILL)
        self._thread.join()

    def _keep(self) -> None:
        pause, silent = FIRST_PAUSE, list[float]()
        while not self._stopping.is_set():
            reason = self.program.refuse()
            if reason:
                self._broken(self.program.name, reason)
                return
            began = time.monotonic()
            exit_code = self._run_once()
            if self._stopping.is_set():
                return
            silent = [] if self.answers.is_set() else [*silent, time.monotonic()][-TRIES:]
            self.answers.clear()
            if len(silent) == TRIES and silent[-1] - silent[0] < WITHIN:
                self._broken(self.program.name, f"it ended {TRIES} times before it answered")
                return
            if time.monotonic() - began > STEADY_AFTER:
                pause = FIRST_PAUSE
            self._say(self.program.name, _ended(exit_code, pause))
            self._stopping.wait(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    def _run_once(self) -> int:
        with self._starting:
            if self._stopping.is_set():
                return 0
            try:
                process = self._popen()
            except OSError as error:
                self._say(self.program.name, f"cannot be started: {error}")
                return 127
            self._process, self.pid = process, process.pid
        self._changed()
        reader = threading.Thread(target=self._pass_on, args=(process,), daemon=True)
        prober = threading.Thread(target=self._probe, args=(process,), daemon=True)
        reader.start()
        prober.start()
        exit_code = process.wait()
        self._signal(signal.SIGKILL)  # what it may have left of its group
        self._process = None
        prober.join()
        reader.join()
        return exit_code

    def _popen(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self.program.command,
            env=dict(self.program.environment),
            cwd=self.program.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own, to be ended as a whole
        )

    def _pass_on(self, process: "subprocess.Popen[bytes]") -> None:
        if process.stdout:
            with process.stdout as lines:
                for line in lines:
                    self._say(self.program.name, line.decode("utf-8", "replace").rstrip())

    def _probe(self, process: "subprocess.Popen[bytes]") -> None:
        """Note when the program first answers."""
        began = time.monotonic()
        while process.poll() is None:
            settled = time.monotonic() - began > SETTLED_AFTER
            if answers(self.program.ready) if self.program.ready else settled:
                self.answers.set()
                return
            self._stopping.wait(0.1)

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)


def _ended(exit_code: int, pause: float) -> str:
    how = signal.Signals(-exit_code).name if exit_code < 0 else f"exit code {exit_code}"
    return f"ended ({how}); starting again in {pause:g} s"


def answers(address: str) -> bool:
    """Tell whether an address answers with 200."""
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - our own
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def free_port(host: str = "127.0.0.1", in_a_row: int = 1) -> int:
    """Return a port nobody listens on, below the range the system hands out by itself.

    `in_a_row`: nor on so many from it on.

    Raises:
        OSError: all are taken.
    """
    for port in random.sample(INTERNAL_PORTS, 200):
        if all(is_free(host, port + n) for n in range(in_a_row)):
            return port
    raise OSError("No free port was found between 20000 and 32000")


def is_free(host: str, port: int) -> bool:
    """Tell whether a server could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((host, port))
        except OSError:
            return False
        return True
