"""Writes the lines of several processes to one terminal, each with its name before it."""

import contextlib
import threading
from typing import TextIO

WIDTH = 7  # of the longest name
COLOURS = {"rasa": 35, "actions": 36, "bot": 32, "worker": 33}


class Lines:
    """Writes whole lines, one at a time, from any thread."""

    def __init__(self, out: TextIO) -> None:
        """Write to `out`, in colour when it is a terminal."""
        self._out = out
        self._coloured = out.isatty()
        self._one = threading.Lock()

    def say(self, name: str, line: str) -> None:
        """Write one line of a process."""
        prefix = f"{name:{WIDTH}} │"
        if self._coloured:
            prefix = f"\x1b[{COLOURS.get(name, 37)}m{prefix}\x1b[0m"
        self._write(f"{prefix} {line}")

    def announce(self, line: str) -> None:
        """Write a line that concerns the whole."""
        self._write(f"\n  \x1b[1m{line}\x1b[0m\n" if self._coloured else line)

    def _write(self, text: str) -> None:
        """Write it; where a full disk has no room for a line, nobody stops for that."""
        with self._one, contextlib.suppress(OSError):
            self._out.write(text + "\n")
            self._out.flush()
