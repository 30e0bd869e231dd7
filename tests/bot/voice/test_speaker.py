import asyncio
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Settings
from bot.voice.audio import RATE, as_voice, decode
from bot.voice.recordings import recorded_as
from bot.voice.speaker import Command, Unspoken, open_speaker
from tests.bot.voice.engines import ENDLESS, FAILS, HANGS, REPEATS, SILENT, SPEAKS, engine


async def test_a_command_is_given_the_text_and_the_language_and_no_shell() -> None:
    text = "$(id); `id` 您好\n第二行"
    assert (await engine(REPEATS).speak(text, "zh")).decode() == f"zh{text}"


async def test_what_it_says_becomes_a_voice_message() -> None:
    voice = as_voice(await engine(SPEAKS).speak("您好", "zh"))
    assert recorded_as(voice) == "audio/ogg"
    assert abs(len(decode(voice)) / RATE - 1.01) < 0.1


@pytest.mark.parametrize(
    ("program", "why"), [(FAILS, "failed"), (SILENT, "silent"), (ENDLESS, "too_large")]
)
async def test_what_goes_wrong_has_a_name(program: str, why: str) -> None:
    with pytest.raises(Unspoken, match=why):
        await engine(program).speak("您好", "zh")


async def test_one_that_reads_none_of_a_long_text_may_still_speak() -> None:
    deaf = SPEAKS.replace("sys.stdin.buffer.read().decode()", "''")
    assert recorded_as(await engine(deaf).speak("您好" * 200_000, "zh")) == "audio/wav"


async def test_one_that_hangs_is_ended_with_all_it_has_started(tmp_path: Path) -> None:
    child = f"{sys.executable!r}, '-c', {HANGS!r}"
    program = (
        "import subprocess, pathlib\n"
        f"started = subprocess.Popen([{child}])\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(started.pid))\n{HANGS}"
    )
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await engine(program, within=3).speak("您好", "zh")
    assert time.monotonic() - began < 20
    started, until = int((tmp_path / "pid").read_text()), time.monotonic() + 10
    while not _is_gone(started):  # a kill is on its way for a moment
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


def _is_gone(pid: int) -> bool:
    """Whether a process is at work no longer, though nobody may have buried it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_it_speaks_from_a_loop_beside_the_main_thread_as_in_the_worker() -> None:
    with ThreadPoolExecutor(1) as beside:
        heard = beside.submit(lambda: asyncio.run(engine(SPEAKS).speak("您好", "zh"))).result()
    assert recorded_as(heard) == "audio/wav"


async def test_it_learns_nothing_of_our_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    shown = await engine("import os; print(dict(os.environ))").speak("", "zh")
    assert b"canary" not in shown
    assert b"PATH" in shown
    assert os.getenv("SECRET_KEY") == "canary"  # which it would have learned otherwise


def test_without_a_setting_nothing_speaks() -> None:
    assert open_speaker("") is None
    assert open_speaker("say --lang '{language}' -") == Command(
        ("say", "--lang", "{language}", "-")
    )


def test_a_command_is_looked_for_where_it_will_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "engine"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Settings(speaker_command=str(program)).speaker_command
    with pytest.raises(ValidationError, match="whole path"):
        Settings(speaker_command="engine")


@pytest.mark.parametrize(
    ("command", "says"), [("/no/such/engine", "no program"), ("'half", "quotation")]
)
def test_a_command_that_cannot_be_is_named_at_the_start(command: str, says: str) -> None:
    assert Settings(speaker_command=sys.executable).speaker_command
    with pytest.raises(ValidationError, match=says):
        Settings(speaker_command=command)
