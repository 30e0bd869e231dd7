import os
import shutil
from pathlib import Path

import pytest

from setup.fingerprints import Ledger


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "inputs"
    (folder / "deeper").mkdir(parents=True)
    (folder / "a.yml").write_text("one")
    (folder / "deeper" / "b.yml").write_text("two")
    return folder


def fingerprint(folder: Path, *said: str) -> str:
    ledger = Ledger(folder.parent / "ledger.json")
    found = ledger.fingerprint([folder], *said)
    ledger.keep()
    return found


def test_the_same_content_has_the_same_fingerprint(folder: Path) -> None:
    assert fingerprint(folder) == fingerprint(folder)


def test_a_file_that_was_only_touched_changes_nothing(folder: Path) -> None:
    before = fingerprint(folder)
    os.utime(folder / "a.yml", (1, 1))

    assert fingerprint(folder) == before


def test_another_content_has_another_fingerprint(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / "deeper" / "b.yml").write_text("three")

    assert fingerprint(folder) != before


@pytest.mark.parametrize("change", ["more", "fewer", "renamed"])
def test_a_file_more_or_less_has_another_fingerprint(folder: Path, change: str) -> None:
    before = fingerprint(folder)
    if change == "more":
        (folder / "c.yml").write_text("")
    elif change == "fewer":
        (folder / "a.yml").unlink()
    else:
        (folder / "a.yml").rename(folder / "z.yml")

    assert fingerprint(folder) != before


def test_a_copy_in_another_folder_has_the_same_fingerprint(
    folder: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "elsewhere" / folder.name))

    assert fingerprint(copy) == fingerprint(folder)


def test_what_is_said_besides_counts(folder: Path) -> None:
    assert fingerprint(folder, "a command") != fingerprint(folder, "another")


def test_caches_of_python_do_not_count(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").write_text("")

    assert fingerprint(folder) == before


def test_a_file_is_not_read_again_while_its_size_and_time_are_the_same(folder: Path) -> None:
    before = fingerprint(folder)
    file = folder / "a.yml"
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    file.write_text("eno")  # the same length
    os.utime(file, ns=times)

    assert fingerprint(folder) == before
