"""The operator's commands about backups, as `make` calls them."""

import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from actions.backup import past, sealed
from actions.backup.errors import RestoreRefused
from actions.db import Database
from actions.errors import SettingInvalid
from bot.__main__ import commands
from tests.bot.conftest import PACK

KEY = "a key that is long enough"

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def state(migrated: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of an assistant, with a key for backups in a file."""
    folder, key_file = tmp_path / "var", tmp_path / "backup.key"
    folder.mkdir()
    key_file.write_text(f"{KEY}\n")
    key_file.chmod(0o600)
    monkeypatch.setattr(sealed, "COST", 2)
    monkeypatch.setenv("STATE_DIR", str(folder))
    monkeypatch.setenv("DATABASE_URL", str(migrated.engine.url))
    monkeypatch.setenv("COMMUNITY_DIR", str(PACK.folder))
    monkeypatch.setenv("BACKUP_KEY_FILE", str(key_file))
    monkeypatch.delenv("BACKUP_KEY", raising=False)
    return folder


def run(*words: str) -> Result:
    return CliRunner().invoke(commands, words)


def test_a_backup_goes_into_the_state_folder_if_nothing_else_is_said(state: Path) -> None:
    said = run("backup").stdout
    (made,) = (state / "backups").iterdir()
    assert said.startswith(f"✓ 备份好了 Backed up: {made}\n")
    assert past.read(state)[-1].file == str(made)


def test_old_ones_go_once_the_new_one_is_there(state: Path, tmp_path: Path) -> None:
    there = tmp_path / "kept"
    there.mkdir()
    old = [there / f"xiaoli-2026010{day}-020000.backup" for day in (1, 2, 3)]
    for file in old:
        file.touch()
    said = run("backup", "--to", str(there), "--keep", "2").stdout
    assert [file.exists() for file in old] == [False, False, True]
    assert f"Removed: {old[0]}" in said


def test_a_backup_that_fails_lets_nothing_go_and_is_known_by_its_exit_code(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "xiaoli-20260101-020000.backup"
    old.touch()
    monkeypatch.setenv("BACKUP_KEY_FILE", "")
    ended = run("backup", "--to", str(tmp_path), "--keep", "1")
    assert ended.exit_code == 1
    assert isinstance(ended.exception, SettingInvalid)
    assert "BACKUP_KEY" in str(ended.exception)
    assert old.exists()


def test_what_is_to_be_done_after_a_restore_is_said(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("backup")
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "new"))
    monkeypatch.setenv("DATABASE_URL", "")
    said = run("restore", past.read(state)[-1].file).stdout
    assert "✓ 已恢复到" in said
    assert "compared row by row" in said
    assert "→ Now make run: model and index are made again" in said
    assert (tmp_path / "new" / "xiaoli.db").exists()


def test_without_a_file_it_says_how_to_name_one(state: Path) -> None:
    ended = run("restore", "")
    assert isinstance(ended.exception, RestoreRefused)
    assert "make restore FILE=" in str(ended.exception)


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("backup", "bot backup"),
        ("backup TO=/mnt/kept KEEP=14", 'bot backup --to "/mnt/kept" --keep "14"'),
        ("restore FILE=a.backup", 'bot restore "a.backup"'),
        ("doctor", "bot doctor"),
    ],
)
def test_what_make_is_told_reaches_the_command(
    target: str, command: str, database: Database
) -> None:
    made = subprocess.run(
        ["make", "-n", "--no-print-directory", *target.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.splitlines()[-1].rstrip().endswith(command)
