"""`make run` as a process of its own, with a small server in the assistant's place."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil
import pytest

from setup.processes import free_port
from setup.settings import ROOT, of
from setup.supervisor import NotStarted, run, running_at

RUN = """
import sys
from setup import settings, supervisor
from setup.processes import Program

SERVE = '''
import http.server as h, sys
class Page(h.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
h.HTTPServer(('127.0.0.1', int(sys.argv[1])), Page).serve_forever()
'''

def table(said):
    command = (sys.executable, "-u", "-c", SERVE, str(said.port))
    return [Program("bot", command, {}, said.port, f"http://127.0.0.1:{said.port}/")]

said = settings.of({"STATE_DIR": sys.argv[1], "PORT": sys.argv[2]})
supervisor.run(said, lambda *_: None, lambda at: print(at, flush=True), table)
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def running(tmp_path: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """A supervisor in a process of its own that has said where it answers."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path), str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert _line(process.stdout) == f"http://127.0.0.1:{port}"
        children = psutil.Process(process.pid).children(recursive=True)
        yield process
        for left in filter(psutil.Process.is_running, children):
            left.kill()
        process.kill()
    at = running_at(of({"STATE_DIR": str(tmp_path)}))
    assert at is None or process.returncode == -signal.SIGKILL


def _line(lines: IO[str] | None) -> str:
    return lines.readline().strip() if lines else ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(
    running: "subprocess.Popen[str]", number: signal.Signals
) -> None:
    children = psutil.Process(running.pid).children(recursive=True)

    running.send_signal(number)

    assert running.wait(15) == 0
    assert children
    assert not any(child.is_running() for child in children)


def test_a_second_start_on_the_same_state_folder_is_refused(
    running: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    said = of({"STATE_DIR": str(tmp_path), "PORT": str(free_port())})

    with pytest.raises(NotStarted, match="Already running"):
        run(said, lambda *_: None, lambda _: None, lambda _: [])


def test_a_second_start_on_the_same_port_is_refused(
    running: "subprocess.Popen[str]", tmp_path: Path, port: int
) -> None:
    said = of({"STATE_DIR": str(tmp_path / "another"), "PORT": str(port)})

    with pytest.raises(NotStarted, match=f"Port {port} is taken"):
        run(said, lambda *_: None, lambda _: None, lambda _: [])


def test_others_can_ask_where_it_runs(
    running: "subprocess.Popen[str]", tmp_path: Path, port: int
) -> None:
    assert running_at(of({"STATE_DIR": str(tmp_path)})) == f"http://127.0.0.1:{port}"


def test_nothing_runs_where_nothing_was_started(tmp_path: Path) -> None:
    assert running_at(of({"STATE_DIR": str(tmp_path)})) is None


def test_a_killed_supervisor_can_be_started_again_on_the_same_port(
    running: "subprocess.Popen[str]", tmp_path: Path, port: int
) -> None:
    left = psutil.Process(running.pid).children()
    running.kill()
    running.wait()

    again = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path), str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with again:
        assert _line(again.stdout) == f"http://127.0.0.1:{port}"
        os.kill(again.pid, signal.SIGTERM)
        assert again.wait(15) == 0

    until = time.monotonic() + 10
    while any(child.is_running() for child in left):
        assert time.monotonic() < until
        time.sleep(0.05)
