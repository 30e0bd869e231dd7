"""A file is made wrong at a time, and the doctor says so with the mend."""

import fcntl
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from actions.backup import making, past, restoring
from actions.backup.past import Past
from bot.doctor import files
from knowledge import manifest
from tests.bot.doctor.conftest import Patient, only


@pytest.fixture
def made(patient: Patient) -> list[Path]:
    """All folders set-up makes, each with a file and its manifest; returns the files."""
    version, said = "0" * 16, patient.one.said
    folders = [said.encoder_dir, said.whisper_dir, said.index_dir / version]
    folders += [patient.state / name for name in ("models", "safety", "sorting")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "weights").write_text("as made")
        manifest.write(folder)
    (said.index_dir / "latest").write_text(version)
    return [folder / "weights" for folder in folders]


def test_files_as_they_were_made_are_well(patient: Patient, made: list[Path]) -> None:
    assert not list(files.made(patient.one))


@pytest.mark.parametrize("which", range(6))
def test_a_file_that_changed_is_named(patient: Patient, made: list[Path], which: int) -> None:
    made[which].write_text("as mads")
    found = only(files.made(patient.one))
    assert f"不会被加载：{made[which]}。请执行 make setup" in found.zh
    assert f"{made[which]}. Run make setup." in found.en


def test_nothing_made_yet_is_one_thing_to_mend(patient: Patient) -> None:
    assert only(files.made(patient.one)).zh.count("manifest.json") == 6


def test_secrets_others_may_read_are_named(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    secrets, settings = patient.one.said.secrets_file, tmp_path / ".env"
    secrets.write_text("{}")
    secrets.chmod(0o600)
    settings.write_text("PORT=8080\nTELEGRAM_TOKEN=\n# SECRET_KEY=in words\n")
    settings.chmod(0o644)  # there is no secret in it
    assert not list(files.private(patient.one))

    secrets.chmod(0o640)
    found = only(files.private(patient.one))
    assert f"chmod 600 {secrets}" in found.zh
    assert found.en.startswith("Others on this machine may read")
    secrets.chmod(0o600)
    settings.write_text("TELEGRAM_TOKEN=abc\n")
    assert "chmod o= .env" in only(files.private(patient.one)).en
    settings.chmod(0o640)
    assert not list(files.private(patient.one))


def test_a_restore_that_was_stopped_is_said(patient: Patient) -> None:
    assert not list(files.restored(patient.one))
    (patient.state / restoring.UNFINISHED).mkdir()
    found = only(files.restored(patient.one))
    assert "恢复没有完成" in found.zh
    assert "make restore" in found.en


def test_what_a_backup_that_was_killed_has_left_is_said(patient: Patient) -> None:
    assert not list(files.left_over(patient.one))
    (patient.state / making.STAGING).mkdir()
    found = only(files.left_over(patient.one))
    assert "未加密" in found.zh
    assert "make backup removes them" in found.en
    at_work = os.open(patient.state, os.O_RDONLY)
    fcntl.flock(at_work, fcntl.LOCK_EX)
    assert not list(files.left_over(patient.one))
    os.close(at_work)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder for backups that is on another disk."""
    folder = tmp_path / "backups"
    folder.mkdir()
    monkeypatch.setattr(files, "_same_disk", lambda *_: False)
    return folder


def backed_up(patient: Patient, folder: Path) -> Past:
    """A backup was made this moment."""
    file = folder / "xiaoli-20261124-020000.backup"
    file.write_text("sealed")
    one = Past(patient.clock.now(), str(file), 6, 1.0, ok=True)
    past.note(patient.state, one)
    return one


def test_a_backup_of_last_night_elsewhere_is_well(patient: Patient, elsewhere: Path) -> None:
    backed_up(patient, elsewhere)
    patient.clock.pass_by(timedelta(hours=25))
    assert not list(files.backups(patient.one))


# What went wrong since → what is said in both languages, and whether it has to be mended.
WRONG: dict[str, tuple[Callable[[Patient, Past], object], str, str, bool]] = {
    "long ago": (
        lambda patient, _: patient.clock.pass_by(timedelta(hours=27)),
        "太旧了",
        "The last backup is of 2026-11-24 02:00 UTC, too long ago",
        True,
    ),
    "the last try failed": (
        lambda patient, last: past.note(
            patient.state, replace(last, ok=False, trouble="磁盘满了。The disk is full.")
        ),
        "上一次备份没有做成：磁盘满了",
        "The disk is full",
        True,
    ),
    "moved away": (lambda _, last: Path(last.file).unlink(), "不在了", "is gone", False),
    "cut off": (
        lambda _, last: Path(last.file).write_text("seal"),
        "大小变了",
        "has another size now",
        True,
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_the_last_backup_is_said(
    patient: Patient, elsewhere: Path, what: str
) -> None:
    harm, zh, en, urgent = WRONG[what]
    harm(patient, backed_up(patient, elsewhere))
    found = only(files.backups(patient.one))
    assert zh in found.zh
    assert en in found.en
    assert found.urgent is urgent


def test_a_backup_beside_the_data_is_worth_knowing(patient: Patient, tmp_path: Path) -> None:
    backed_up(patient, tmp_path)
    found = only(files.backups(patient.one))
    assert "同一块磁盘" in found.zh
    assert not found.urgent


def test_none_at_all_has_to_be_mended_in_production(patient: Patient) -> None:
    assert not only(files.backups(patient.one)).urgent
    found = only(files.backups(patient.but(environment="production")))
    assert "还没有做过备份" in found.zh
    assert "No backup was ever made" in found.en
    assert found.urgent


def test_a_missing_key_is_worth_knowing(patient: Patient, elsewhere: Path) -> None:
    backed_up(patient, elsewhere)
    one = replace(
        patient.one, backups=patient.one.backups.model_copy(update={"backup_key": ""})
    )
    found = only(files.backups(one))
    assert "没有可用的备份密钥" in found.zh
    assert "BACKUP_KEY_FILE" in found.en
