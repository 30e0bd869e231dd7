"""Runs a command in a process of its own, which ends in time and leaves nothing running."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

STDERR = 2
GRACE = 60.0  # seconds in which what is interrupted may stop what it has started


@dataclass(frozen=True)
class Ended:
    """How a command ended; `said` is what it wrote to standard output."""

    exit_code: int
    said: str
    seconds: float
    in_time: bool

    @property
    def last_line(self) -> str:
        """The last line it wrote, empty if none."""
        return (self.said.splitlines() or [""])[-1]


def run(command: Sequence[str], minutes: float, *, is_shown: bool = False) -> Ended:
    """Run a command for so long at most; what it says of its progress is seen.

    Where all it says is to be shown, nothing of it is returned.

    Raises:
        KeyboardInterrupt: somebody wants no more; the command has ended.
    """
    began, in_time = time.monotonic(), True
    process = subprocess.Popen(
        command,
        stdout=STDERR if is_shown else subprocess.PIPE,
        text=True,
        start_new_session=True,  # an interrupt reaches it by us alone, and all its children
    )
    try:
        said, _ = process.communicate(timeout=60 * minutes)
    except subprocess.TimeoutExpired:
        in_time = False
        said = _end(process)
    except KeyboardInterrupt:
        _end(process)
        raise
    return Ended(process.returncode, said or "", time.monotonic() - began, in_time)


def _end(process: "subprocess.Popen[str]") -> str:
    """Interrupt a command and all it has started; by force after a while."""
    for how, seconds in ((signal.SIGINT, GRACE), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=seconds)[0] or ""
    return ""
