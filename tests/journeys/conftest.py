"""The whole assistant, all processes up, on a state folder and a clock of its own."""

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from actions.wording import read_wording
from setup.supervisor import Assistant

expect.set_options(timeout=20_000)  # the machine may be at work on other tests
FLAGS = ["--no-sandbox", "--use-fake-device-for-media-stream"]  # a microphone that beeps
PATIENCE = 60  # seconds until somebody has an answer: the machine may be at work on other tests
ZONE = ZoneInfo("Asia/Shanghai")
STILL_WORKING = {
    read_wording(ZONE).render("utter_still_working", language=language).text
    for language in ("zh", "en")
}
TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=ZONE)


@dataclass
class Resident:
    """Somebody who writes over the chat API."""

    url: str
    session: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    sent: int = 0

    def post(self, text: str, **more: Any) -> httpx.Response:
        self.sent += 1
        body = {"session": self.session, "message_id": f"m{self.sent}", "text": text} | more
        return httpx.post(f"{self.url}/api/chat", json=body, timeout=15)

    def say(self, text: str, **more: Any) -> dict[str, Any]:
        """Say something; asks again while the answer is being worked at, as a page does."""
        named = {"message_id": secrets.token_hex(8)} | more
        until = time.monotonic() + PATIENCE
        while True:
            answer = self.post(text, **named)
            assert answer.status_code == 200, answer.text
            said: dict[str, Any] = answer.json()
            last = said["replies"][-1]["text"] if said["replies"] else ""
            if last not in STILL_WORKING or time.monotonic() > until:
                return said
            time.sleep(0.5)


def missing(what: str) -> None:
    if os.getenv("CI"):
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"{what} is not on this machine")


@pytest.fixture(scope="session")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    if not Path(".venv-rasa/bin/rasa").exists():
        missing("the Rasa environment (make setup)")
    state = tmp_path_factory.mktemp("state")
    with Assistant(state, clock=TUESDAY, variables={"RATE_LIMIT": "100000/minute"}) as running:
        running.wait_until_ready()
        yield running


@pytest.fixture
def resident(assistant: Assistant) -> Resident:
    return Resident(assistant.url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one file: while it is open, no test of the same worker may be async."""
    chromium = shutil.which("chromium")
    if chromium is None:
        missing("chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()
