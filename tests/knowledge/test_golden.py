"""Golden questions are read from a file that says where it is wrong."""

from pathlib import Path

import pytest

from knowledge.errors import PackInvalid
from knowledge.folder import Files
from knowledge.golden import COLUMNS, FILE, Golden, read_golden
from knowledge.pack import load_pack

HEAD = "\t".join(COLUMNS)


def written(folder: Path, *lines: str) -> Path:
    (folder / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / FILE


def read(file: Path) -> tuple[tuple[Golden, ...], list[str]]:
    files = Files(file.parent)
    return read_golden(file, files), files.mistakes


def test_a_question_names_its_records_and_what_was_asked_before(tmp_path: Path) -> None:
    file = written(
        tmp_path, HEAD, "followup\tzh\t多少钱\tgym,fees\t健身房在哪", "u\ten\tHi?\t\t"
    )
    assert read(file) == (
        (
            Golden(
                kind="followup",
                language="zh",
                question="多少钱",
                records=frozenset({"gym", "fees"}),
                after="健身房在哪",
            ),
            Golden(kind="u", language="en", question="Hi?", records=frozenset()),
        ),
        [],
    )


def test_a_pack_need_not_have_any(tmp_path: Path) -> None:
    assert read(tmp_path / FILE) == ((), [])


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("plain\tzh\t多少钱", "golden.tsv, line 2: 3 columns; write kind"),
        ("plain\tfr\tQuoi?\tgym\t", "line 2: language “fr” is unknown; write zh or en"),
        ("plain\tzh\t \tgym\t", "line 2: the question is empty"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(folder: Path, line: str, sentence: str) -> None:
    written(folder, HEAD, line)
    with pytest.raises(PackInvalid, match=sentence.replace("?", r"\?")):
        load_pack(folder)


def test_a_file_without_its_head_says_what_the_head_is(tmp_path: Path) -> None:
    _, mistakes = read(written(tmp_path, "plain\tzh\t多少钱\tgym\t"))
    assert mistakes == [
        "golden.tsv, line 1: the first line must name the columns: "
        "kind, language, question, records, after"
    ]
