"""The short form of the drill (`make drill` has the long one): processes are killed -9."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.drills import telegram
from bench.drills.kills import plan
from bench.drills.running import WRONG, until
from bench.drills.telegram import Town, on_telegram
from setup.processes import free_port
from tests.journeys.conftest import missing

KILLS, KILLS_OF_RASA = 20, 3
CHATS = 3


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    if not Path(".venv-rasa/bin/rasa").exists():
        missing("the Rasa environment (make setup)")
    with on_telegram() as running:
        yield running


def test_nothing_is_lost_nor_done_twice_however_often_processes_are_killed(
    town: Town,
) -> None:
    """Some write on the page, and others on Telegram."""
    drill = town.drill
    with drill.conversing(4), town.writing(CHATS):
        drill.kill(plan(KILLS, KILLS_OF_RASA))
        drill.recovery()
    town.settle()
    there = town.figures()
    assert there["written"] > 0
    assert {name: there[name] for name in telegram.WRONG} == dict.fromkeys(telegram.WRONG, 0), (
        there
    )
    figures = drill.figures()
    assert sum(figures["kills"].values()) == KILLS + KILLS_OF_RASA
    assert figures["booked"] + figures["request_filed"] > 0, figures
    assert {name: figures[name] for name in WRONG} == dict.fromkeys(WRONG, 0), figures


# The negative control: a channel that keeps what it acknowledged in memory.

IN_MEMORY = """
import http.server, json, sys
kept = []
class Inbox(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        kept.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(b"{}")
    def do_GET(self):
        self.answer(str(len(kept)).encode())
    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Inbox).serve_forever()
"""


def test_an_inbox_in_memory_loses_what_it_acknowledged() -> None:
    port = free_port()
    address, acknowledged = f"http://127.0.0.1:{port}", 0
    for _ in range(2):
        server = subprocess.Popen([sys.executable, "-c", IN_MEMORY, str(port)])
        try:
            until(lambda: _answers(address))
            for n in range(3):
                acknowledged += httpx.post(address, content=json.dumps(n)).is_success
            kept = int(httpx.get(address).text)
        finally:
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
    assert acknowledged == 6
    assert kept < acknowledged


def _answers(address: str) -> bool:
    try:
        return httpx.get(address).is_success
    except httpx.HTTPError:
        return False
