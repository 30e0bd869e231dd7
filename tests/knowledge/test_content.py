"""Content files as people hand them in: what is wrong is a sentence with file and line."""

import tracemalloc
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from knowledge import check
from knowledge.__main__ import commands
from knowledge.content import LARGEST, Unreadable, load_yaml, read_text
from knowledge.errors import PackInvalid
from knowledge.pack import load_pack
from tests.knowledge.test_check import FACILITY, with_dance

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG, PDF, DOCX = b"\xff\xd8\xff\xe0\x00\x10JFIF", b"%PDF-1.7\n%\xe2\xe3", b"PK\x03\x04\x14\x00"


def said(folder: Path) -> str:
    return "\n".join(check.check(folder)[0])


def warned(folder: Path) -> list[str]:
    return check.check(folder)[1]


def line_with(file: Path, text: str) -> int:
    return 1 + file.read_text("utf-8").splitlines().index(text)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PNG, "a PNG image"), (JPEG, "a JPEG image"), (PDF, "a PDF"), (DOCX, "an Office or ZIP")],
)
@pytest.mark.parametrize("name", ["articles/card.md", "areas.yml"])
def test_something_else_in_place_of_text_is_called_what_it_is(
    folder: Path, name: str, content: bytes, kind: str
) -> None:
    (folder / name).write_bytes(content)
    assert f"{name}: this is {kind}" in said(folder)
    assert "write plain text in UTF-8 here" in said(folder)


@pytest.mark.parametrize("name", ["articles/card.md", "help.yml"])
def test_a_text_in_another_encoding_is_named_with_its_line(folder: Path, name: str) -> None:
    (folder / name).write_bytes("---\nid: card\ntitle: 借书卡\n".encode("gbk"))
    assert f"{name}, line 3: not in UTF-8 (perhaps in GBK)" in said(folder)


@pytest.mark.parametrize("content", [b"", b"  \n\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", ["articles/card.md", "activities.yml"])
def test_an_empty_file_is_named(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    assert f"{name}: this is empty" in said(folder)


def test_a_huge_article_is_refused_and_not_read(folder: Path) -> None:
    article = folder / "articles" / "card.md"
    with article.open("ab") as opened:
        opened.truncate(50_000_000)
    tracemalloc.start()
    found = said(folder)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "articles/card.md: 50.0 MB is too large, 0.3 MB is the most" in found
    assert most < 20_000_000


def test_an_article_as_large_as_is_allowed_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("a" * LARGEST[".md"])
    assert len(read_text(file)) == LARGEST[".md"]
    file.write_text("a" * (LARGEST[".md"] + 1))
    with pytest.raises(Unreadable, match="too large"):
        read_text(file)


def test_a_byte_order_mark_and_windows_lines_are_no_mistake(folder: Path) -> None:
    article = folder / "articles" / "card.md"
    windows = article.read_text("utf-8").replace("\n", "\r\n")
    article.write_bytes(windows.encode("utf-8-sig"))
    assert said(folder) == ""


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("- id: town/\n", "areas.yml, line 1: write names with a colon first"),
        ("areas: town\n", "areas.yml, line 1: areas cannot be read; write a list"),
        ("# ours\nareas:\n  town: 1\n", "areas.yml, line 2: areas cannot be read"),
        ("areas:\n- town\n", "areas.yml, line 1, areas number 1: give it an id"),
        ("areas:\n- {tier: town}\n", "areas.yml, line 2, areas number 1: give it an id"),
        ("areas:\n\t- id: x\n", "areas.yml, line 2: not readable YAML"),
        ("areas: []\nareas: []\n", "areas.yml, line 2: not readable YAML (“areas” is written"),
        ("a: " + "[" * 9999, "areas.yml"),
    ],
)
def test_another_shape_than_a_list_of_records_is_named(
    folder: Path, content: str, sentence: str
) -> None:
    (folder / "areas.yml").write_text(content, encoding="utf-8")
    assert sentence in said(folder)


def test_an_id_used_twice_is_named_with_both_lines(folder: Path) -> None:
    record = "- {id: t, tier: town, name: {zh: 队, en: Team}}\n"
    community = folder / "community.yml"
    content = yaml.safe_load(community.read_text("utf-8"))
    content.pop("teams")
    rest = yaml.safe_dump(content, allow_unicode=True)
    community.write_text(f"teams:\n{record}\n{record}{rest}", encoding="utf-8")
    assert (
        "community.yml, line 4, record t: the id is used twice, first on line 2; give one"
        in said(folder)
    )


def test_an_id_of_two_articles_is_named_with_both_files(folder: Path) -> None:
    again = (folder / "articles" / "card.md").read_text("utf-8")
    (folder / "articles" / "new.md").write_text(again, encoding="utf-8")
    assert (
        "articles/new.md, line 2: the id card is used twice, first in articles/card.md"
        in said(folder)
    )


def test_an_unknown_facility_is_named_with_its_line(folder: Path) -> None:
    with_dance(folder, venue="hal")
    line = line_with(folder / "activities.yml", "  venue: hal")
    assert (
        f"activities.yml, line {line}, record dance: venue “hal” is unknown; name a known one "
        "(is it hall?)" in said(folder)
    )


