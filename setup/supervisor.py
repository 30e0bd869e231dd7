"""Runs the assistant's processes as one: `make run`, the journeys, the drills and benches.

with Assistant(state_dir=folder) as assistant:
    httpx.post(f"{assistant.url}/api/chat", …)
"""

import contextlib
import fcntl
import io
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self, TextIO

import psutil

from setup import settings as setup_settings
from setup import steps
from setup.lines import Lines
from setup.processes import GRACE, Kept, Program, Say, answers, free_port, is_free
from setup.programs import address, addresses, programs
from setup.settings import Settings

RUN_FILE, LOCK_FILE = "run.json", "run.lock"

Table = Callable[[Settings], Sequence[Program]]


class NotStarted(Exception):
    """The assistant cannot be started; the message says why and what to do."""


class Supervisor:
    """Keeps several programs running until told to stop, or until one is broken for good."""

    def __init__(self, table: Sequence[Program], say: Say, run_file: Path) -> None:
        """Prepare; `run_file` always holds who runs, as {name: {pid, port, started}}."""
        self.failure: str | None = None
        self.over = threading.Event()
        self._say, self._run_file = say, run_file
        self._writing = threading.Lock()
        self._kept = {
            program.name: Kept(program, say, self._write, self._broken) for program in table
        }

    def start(self) -> None:
        """Start every program; return at once."""
        for kept in self._kept.values():
            kept.start()

    def stop(self) -> None:
        """Stop every program with all its children; return when they have ended."""
        for kept in self._kept.values():
            kept.ask_to_stop()
        for kept in self._kept.values():
            kept.stop()
        with contextlib.suppress(OSError):
            self._run_file.unlink()
        self.over.set()

    def pid(self, name: str) -> int:
        """Return the process id a program has now."""
        pid = self._kept[name].pid
        if pid is None:
            raise NotStarted(f"{name} was never started")
        return pid

    def answers(self, name: str) -> bool:
        """Tell whether a program has answered since its latest start."""
        return self._kept[name].answers.is_set()

    def _broken(self, name: str, why: str) -> None:
        self.failure = f"{name}: {why}"
        self._say(name, why)
        self.over.set()

    def _write(self) -> None:
        with self._writing:
            running = {
                name: {"pid": kept.pid, "port": kept.program.port, "started": started}
                for name, kept in self._kept.items()
                if kept.pid and (started := _started(kept.pid))
            }
            draft = self._run_file.with_suffix(".draft")
            try:
                draft.write_text(json.dumps(running, indent=1), encoding="utf-8")
                draft.replace(self._run_file)
            except OSError as error:  # a full disk: they run all the same
                self._say("setup", f"{self._run_file} cannot be written: {error.strerror}")


class Assistant:
    """A whole assistant with a state folder, ports and secrets of its own."""

    def __init__(
        self,
        state_dir: Path,
        *,
        port: int = 0,
        clock: datetime | None = None,
        database_url: str = "",
        variables: dict[str, str] | None = None,
        table: Table = programs,
    ) -> None:
        """Prepare one for a test or a drill; it is up when the `with` block begins.

        Args:
            state_dir: where all it keeps lies; an index, a model and a database are made there.
            port: the public port, 0 for a free one.
            clock: where its clock stands; `set_clock` moves it. None: the machine's own.
            database_url: as DATABASE_URL; SQLite in the state folder when empty.
            variables: further settings, as in `.env.example`.
            table: what to run; a drill puts proxies between the processes.
        """
        self._table = table
        state_dir = state_dir.resolve()
        told = {
            "STATE_DIR": str(state_dir),
            "HOST": "127.0.0.1",
            "PORT": str(port or free_port(in_a_row=int((variables or {}).get("GATEWAYS", 1)))),
            "DATABASE_URL": database_url,
        }
        self.clock_file = state_dir / "clock"
        if clock:
            told["TEST_CLOCK"] = str(self.clock_file)
        self._clock = clock
        self._running = contextlib.ExitStack()
        self._supervisor: Supervisor | None = None
        self.settings = setup_settings.read().with_variables(**told | (variables or {}))

    @property
    def url(self) -> str:
        """Where its page and its chat API are; of several gateways the first one's."""
        return self.urls[0]

    @property
    def urls(self) -> tuple[str, ...]:
        """Where each of its gateways is."""
        return addresses(self.settings)

    @property
    def log_file(self) -> Path:
        """Where the lines of all its processes go."""
        return self.settings.state_dir / "logs" / "assistant.log"

    @property
    def supervisor(self) -> Supervisor:
        """Who keeps its processes running."""
        if not self._supervisor:
            raise NotStarted("The assistant is not running; use it inside its with block")
        return self._supervisor

    def __enter__(self) -> Self:
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if self._clock:
            self.set_clock(self._clock)
        with steps.one_at_a_time(self.settings):
            steps.make_state(self.settings)
        with contextlib.ExitStack() as running:
            log = running.enter_context(_open_log(self.log_file))
            self._supervisor = running.enter_context(
                supervised(self.settings, Lines(log).say, self._table)
            )
            self.wait_until_ready()
            self._running = running.pop_all()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._supervisor = None
        self._running.close()

    def wait_until_ready(self, seconds: float = 120) -> None:
        """Return when a message would be answered.

        Raises:
            NotStarted: it is broken or took too long; the log file says why.
        """
        until = time.monotonic() + seconds
        while not _all_ready(self.settings):
            if self.supervisor.over.wait(0.1) or time.monotonic() > until:
                why = self.supervisor.failure or f"not ready within {seconds:.0f} s"
                raise NotStarted(f"{why}; see {self.log_file}")

    def kill(self, name: str) -> None:
        """Kill one process with all its children, as a crash would; it is started again."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.supervisor.pid(name), signal.SIGKILL)

    def restart(self, name: str) -> None:
        """Ask one process to end, as in a rolling restart; it is started again."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.supervisor.pid(name), signal.SIGTERM)

    def set_clock(self, moment: datetime) -> None:
        """Move the clock of every process."""
        draft = self.clock_file.with_suffix(".draft")
        draft.write_text(moment.isoformat(), encoding="utf-8")
        draft.replace(self.clock_file)


