from pathlib import Path

from knowledge import manifest


def test_what_is_as_written_has_not_changed(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a").write_text("a")
    manifest.write(tmp_path)
    assert manifest.changed(tmp_path, "deep/a") is None


def test_a_changed_a_missing_and_an_added_file_are_named(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text(name)
    manifest.write(tmp_path)
    (tmp_path / "a").write_text("A")
    (tmp_path / "b").unlink()
    (tmp_path / "c").write_text("c")
    assert [manifest.changed(tmp_path, name) for name in "abc"] == ["a", "b", "c"]


def test_the_first_of_all_files_that_is_not_as_written_is_named(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_text(name)
    manifest.write(tmp_path)
    assert manifest.first_changed(tmp_path) is None
    (tmp_path / "b").write_text("B")
    assert manifest.first_changed(tmp_path) == "b"


def test_a_missing_manifest_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    assert manifest.changed(tmp_path, "a") == manifest.NAME