@pytest.mark.parametrize("start", ["25:61", "9.30", "09:60", "24:30", "九点", "9", ""])
def test_an_impossible_time_is_named_with_its_line(folder: Path, start: str) -> None:
    with_dance(folder, start=start)
    file = folder / "activities.yml"
    line = next(
        n for n, at in enumerate(file.read_text("utf-8").splitlines(), 1) if " start:" in at
    )
    assert f"activities.yml, line {line}, record dance: start" in said(folder)
    assert "no time of day; write like 09:00" in said(folder)


@pytest.mark.parametrize("hours", ["Mo-Fr 25:61-26:00", "Mo-Fr 08:70-09:00", "Mo-Fr 8-"])
def test_impossible_opening_hours_are_named_with_their_line(folder: Path, hours: str) -> None:
    with_dance(folder)
    content = {"facilities": [FACILITY | {"opening_hours": hours}], "exception_sets": {}}
    old = yaml.safe_load((folder / "facilities.yml").read_text("utf-8"))
    text = yaml.safe_dump(old | content | {"exception_sets": old["exception_sets"]})
    (folder / "facilities.yml").write_text(text, encoding="utf-8")
    line = line_with(folder / "facilities.yml", f"  opening_hours: {hours}")
    assert f"facilities.yml, line {line}, record hall: opening_hours" in said(folder)


def test_a_date_that_is_none_is_named_with_its_line(folder: Path) -> None:
    with_dance(folder, as_of="2026-13-45")
    assert "record dance: as_of “2026-13-45”" in said(folder)


def test_a_time_without_quotes_is_the_time_that_was_written(folder: Path) -> None:
    """YAML's own reading of 14:30 is 870, which would be fourteen and a half minutes."""
    with_dance(folder)
    file = folder / "activities.yml"
    text = file.read_text("utf-8").replace("09:00", "14:30").replace("'10:00'", "24:00")
    assert "start: 14:30\n" in text
    file.write_text(text, encoding="utf-8")
    dance = load_pack(folder).activities["dance"]
    assert f"{dance.start:%H:%M}–{dance.end:%H:%M}" == "14:30–23:59"


def test_what_is_not_quoted_stays_what_was_written() -> None:
    read = load_yaml("a: off\nb: 0571\nc: 2026-11-23\nd: true\ne: 12\nf:\n")
    assert read == {"a": "off", "b": "0571", "c": "2026-11-23", "d": True, "e": 12, "f": None}


def test_a_misspelt_field_is_asked_about(folder: Path) -> None:
    with_dance(folder, waitlst=True, organiser="club")
    line = line_with(folder / "activities.yml", "  waitlst: true")
    assert warned(folder) == [
        f"activities.yml, line {line}, record dance: the field waitlst is not read; "
        "did you mean waitlist?"
    ]


def test_a_misspelt_field_that_is_needed_is_found(folder: Path) -> None:
    with_dance(folder)
    file = folder / "activities.yml"
    file.write_text(file.read_text("utf-8").replace("  start:", "  strat:"), encoding="utf-8")
    assert "record dance: start — Field required; is it strat?" in said(folder)


def test_a_misspelt_field_of_an_article_is_asked_about(folder: Path) -> None:
    article = folder / "articles" / "card.md"
    text = article.read_text("utf-8").replace("topic: test", "topic: test\nvalid_untill: x")
    article.write_text(text, encoding="utf-8")
    assert warned(folder) == [
        "articles/card.md, line 5, record card: the field valid_untill is not read; "
        "did you mean valid_until?"
    ]


def test_the_shipped_pack_has_no_misspelt_fields() -> None:
    assert check.check(Path("knowledge/data/guali"))[1] == []


def test_a_file_among_the_articles_that_is_not_read_is_named(folder: Path) -> None:
    (folder / "articles" / "poster.png").write_bytes(PNG)
    assert said(folder) == ""
    assert "articles/poster.png is not read" in warned(folder)[0]


def test_a_pack_with_mistakes_leaves_the_built_index_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the check the encoder would be opened, and a version be begun."""
    built = tmp_path / "state" / "index" / "LATEST"
    built.parent.mkdir(parents=True)
    built.write_text("v1")
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COMMUNITY_DIR", str(folder))
    monkeypatch.setenv("ENCODER_DIR", str(tmp_path / "no-encoder"))
    with_dance(folder, venue="attic")
    load_pack.cache_clear()
    result = CliRunner().invoke(commands, ["build"])
    assert isinstance(result.exception, PackInvalid)
    assert "venue “attic”" in str(result.exception)
    assert "what was built before is as it was" in str(result.exception)
    assert [file.name for file in (tmp_path / "state").rglob("*")] == ["index", "LATEST"]


def test_what_is_loaded_keeps_serving_while_the_file_is_broken(folder: Path) -> None:
    before = load_pack(folder)
    (folder / "areas.yml").write_bytes(PNG)
    assert load_pack(folder) is before
