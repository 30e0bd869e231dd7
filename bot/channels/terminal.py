"""The same assistant in a terminal: a small client of the chat API."""

import secrets
import threading
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Console


@dataclass
class Terminal:
    """A conversation at the terminal with the assistant at `url`."""

    url: str
    console: Console = field(default_factory=Console)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    _shown: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Talk until the input ends (Ctrl-D)."""
        threading.Thread(target=self._listen, daemon=True).start()
        self.console.print("小沥 Xiaoli · Ctrl-D 结束 / ends")
        while True:
            try:
                text = self.console.input("> ")
            except (EOFError, KeyboardInterrupt):
                return
            self._ask(text)

    def _ask(self, text: str) -> None:
        body = {"session": self.session, "message_id": secrets.token_hex(8), "text": text}
        try:
            answer = httpx.post(f"{self.url}/api/chat", json=body, timeout=10)
        except httpx.HTTPError as error:
            self.console.print(f"({type(error).__name__})", style="red")
            return
        if not answer.is_success:
            self.console.print(f"{answer.json()['zh']} {answer.json()['en']}", style="red")
            return
        for reply in answer.json()["replies"]:
            self._show(reply)

    def _show(self, reply: dict[str, Any]) -> None:
        if reply["id"] in self._shown:
            return
        self._shown.add(reply["id"])
        self.console.print(reply["text"], style="green", markup=False)
        for number, choice in enumerate(reply["choices"], start=1):
            self.console.print(f"  {number}. {choice['label']}", markup=False)

    def _listen(self) -> None:
        """Show what is said later, for as long as the terminal is open."""
        headers = {"X-Session": self.session}
        while True:
            try:
                with httpx.stream(
                    "GET", f"{self.url}/api/chat/events", headers=headers, timeout=60
                ) as stream:
                    for line in stream.iter_lines():
                        if line.startswith("data: ") and '"text"' in line:
                            self._show(httpx.Response(200, text=line[6:]).json())
            except httpx.HTTPError:
                threading.Event().wait(2)
