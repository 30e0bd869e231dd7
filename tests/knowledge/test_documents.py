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


# Two styles of the same list, each with comments that are nobody's to lose.
AT_THE_MARGIN = """# All of the halls.
facilities:
# the first
- id: a  # never renamed
  name: {zh: 甲, en: A}
  what: |
    One.

    # no comment, but a line of the text

# the second
- id: b
  hours:
  - '1'
  - '2'  # not yet
# after all of them
rules:
  # a rule
  most: 3
"""
INDENTED = """# All of the halls.
facilities:
  # the first
  -   id: a  # never renamed
      name: {zh: 甲, en: A}
      what: |
        One.

        # no comment, but a line of the text

  # the second
  -   id: b
      hours:
        - '1'
        - '2'  # not yet
  # after all of them
rules:
  # a rule
  most: 3
"""
BOTH = pytest.mark.parametrize("document", [AT_THE_MARGIN, INDENTED])
HALLS = LISTS["facility"]
ONE = "id: a\nname: {zh: 丙, en: C}\nrooms:\n- x\n"


@BOTH
@pytest.mark.parametrize("record_id", ["a", "b"])
def test_a_record_put_back_leaves_either_style_as_it_was(document: str, record_id: str) -> None:
    text = record_text(document, HALLS, record_id)
    assert text
    assert text.startswith(f"id: {record_id}")
    assert with_record(document, HALLS, record_id, text) == document


@BOTH
def test_a_record_is_replaced_in_place_in_the_documents_own_indentation(document: str) -> None:
    changed = with_record(document, HALLS, "a", ONE)
    read = yaml.safe_load(changed)
    assert read["facilities"][0] == yaml.safe_load(ONE)
    assert [hall["id"] for hall in read["facilities"]] == ["a", "b"]
    cut_from, cut_to = (
        document.index("id: a"),
        document.index("\n\n", document.index("line of")),
    )
    assert changed.startswith(document[:cut_from])
    assert changed.endswith(document[cut_to:])
    assert record_text(changed, HALLS, "a") == ONE


@BOTH
def test_a_last_record_is_replaced_without_what_follows_the_list(document: str) -> None:
    changed = with_record(document, HALLS, "b", "id: b\nhours: ['3']\n")
    assert yaml.safe_load(changed)["facilities"][1] == {"id": "b", "hours": ["3"]}
    assert changed.endswith(document[document.index("# after all of them") :])


@BOTH
def test_a_new_record_stands_below_the_last_as_the_others_do(document: str) -> None:
    changed = with_record(document, HALLS, "c", "id: c\nmore:\n  x: 1\n")
    read, before = yaml.safe_load(changed), yaml.safe_load(document)
    assert read == before | {
        "facilities": [*before["facilities"], {"id": "c", "more": {"x": 1}}]
    }
    assert len(changed.splitlines()) == len(document.splitlines()) + 3
    (added,) = [line for line in changed.splitlines() if "id: c" in line]
    (other,) = [line for line in document.splitlines() if "id: b" in line]
    assert added == other.replace("b", "c")
    for comment in ("# the first", "# never renamed", "# not yet", "# after all of them"):
        assert comment in changed


@pytest.mark.parametrize(
    ("document", "changed"),
    [
        ("facilities: []  # none yet\nb: 1\n", "facilities:  # none yet\n- id: c\nb: 1\n"),
        ("facilities:\nb: 1\n", "facilities:\n- id: c\nb: 1\n"),
        ("facilities: [\n]\nb: 1\n", "facilities:\n- id: c\nb: 1\n"),
        ("b: 1\n# the end\n", "b: 1\n# the end\nfacilities:\n- id: c\n"),
        ("", "facilities:\n- id: c\n"),
        ("facilities:\n  - id: d", "facilities:\n  - id: d\n  - id: c\n"),
    ],
)
def test_a_first_record_changes_nothing_else_either(document: str, changed: str) -> None:
    assert with_record(document, HALLS, "c", "  id: c") == changed


def test_records_in_one_line_are_left_alone_and_named() -> None:
    with pytest.raises(
        PackInvalid, match=r"facilities\.yml, line 2: write facilities one below"
    ):
        with_record("b: 1\nfacilities: [{id: d}]\n", HALLS, "c", "id: c\n")
