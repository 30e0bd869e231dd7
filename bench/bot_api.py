"""A Bot API on this machine: keeps updates until they are done with, and what it was sent."""

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOKEN = "6839275410:AAFx-canary_token-0123456789abcdefgh"  # noqa: S105 - of nobody
A_SECOND, APART = 28, 1.0  # messages a second of a bot; seconds between two in one chat
LATE = 0.05  # seconds by which a message's way here may differ from the one before
ASKING = 5.0  # seconds a request for updates waits


@dataclass
class Arrived:
    """A message that stands in a chat; `offers`: with buttons below it."""

    chat: str
    text: str
    at: float
    offers: bool = False


@dataclass
class BotApi:
    """What Telegram knows of our bot."""

    arrived: list[Arrived] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    too_quick: int = 0
    _waiting: list[dict[str, Any]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _last: dict[str, float] = field(default_factory=dict)
    _this_second: deque[float] = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def written(self) -> int:
        """How many messages residents wrote."""
        return sum(map(len, self.said.values()))

    def write(self, chat: int, texts: Sequence[str]) -> None:
        """Let somebody write, one message right after the other."""
        who = {"id": chat, "is_bot": False, "first_name": "居民", "language_code": "zh-hans"}
        with self._changed:
            for text in texts:
                number = next(self._numbers)
                message = {
                    "message_id": number,
                    "from": who,
                    "chat": {"id": chat, "type": "private", "first_name": "居民"},
                    "date": 1795485600,
                    "text": text,
                }
                self._waiting.append({"update_id": number, "message": message})
                self.said[str(chat)].append(text)
            self._changed.notify_all()

    def call(self, method: str, asked: dict[str, str]) -> tuple[int, Any]:
        """Return the status and the body a method is answered with."""
        if method == "getUpdates":
            return 200, {"ok": True, "result": self._updates(int(asked.get("offset", 0)))}
        if method != "sendMessage":
            return 200, {"ok": True, "result": True}
        with self._changed:
            if self._is_too_quick(asked["chat_id"]):
                self.too_quick += 1
                says = {"description": "Too Many Requests", "parameters": {"retry_after": 1}}
                return 429, {"ok": False, "error_code": 429, **says}
            offers = "inline_keyboard" in asked.get("reply_markup", "")
            chat_id, text = asked["chat_id"], asked["text"]
            self.arrived.append(Arrived(chat_id, text, time.monotonic(), offers))
            chat = {"id": int(asked["chat_id"]), "type": "private"}
            sent = {"message_id": len(self.arrived), "date": 1795485600, "chat": chat}
            return 200, {"ok": True, "result": sent}

    def _updates(self, first: int) -> list[dict[str, Any]]:
        with self._changed:
            self._waiting = [one for one in self._waiting if one["update_id"] >= first]
            self._changed.wait_for(lambda: self._waiting, ASKING)
            return self._waiting[:100]

    def _is_too_quick(self, chat: str) -> bool:
        now = time.monotonic()
        while self._this_second and now - self._this_second[0] >= 1 - LATE:
            self._this_second.popleft()
        if len(self._this_second) >= A_SECOND:
            return True
        if now - self._last.get(chat, -APART) < APART - LATE:
            return True
        self._this_second.append(now)
        self._last[chat] = now
        return False


@contextmanager
def served(api: BotApi) -> Iterator[str]:
    """Serve the Bot API on this machine; yields its address."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self._answer(self.rfile.read(length).decode())

        def _answer(self, body: str) -> None:
            address = urlsplit(self.path)
            asked = dict(parse_qsl(address.query)) | dict(parse_qsl(body))
            status, said = api.call(address.path.rpartition("/")[2], asked)
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Think nothing of clients who die."""

    server = Server(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
