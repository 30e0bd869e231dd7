"""The seam to what makes a voice of words, and the one we have: a command of the operator's.

No engine comes with us. The command is given the text on its standard input and writes a
recording (WAV, or Ogg) to its standard output.
"""

import asyncio
import os
import shlex
import signal
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, cast

WITHIN = 20.0  # seconds for one text
ENDING = 2.0  # seconds for what was killed to be gone
MOST = 8 * 1024 * 1024  # bytes of a recording: more than a minute of it
A_READ = 64 * 1024
LANGUAGE = "{language}"  # in a word of the command: zh or en
# The command learns nothing of our secrets; what else it needs it sets itself.
SURROUNDINGS = {"PATH": os.defpath, "LANG": "C.UTF-8"}


class Unspoken(Exception):
    """No voice was made; the message says why: failed, silent or too_large."""


class Speaker(Protocol):
    """Turns words into a voice."""

    async def speak(self, text: str, language: str) -> bytes:
        """Return a recording of a text in a language (zh, en).

        Raises:
            Exception: there is none, whatever the reason; the text stays as it was sent.
        """


@dataclass(frozen=True)
class Command:
    """Speaks by a program on this machine, started for each text and never by a shell."""

    words: tuple[str, ...]
    within: float = WITHIN

    async def speak(self, text: str, language: str) -> bytes:
        async with asyncio.timeout(self.within), self._started(language) as process:
            giving = _give(cast(StreamWriter, process.stdin), text)
            taking = _take(cast(StreamReader, process.stdout))
            _, recording = await asyncio.gather(giving, taking)
            failed = await process.wait()
        if failed:
            raise Unspoken("failed")
        if not recording:
            raise Unspoken("silent")
        return recording

    @asynccontextmanager
    async def _started(self, language: str) -> AsyncIterator[Process]:
        """Start it in a group of its own, of which nothing is left running."""
        process = await asyncio.create_subprocess_exec(
            *(word.replace(LANGUAGE, language) for word in self.words),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,  # it may repeat what it is to say
            env=SURROUNDINGS,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.communicate(), ENDING)


def open_speaker(command: str) -> Command | None:
    """Return what speaks by a command line; None where there is none."""
    words = tuple(shlex.split(command))
    return Command(words) if words else None


async def _give(stdin: StreamWriter, text: str) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # it may not read all of it
        stdin.write(text.encode())
        await stdin.drain()
    stdin.close()


async def _take(out: StreamReader) -> bytes:
    """Read the recording, as long as it is none of those that never end."""
    taken = bytearray()
    while piece := await out.read(A_READ):
        taken += piece
        if len(taken) > MOST:
            raise Unspoken("too_large")
    return bytes(taken)
