"""Residents that converse and, like any channel, send a message again until it is taken."""

import itertools
import random
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

PATIENCE = 120.0  # seconds a resident waits for the answer to a message that was taken
AGAIN = "1"  # confirms whatever is asked, up to so many times:
CONFIRMATIONS = 4
BACK = "回到小沥"

# What is said, one script after the other; AGAIN stands for confirming until it is done.
SCRIPTS: tuple[tuple[str, ...], ...] = (
    ("停车多少钱", "瓜沥公交站下一班车几点"),
    ("我想约周六的书法社", AGAIN, "我约了什么", "取消书法社的预约", AGAIN),
    ("我要报修", "路灯坏了，晚上黑漆漆的", "公交综合楼门口", AGAIN, "我报的事情怎么样了"),
    ("我要报修", "杭州书房现在开着吗", "算了，不报了"),
)


@dataclass
class Sent:
    """A message that was taken, what came of it, and how long the answer to it took."""

    message_id: str
    text: str
    replies: list[dict[str, Any]]
    status: str
    seconds: float
    honest: bool  # whether the first answer said anything, or a person has it


@dataclass(frozen=True)
class Tried:
    """One try at sending: when it began (by the monotonic clock), and what came of it."""

    began: float
    seconds: float
    status: int  # 0 where nothing came back

    @property
    def ended(self) -> float:
        """When it was over."""
        return self.began + self.seconds


@dataclass
class Resident(threading.Thread):
    """Converses until told to stop; `sent` holds every message that was acknowledged."""

    url: str
    still_working: str
    seed: int
    over: threading.Event = field(default_factory=threading.Event)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    sent: list[Sent] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        with httpx.Client(trust_env=False, timeout=10) as client:
            for script in _in_some_order(random.Random(self.seed)):
                for text in script:
                    if self.over.is_set():
                        return
                    self._say(client, text)

    def _say(self, client: httpx.Client, text: str) -> None:
        for _ in range(CONFIRMATIONS if text == AGAIN else 1):
            sent = self._send(client, text)
            self.sent.append(sent)
            self._wait(client, sent)
            if sent.status == "open":
                self._say(client, BACK)
                return
            if not _offers(sent.replies):
                return

    def _send(self, client: httpx.Client, text: str) -> Sent:
        """Send a message until it is taken."""
        message_id = f"m{len(self.sent)}"
        while True:
            began = time.monotonic()
            answer = self.post(client, message_id, text)
            if answer is not None:
                seconds = time.monotonic() - began
                replies, status = answer["replies"], answer["status"]
                honest = bool(replies) or status == "open"
                return Sent(message_id, text, replies, status, seconds, honest)
            time.sleep(0.2)

    def _wait(self, client: httpx.Client, sent: Sent) -> None:
        """Ask again for the replies to a message until it is answered for good."""
        until = time.monotonic() + PATIENCE
        while not self.answered(sent) and time.monotonic() < until:
            time.sleep(0.3)
            answer = self.post(client, sent.message_id, sent.text)
            if answer is not None:
                sent.replies, sent.status = answer["replies"], answer["status"]

    def answered(self, sent: Sent) -> bool:
        """Whether a message has more than an honest word that it will take longer."""
        last = sent.replies[-1]["text"] if sent.replies else ""
        return sent.status == "open" or last not in ("", self.still_working)

    def post(self, client: httpx.Client, message_id: str, text: str) -> dict[str, Any] | None:
        """Send a message once; None when it was not taken."""
        body = {"session": self.session, "message_id": message_id, "text": text}
        answer, tried = post(client, self.url, body)
        self.tried.append(tried)
        return dict(answer.json()) if answer is not None and answer.is_success else None


@dataclass
class Writer(threading.Thread):
    """Writes one message after the other; what was acknowledged is never sent again.

    Each text is said once in the world, so that it can be looked for: `acknowledged`.
    """

    url: str
    pause: float = 0.3  # seconds between two messages, or two tries
    over: threading.Event = field(default_factory=threading.Event)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    acknowledged: list[str] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def taken_since(self, moment: float) -> bool:
        """Whether something that was sent after a moment has been acknowledged."""
        return any(one.began > moment and one.status == httpx.codes.OK for one in self.tried)

    def run(self) -> None:
        with httpx.Client(trust_env=False, timeout=10) as client:
            for number in itertools.count():
                text = f"停车多少钱（{self.session[:8]}-{number}）"
                while not self._is_taken(client, f"m{number}", text):
                    if self.over.wait(self.pause):
                        return
                self.acknowledged.append(text)
                if self.over.wait(self.pause):
                    return

    def _is_taken(self, client: httpx.Client, message_id: str, text: str) -> bool:
        body = {"session": self.session, "message_id": message_id, "text": text}
        answer, tried = post(client, self.url, body)
        self.tried.append(tried)
        return answer is not None and answer.is_success


def post(
    client: httpx.Client, url: str, body: dict[str, str]
) -> tuple[httpx.Response | None, Tried]:
    """Send a message once; the answer is None where nothing came back."""
    began = time.monotonic()
    try:
        answer = client.post(f"{url}/api/chat", json=body)
    except httpx.HTTPError:
        return None, Tried(began, time.monotonic() - began, 0)
    return answer, Tried(began, time.monotonic() - began, answer.status_code)


def _in_some_order(chance: random.Random) -> Iterator[Sequence[str]]:
    for _ in itertools.count():
        yield from chance.sample(SCRIPTS, len(SCRIPTS))


def _offers(replies: list[dict[str, Any]]) -> bool:
    return bool(replies and replies[-1]["choices"])
