"""Who is on the port and who answers: down, up, in part, and somebody else."""

import http.server
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psutil
import pytest

from bot.doctor import processes
from setup.supervisor import RUN_FILE
from tests.bot.doctor.conftest import Patient, only

WELL = {"database": True, "rasa": True, "actions": True}


@contextmanager
def serving(
    patient: Patient, said: Mapping[str, object], host: str = "127.0.0.1"
) -> Iterator[None]:
    """A server on the public port that says this of its health, and of everything."""

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if all(said.values()) else 503)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode() if said else b"<html>")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer((host, patient.one.said.port), Health) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def write_down(patient: Patient, *names: str, alive: bool = True) -> None:
    """As the supervisor does: all of them are this process."""
    ours = psutil.Process()
    started = ours.create_time() if alive else 0.0
    left = {name: {"pid": ours.pid, "port": 1, "started": started} for name in names}
    (patient.state / RUN_FILE).write_text(json.dumps(left))


def test_nobody_on_the_port_and_nothing_running_is_no_trouble(patient: Patient) -> None:
    assert not list(processes.ports(patient.one))
    found = only(processes.running(patient.one))
    assert "没有运行" in found.zh
    assert not found.urgent


def test_somebody_else_on_the_port_is_named(patient: Patient) -> None:
    with serving(patient, {}):
        found = only(processes.ports(patient.one))
    name = f"{psutil.Process().name()} ({os.getpid()})"
    assert f"被 {name} 占用" in found.zh
    assert f"taken by {name}: stop that" in found.en


def test_an_assistant_that_is_up_and_well_is_well(patient: Patient) -> None:
    write_down(patient, "bot", "worker")
    with serving(patient, WELL):
        assert not list(processes.ports(patient.one))
        assert not list(processes.running(patient.one))


def test_started_by_something_else_than_us_it_is_asked_just_the_same(patient: Patient) -> None:
    with serving(patient, WELL | {"actions": False}):
        assert "do not answer: actions" in only(processes.running(patient.one)).en


def test_a_part_that_does_not_answer_is_named(patient: Patient) -> None:
    write_down(patient, "bot")
    with serving(patient, WELL | {"rasa": False}):
        found = only(processes.running(patient.one))
    assert "没有应答的部分：rasa" in found.zh
    assert found.urgent


def test_a_process_that_is_gone_is_named(patient: Patient) -> None:
    write_down(patient, "bot", "worker")
    file = patient.state / RUN_FILE
    left = json.loads(file.read_text())
    left["worker"]["started"] = 0.0
    file.write_text(json.dumps(left))
    with serving(patient, WELL):
        assert "do not answer: worker" in only(processes.running(patient.one)).en


def test_up_and_silent_is_said(patient: Patient) -> None:
    write_down(patient, "bot")
    assert "do not answer: bot" in only(processes.running(patient.one)).en


def test_what_was_killed_is_told_from_what_was_stopped(patient: Patient) -> None:
    write_down(patient, "bot", "rasa", alive=False)
    found = only(processes.running(patient.one))
    assert "没有正常停下" in found.zh
    assert "make run" in found.en


@pytest.mark.parametrize(("host", "wrong"), [("127.0.0.1", False), ("0.0.0.0", True)])  # noqa: S104
def test_what_is_for_this_machine_alone_is_heard_by_nobody_else(
    patient: Patient, host: str, wrong: bool
) -> None:
    write_down(patient, "rasa")
    with serving(patient, WELL, host):
        found = list(processes.reachable(patient.one))
    assert ["rasa listens on 0.0.0.0" in one.en for one in found] == [True] * wrong
