"""A pack as text: one record changes and nothing else; a mistake is told by its line."""

from pathlib import Path

import pytest
import yaml

from knowledge.check import check
from knowledge.documents import (
    LISTS,
    read_documents,
    record_text,
    version_of,
    with_record,
    write_documents,
)
from knowledge.errors import PackInvalid
from knowledge.pack import load_pack

GUALI = Path("knowledge/data/guali")
DOCUMENTS = read_documents(GUALI)


@pytest.mark.parametrize("kind", LISTS)
def test_every_record_put_back_leaves_the_document_as_it_was(kind: str) -> None:
    document, listed = DOCUMENTS[LISTS[kind].path], LISTS[kind]
    for record in yaml.safe_load(document)[listed.field]:
        text = record_text(document, listed, record["id"])
        assert text
        assert yaml.safe_load(text) == record
        assert with_record(document, listed, record["id"], text) == document


@pytest.mark.parametrize("kind", LISTS)
def test_a_new_record_is_added_at_the_end(kind: str) -> None:
    document, listed = DOCUMENTS[LISTS[kind].path], LISTS[kind]
    added = yaml.safe_load(with_record(document, listed, "new", "id: new\nkind: x\n"))
    assert added[listed.field][-1] == {"id": "new", "kind": "x"}
    assert added[listed.field][:-1] == yaml.safe_load(document)[listed.field]
    empty = yaml.safe_load(with_record(f"{listed.field}: []\n", listed, "new", "id: new\n"))
    assert empty == {listed.field: [{"id": "new"}]}


def test_a_record_that_is_no_yaml_is_told_by_its_line() -> None:
    with pytest.raises(PackInvalid, match=r"activities\.yml, line 3: "):
        with_record("activities: []", LISTS["activity"], "new", "id: new\nname: [a\n")


def test_the_version_names_exactly_the_content(tmp_path: Path) -> None:
    version = version_of(DOCUMENTS)
    write_documents(DOCUMENTS, tmp_path / version, GUALI / "gtfs")
    assert version_of(read_documents(tmp_path / version)) == version
    assert version_of(DOCUMENTS | {"help.yml": DOCUMENTS["help.yml"] + "\n"}) != version
    pack = load_pack(tmp_path / version)
    assert pack.gtfs == load_pack(GUALI).gtfs  # one timetable for all editions
    assert check(tmp_path / version)[0] == []


def test_what_is_too_large_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "photo.md").write_bytes(b"\xff\xd8\xff photo")
    (tmp_path / "articles" / "long.md").write_bytes(b"a" * 50_000_000)
    with pytest.raises(PackInvalid) as caught:
        read_documents(tmp_path)
    long, photo = caught.value.mistakes
    assert long.startswith("articles/long.md: 50.0 MB is too large")
    assert photo.startswith("articles/photo.md: this is a JPEG image")