def _open_log(file: Path) -> TextIO:
    """Open a log that keeps nothing back: what a full disk has no room for is lost at once."""
    return io.TextIOWrapper(file.open("ab", buffering=0), "utf-8", write_through=True)


@contextlib.contextmanager
def supervised(settings: Settings, say: Say, table: Table = programs) -> Iterator[Supervisor]:
    """Own the state folder and the public port, and keep the processes running, for a while.

    Raises:
        NotStarted: another one owns the folder, or the port is taken.
    """
    state = settings.state_dir
    state.mkdir(parents=True, exist_ok=True)
    with (state / LOCK_FILE).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotStarted(
                f"小沥已经在运行（{state}）。要再开一个，请另设 STATE_DIR 和 PORT。"
                f"Already running in {state}: for another one set STATE_DIR and PORT."
            ) from None
        end_leftovers(state / RUN_FILE)
        for port in settings.ports:
            if not is_free(settings.host, port):
                raise NotStarted(
                    f"端口 {port} 已被占用，请换一个：make run PORT={settings.ports[-1] + 1}。"
                    f"Port {port} is taken; choose another, as in make run PORT=8090."
                )
        supervisor = Supervisor(table(settings), say, state / RUN_FILE)
        supervisor.start()
        try:
            yield supervisor
        finally:
            supervisor.stop()


def run(
    settings: Settings,
    say: Say,
    ready: Callable[[str], None],
    table: Table = programs,
) -> None:
    """Run the assistant until Ctrl-C or SIGTERM; `ready` is told its address once it answers.

    Raises:
        NotStarted: it could not be started, or one of its processes is broken for good.
    """
    _end_on(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    failure = None
    with contextlib.suppress(KeyboardInterrupt), supervised(settings, say, table) as supervisor:
        while not (supervisor.over.wait(0.2) or _all_ready(settings)):
            pass
        if not supervisor.over.is_set():
            ready(address(settings))
        supervisor.over.wait()
        failure = supervisor.failure
    if failure:
        raise NotStarted(failure)


def _all_ready(settings: Settings) -> bool:
    return all(answers(f"{each}/readyz") for each in addresses(settings))


def _end_on(*signals: signal.Signals) -> None:
    """Make the first of these signals interrupt the main thread, and later ones do nothing."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in signals:
        signal.signal(number, interrupt)


def running_at(settings: Settings) -> str | None:
    """Return the address of the assistant that runs on this state folder, None if none does."""
    file = settings.state_dir / RUN_FILE
    if not file.exists():
        return None
    bot = json.loads(file.read_text(encoding="utf-8")).get("bot")
    if not bot or _started(bot["pid"]) != bot["started"]:
        return None
    return address(settings.with_variables(PORT=str(bot["port"])))


def end_leftovers(run_file: Path) -> None:
    """End what a supervisor that was itself killed has left running."""
    if not run_file.exists():
        return
    for left in json.loads(run_file.read_text(encoding="utf-8")).values():
        if _started(left["pid"]) == left["started"]:
            process = psutil.Process(left["pid"])
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            psutil.wait_procs([process], timeout=GRACE)
    run_file.unlink()


def _started(pid: int) -> float | None:
    """Return when a process was started: with its id it tells processes apart."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None
