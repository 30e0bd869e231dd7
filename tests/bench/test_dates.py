"""The bench's grains, right and wrong."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bench.dates import RIGHT, Phrase, measure, read
from knowledge.dates import Grain, Unclear, When

NOW = datetime(2026, 11, 24, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
START = datetime(2026, 11, 28, 15, tzinfo=NOW.tzinfo)
FOUND = When(Grain.MINUTE, START, START + timedelta(hours=33), "")


@pytest.mark.parametrize(
    ("grain", "expected", "right"),
    [
        ("minute", "2026-11-28T15:00", True),
        ("minute", "2026-11-28T15:00:00+08:00", True),
        ("minute", "2026-11-28T15:01", False),
        ("day", "2026-11-28", True),
        ("day", "2026-11-29", False),
        ("span", "2026-11-28/2026-11-29", True),
        ("span", "2026-11-28/2026-11-30", False),
        ("none", "", False),
        ("ask", "", False),
    ],
)
def test_a_definite_time_is_compared_by_its_grain(
    grain: str, expected: str, right: bool
) -> None:
    assert RIGHT[grain](FOUND, Phrase("", NOW, grain, expected)) is right


def test_to_find_nothing_and_to_ask_are_right_where_expected() -> None:
    assert RIGHT["none"](None, Phrase("", NOW, "none", ""))
    assert RIGHT["ask"](Unclear("", ()), Phrase("", NOW, "ask", ""))


def test_only_a_definite_wrong_answer_is_silent(tmp_path: Path) -> None:
    file = tmp_path / "f.tsv"
    file.write_text(
        "# a remark\n"
        "明天\t2026-11-24T10:00+08:00\tday\t2026-11-26\n"
        "明天三点\t2026-11-24T10:00\tminute\t2026-11-25T15:00\n"
        "你好\t2026-11-24T10:00\tnone\n",
        encoding="utf-8",
    )
    figures = measure(read(file))
    assert (figures["accuracy"], figures["silent_wrong"]) == (0.3333, 0.3333)


def test_an_unknown_grain_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "f.tsv").write_text("明天\t2026-11-24\tweek\t\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="line 1: grain week"):
        read(tmp_path / "f.tsv")
