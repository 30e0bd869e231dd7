"""A command of set-up is quiet when it went well, but for what must be seen."""

import sys
from pathlib import Path

import pytest

from setup import progress
from setup.progress import Task


def test_a_notice_is_shown_though_the_command_went_well(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said = "print('! Residents get the content from before'); print('chatter')"
    task = Task("Store", [sys.executable, "-c", said], {}, tmp_path / "log", 1, tmp_path)
    progress.run(task)
    shown = capfd.readouterr().err
    assert "! Residents get the content from before" in shown
    assert "chatter" not in shown
