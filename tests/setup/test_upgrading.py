"""`make upgrade`, with small commands in the place of the long ones and small processes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from setup import settings, steps, upgrading
from setup.processes import free_port
from setup.settings import ROOT, Settings
from setup.troubles import SetupFailed

SAY = "import pathlib, sys; print(pathlib.Path(sys.argv[1]).read_text())"
NOTE = "import sys; open(sys.argv[1], 'a').write('backup '); sys.exit(int(sys.argv[2]))"


@dataclass
class Place:
    """A clone whose store is at a revision, and a diary of what is done with it."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch

    @property
    def settings(self) -> Settings:
        state, build = str(self.folder / "state"), str(self.folder / "build")
        return settings.of({"STATE_DIR": state, "BUILD_DIR": build})

    def is_at(self, revision: str) -> None:
        (self.folder / "schema").write_text(revision)

    def diary(self) -> list[str]:
        file = self.folder / "diary"
        return file.read_text().split() if file.exists() else []

    def note(self, what: str) -> None:
        with (self.folder / "diary").open("a") as diary:
            diary.write(what + " ")

    def backups_fail(self, exit_code: int) -> None:
        command = (sys.executable, "-c", NOTE, str(self.folder / "diary"), str(exit_code))
        self.monkeypatch.setattr(upgrading, "BACKUP", command)

    def upgrade(self) -> str:
        said: list[str] = []
        upgrading.upgrade(self.settings, said.append)
        return "\n".join(said)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(tmp_path, monkeypatch)
    (tmp_path / "state").mkdir()
    command = (sys.executable, "-c", SAY, str(tmp_path / "schema"))
    monkeypatch.setattr(upgrading, "SCHEMA", command)
    made.backups_fail(0)

    def migrated(_settings: Settings) -> None:
        made.note("state")
        made.is_at("of after")

    monkeypatch.setattr(steps, "make_models", lambda _settings: made.note("models"))
    monkeypatch.setattr(steps, "make_state", migrated)
    made.is_at("of before")
    return made


def test_it_backs_up_sets_up_and_says_the_way_back(place: Place) -> None:
    said = place.upgrade()
    assert place.diary() == ["backup", "models", "state"]
    assert "of before → of after" in said
    assert "make downgrade TO=of before" in said
    assert "make run" in said


def test_without_a_backup_nothing_is_touched(place: Place) -> None:
    place.backups_fail(1)
    with pytest.raises(SetupFailed, match="Without a backup"):
        place.upgrade()
    assert place.diary() == ["backup"]


def test_where_there_is_no_store_yet_there_is_nothing_to_back_up(place: Place) -> None:
    place.is_at("")
    place.upgrade()
    assert place.diary() == ["models", "state"]


def test_a_store_that_does_not_answer_is_not_upgraded(place: Place) -> None:
    (place.folder / "schema").unlink()
    with pytest.raises(SetupFailed, match="could not be asked"):
        place.upgrade()
    assert place.diary() == []


RUN = """
import sys
from setup import settings, supervisor
from setup.processes import Program

SERVE = '''
import http.server as h, sys
class Page(h.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
h.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
'''

def table(said):
    def serving(name, port):
        command = (sys.executable, "-u", "-c", SERVE, str(port))
        return Program(name, command, {}, port, f"http://127.0.0.1:{port}/")
    return [serving("actions", int(sys.argv[3])), serving("bot", said.port)]

said = settings.of({"STATE_DIR": sys.argv[1], "PORT": sys.argv[2]})
supervisor.run(said, lambda *_: None, lambda at: print(at, flush=True), table)
"""


@pytest.fixture
def running(place: Place) -> Iterator[psutil.Process]:
    """A supervisor in a process of its own, with two programs."""
    ports = [str(free_port()), str(free_port())]
    command = [sys.executable, "-c", RUN, str(place.settings.state_dir), *ports]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline()
        yield psutil.Process(process.pid)
        process.terminate()


def pids(place: Place) -> dict[str, int]:
    said = json.loads((place.settings.state_dir / "run.json").read_text())
    return {name: each["pid"] for name, each in said.items()}


def test_what_runs_is_restarted_one_after_the_other(
    place: Place, running: psutil.Process
) -> None:
    before = pids(place)
    assert "actions, bot" in place.upgrade()
    after = pids(place)
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())
    assert running.is_running()


def test_a_keeper_whose_own_code_has_changed_is_left_to_its_operator(
    place: Place, running: psutil.Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.folder / "setup").mkdir()
    (place.folder / "setup" / "supervisor.py").touch()
    later = time.time() + 60
    os.utime(place.folder / "setup" / "supervisor.py", (later, later))
    monkeypatch.setattr(upgrading, "ROOT", place.folder)
    before = pids(place)
    assert "Restart it yourself" in upgrading.restart(place.settings)
    assert pids(place) == before
    assert running.is_running()
