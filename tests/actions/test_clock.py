from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actions import settings
from actions.clock import open_clock
from actions.errors import SettingInvalid


def test_without_a_test_clock_the_machines_clock_runs() -> None:
    clock = open_clock(None)
    assert clock.now() <= datetime.now(UTC)


def test_every_process_reads_the_same_settable_clock(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    file.write_text("2026-11-28T14:00:00+08:00")
    passed = open_clock(file).now() - datetime(2026, 11, 28, 6, 0, tzinfo=UTC)
    assert timedelta(0) <= passed < timedelta(seconds=5)


def test_a_test_clock_is_refused_in_production(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TEST_CLOCK", str(tmp_path / "clock"))
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(SettingInvalid, match="TEST_CLOCK"):
        settings.read()


def test_a_setting_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIONS_PORT", "many")
    with pytest.raises(SettingInvalid, match="ACTIONS_PORT"):
        settings.read()
