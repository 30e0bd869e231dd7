"""The supervisor, on small real processes."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from setup import processes
from setup.lines import Lines
from setup.processes import Program, free_port, is_free
from setup.supervisor import Supervisor, end_leftovers

SERVE = (
    "import http.server as h, sys; h.HTTPServer(('127.0.0.1', int(sys.argv[1])),"
    " h.SimpleHTTPRequestHandler).serve_forever()"
)


class Terminal:
    """Keeps the lines that a terminal would show."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def say(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    def shows(self, text: str) -> bool:
        return any(text in line for _, line in self.lines)


def program(name: str, code: str, *arguments: str, ready: str = "") -> Program:
    command = (sys.executable, "-u", "-c", code, *arguments)
    return Program(name, command, {}, ready=ready)


def until(holds: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def _is_another(supervisor: Supervisor, before: int) -> bool:
    return supervisor.pid("bot") != before


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def supervise(tmp_path: Path, terminal: Terminal) -> Iterator[Callable[..., Supervisor]]:
    """Start a supervisor of these programs; it is stopped after the test."""
    started: list[Supervisor] = []

    def start(*table: Program) -> Supervisor:
        started.append(Supervisor(table, terminal.say, tmp_path / "run.json"))
        started[-1].start()
        return started[-1]

    yield start
    for supervisor in started:
        supervisor.stop()


def test_a_crashed_program_is_started_again(
    supervise: Callable[..., Supervisor], terminal: Terminal
) -> None:
    port = free_port()
    server = program("bot", SERVE, str(port), ready=f"http://127.0.0.1:{port}/")
    supervisor = supervise(server)
    until(lambda: supervisor.answers("bot"))
    first = supervisor.pid("bot")

    os.kill(first, signal.SIGKILL)

    until(lambda: supervisor.pid("bot") != first and supervisor.answers("bot"))
    assert terminal.shows("ended (SIGKILL); starting again in 0.05 s")


def test_a_program_that_answered_may_crash_often_without_being_given_up(
    supervise: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LONGEST_PAUSE", 0.2)
    port = free_port()
    supervisor = supervise(program("bot", SERVE, str(port), ready=f"http://127.0.0.1:{port}/"))
    for _ in range(processes.TRIES + 2):
        until(lambda: supervisor.answers("bot"))
        before = supervisor.pid("bot")
        os.kill(before, signal.SIGKILL)
        until(partial(_is_another, supervisor, before))

    assert supervisor.failure is None


def test_a_program_that_never_answers_is_given_up_and_named(
    supervise: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LONGEST_PAUSE", 0.2)
    supervisor = supervise(program("rasa", "raise SystemExit(3)"))

    assert supervisor.over.wait(20)
    assert supervisor.failure == "rasa: it ended 5 times before it answered"


def test_a_program_that_must_not_start_is_refused_with_its_reason(
    supervise: Callable[..., Supervisor],
) -> None:
    refused = Program("rasa", ("true",), {}, refuse=lambda: "the model was changed")
    supervisor = supervise(refused)

    assert supervisor.over.wait(20)
    assert supervisor.failure == "rasa: the model was changed"


def test_lines_are_passed_on_with_the_name_of_their_program(
    supervise: Callable[..., Supervisor], terminal: Terminal
) -> None:
    supervise(
        program("bot", "print('hello'); import time; time.sleep(60)"),
        program("worker", "import sys, time; print('哎', file=sys.stderr); time.sleep(60)"),
    )

    until(lambda: {("bot", "hello"), ("worker", "哎")} <= set(terminal.lines))


def test_what_a_full_disk_has_no_room_for_stops_nobody(
    tmp_path: Path, terminal: Terminal
) -> None:
    """Its run file cannot be written, nor the lines of what it runs."""
    with (
        Path("/dev/full").open("ab", buffering=0) as full,
        io.TextIOWrapper(full, write_through=True) as no_room,
    ):
        lines = Lines(no_room)

        def say(name: str, line: str) -> None:
            lines.say(name, line)
            terminal.say(name, line)

        supervisor = Supervisor(
            [program("bot", "print('here', flush=True); import time; time.sleep(60)")],
            say,
            tmp_path / "gone" / "run.json",
        )
        supervisor.start()
        until(lambda: terminal.shows("here"))
        first = supervisor.pid("bot")
        os.kill(first, signal.SIGKILL)
        until(lambda: _is_another(supervisor, first))
        supervisor.stop()
    assert terminal.shows("cannot be written")


def test_stopping_ends_whole_process_groups(
    supervise: Callable[..., Supervisor], terminal: Terminal
) -> None:
    parent = (
        "import subprocess, sys, time;"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid);"
        "time.sleep(60)"
    )
    supervisor = supervise(program("rasa", parent))
    until(lambda: terminal.lines)
    child = int(terminal.lines[0][1])

    supervisor.stop()

    until(lambda: not alive(child))
    assert not alive(supervisor.pid("rasa"))


def test_one_that_ignores_the_signal_is_ended_by_force(
    supervise: Callable[..., Supervisor],
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.3)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf'); time.sleep(60)"
    )
    supervisor = supervise(program("bot", deaf))
    until(lambda: terminal.shows("deaf"))

    supervisor.stop()

    assert not alive(supervisor.pid("bot"))


def test_the_run_file_names_who_runs_and_goes_when_they_stop(
    supervise: Callable[..., Supervisor], tmp_path: Path
) -> None:
    supervisor = supervise(program("bot", "import time; time.sleep(60)"))
    file = tmp_path / "run.json"
    until(file.exists)

    assert json.loads(file.read_text())["bot"]["pid"] == supervisor.pid("bot")

    supervisor.stop()
    assert not file.exists()


def test_what_a_killed_supervisor_left_running_is_ended(tmp_path: Path) -> None:
    left = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    )
    reaper = threading.Thread(target=left.wait)
    reaper.start()
    file = tmp_path / "run.json"
    started = psutil.Process(left.pid).create_time()
    file.write_text(json.dumps({"bot": {"pid": left.pid, "port": 1, "started": started}}))

    end_leftovers(file)

    reaper.join(10)
    assert not alive(left.pid)
    assert not file.exists()


def test_a_stranger_with_a_reused_process_id_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text(json.dumps({"bot": {"pid": os.getpid(), "port": 1, "started": 1.0}}))

    end_leftovers(file)

    assert not file.exists()


def test_free_ports_can_be_listened_on() -> None:
    ports = {free_port() for _ in range(20)}

    assert len(ports) > 1
    assert all(is_free("127.0.0.1", port) for port in ports)


def test_a_taken_port_is_seen_as_taken() -> None:
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: processes.answers(f"http://127.0.0.1:{port}/"))
        assert not is_free("127.0.0.1", port)
    finally:
        server.kill()
        server.wait()
