"""What only one of the stores has."""

import os
import shutil
from pathlib import Path

import pytest

from actions.backup import stores
from actions.backup.errors import BackupFailed
from tests.actions.backup.conftest import ON_POSTGRES, Running


@ON_POSTGRES
def test_a_missing_tool_is_named_with_what_to_install(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackupFailed, match=r"缺少.*pg_dump.*postgresql-client"):
        running.back_up()


@ON_POSTGRES
def test_what_a_tool_complains_of_is_told_without_what_residents_wrote(
    running: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = "pg_dump: error: aborting because of server version mismatch"
    tool(monkeypatch, tmp_path, f"echo '{said}' >&2; echo 'DETAIL: 王阿姨说' >&2; exit 1")
    with pytest.raises(BackupFailed, match="server version mismatch") as refused:
        running.back_up()
    assert "王阿姨" not in str(refused.value)


@ON_POSTGRES
def test_no_password_stands_on_a_command_line_or_stays_in_a_file(
    running: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = running.said.database_url.replace("postgres@", "postgres:se%3Acret@")
    said = running.said.model_copy(update={"database_url": url})
    running.said = said
    real = shutil.which("pg_dump")
    seen, file = tmp_path / "seen", said.state_dir / "backing-up" / "pgpass"
    tool(monkeypatch, tmp_path, f'echo "$@" >{seen}; cat {file} >>{seen}; exec {real} "$@"')
    running.back_up()
    line, *passwords = seen.read_text().splitlines()
    assert "cret" not in line
    assert passwords == ["*:*:*:*:se\\:cret"]
    assert not file.exists()


def tool(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Put a program in the place of pg_dump."""
    place = folder / "bin"
    place.mkdir()
    (place / "pg_dump").write_text(f"#!/bin/sh\n{script}\n")
    (place / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", str(place), prepend=os.pathsep)


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="mysql"):
        stores.store_at("mysql://nowhere/x", tmp_path)
