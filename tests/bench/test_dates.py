"""The bench's grains, right and wrong."""

from datetime import datetime, timedelta
from pathlib import Path
from time import sleep
from zoneinfo import ZoneInfo

import pytest

from bench.dates import RIGHT, Phrase, differing, measure, read
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
        ("range", "2026-11-28T15:00/2026-11-30T00:00", True),
        ("range", "2026-11-28T15:00/2026-11-29T00:00", False),
        ("range", "2026-11-28T14:00/2026-11-30T00:00", False),
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


def test_jionlp_s_lines_are_read_by_what_they_expect(tmp_path: Path) -> None:
    file = tmp_path / "f.tsv"
    file.write_text(
        "后天\t2021-06-14 01:06:40\ttime_point\taccurate\t"
        '["2021-06-16 00:00:00", "2021-06-16 23:59:59"]\n'
        '下周\t{"year": 2021, "month": 6}\ttime_span\taccurate\t'
        '["2021-06-07 00:00:00", "2021-06-13 23:59:59"]\n'
        "今晚八点\t[2021, 6, 14]\ttime_point\taccurate\t"
        '["2021-06-14 20:00:00", "2021-06-14 20:59:59"]\n'
        '两日\tnull\ttime_delta\taccurate\t{"day": 2.0}\n',
        encoding="utf-8",
    )
    phrases = read(file)
    assert [phrase.grain for phrase in phrases] == ["day", "span", "minute", "none"]
    assert [phrase.now.day for phrase in phrases[:3]] == [14, 1, 14]
    assert measure(phrases)["accuracy"] == 1.0


def test_a_reader_that_mixes_threads_up_is_noticed() -> None:
    phrases = [Phrase("", NOW + timedelta(days=n), "none", "") for n in range(40)]
    meant: list[datetime] = [NOW]

    def unsafe(text: str, now: datetime) -> When:
        meant[0] = now
        sleep(0.001)
        return When(Grain.DAY, meant[0], meant[0] + timedelta(days=1), text)

    assert differing(phrases, unsafe) > 0
