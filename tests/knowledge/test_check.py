"""The check: a sentence naming file, record and mend for what matters, and nothing else."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge import check
from knowledge.errors import PackInvalid

SOURCE: dict[str, Any] = {"level": "sample", "source": "示例", "as_of": date(2026, 11, 23)}
NAME = {"zh": "馆", "en": "Hall"}
FACILITY: dict[str, Any] = {"id": "hall", "kind": "hall", "name": NAME, "what": NAME, **SOURCE}
ACTIVITY: dict[str, Any] = {
    **{"id": "dance", "kind": "club", "name": NAME, "venue": "hall", "places": 5},
    **{"first": {"weekday": "MO", "week_offset": 0}, "rrule": "FREQ=WEEKLY;BYDAY=MO"},
    **{"start": "09:00", "end": "10:00", **SOURCE},
}


def change(folder: Path, file: str, into: Callable[[dict[str, Any]], None]) -> None:
    content = yaml.safe_load((folder / file).read_text("utf-8"))
    into(content)
    (folder / file).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def with_hall(folder: Path, **fields: Any) -> None:
    change(folder, "facilities.yml", lambda c: c.update(facilities=[FACILITY | fields]))


def with_dance(folder: Path, **fields: Any) -> None:
    with_hall(folder)
    change(folder, "activities.yml", lambda c: c.update(activities=[ACTIVITY | fields]))


def mistakes(folder: Path) -> str:
    return "\n".join(check.check(folder)[0])


def test_the_shipped_pack_has_no_mistakes() -> None:
    assert check.check(Path("knowledge/data/guali"))[0] == []


def test_a_new_pack_is_valid_and_cannot_overwrite_another(tmp_path: Path) -> None:
    check.write_new(tmp_path / "new")
    assert check.check(tmp_path / "new", date(2026, 11, 24)) == ([], [])
    with pytest.raises(PackInvalid, match="not empty"):
        check.write_new(tmp_path / "new")


def test_a_small_pack_with_a_hall_and_a_dance_is_valid(folder: Path) -> None:
    with_dance(folder)
    assert mistakes(folder) == ""


def test_what_an_article_is_about_must_be_known(folder: Path) -> None:
    card = folder / "articles" / "card.md"
    told = card.read_text("utf-8").replace("topic: test", "topic: test\nabout: [attic]")
    card.write_text(told, encoding="utf-8")
    assert "articles/card.md, line 5, record card: about “attic” is unknown" in mistakes(folder)


def test_a_venue_nobody_knows_is_named(folder: Path) -> None:
    with_dance(folder, venue="attic")
    assert "record dance: venue “attic” is unknown" in mistakes(folder)


def test_an_exception_set_nobody_knows_is_named_once(folder: Path) -> None:
    with_hall(folder, exceptions="moon", opening_hours="Mo-Fr 09:00-17:00")
    assert mistakes(folder).count("record hall") == 1


@pytest.mark.parametrize("other", ["attic", "hall"])
def test_a_place_moved_to_nowhere_or_to_itself_is_named(folder: Path, other: str) -> None:
    with_hall(folder, moved_to=other)
    assert f"record hall: moved_to “{other}” is unknown" in mistakes(folder)


def test_hours_in_another_syntax_are_named(folder: Path) -> None:
    with_hall(folder, opening_hours="每天九点到五点")
    assert "record hall: opening_hours" in mistakes(folder)
    assert "write like" in mistakes(folder)


def test_an_activity_that_ends_before_it_begins_is_named(folder: Path) -> None:
    with_dance(folder, end="08:00")
    assert "record dance: end 08:00" in mistakes(folder)


def test_a_rule_that_cannot_be_read_is_named(folder: Path) -> None:
    with_dance(folder, rrule="every monday")
    assert "record dance: rrule" in mistakes(folder)


def test_two_activities_in_one_room_at_one_time_are_named(folder: Path) -> None:
    with_hall(folder)
    dance = ACTIVITY | {"room": "一号", "start": "09:00", "end": "10:00"}
    later = dance | {"id": "song", "start": "09:30", "end": "11:00"}
    after = dance | {"id": "chess", "start": "11:00", "end": "12:00"}
    change(folder, "activities.yml", lambda c: c.update(activities=[dance, later, after]))
    (found,) = [line for line in mistakes(folder).splitlines() if "room" in line]
    assert "record song" in found
    assert "“dance” is in hall 一号 at that time too (Monday 09:30)" in found


@pytest.mark.parametrize(
    ("answer", "heading", "line"),
    [("借书卡在一楼。", "中文", 12), ("a library card is on the first floor.", "English", 15)],
)
def test_a_section_of_an_article_that_is_empty_is_named_with_its_line(
    folder: Path, answer: str, heading: str, line: int
) -> None:
    article = folder / "articles" / "card.md"
    text = article.read_text("utf-8").replace(answer, "")
    article.write_text(text, "utf-8")
    said = f"articles/card.md, line {line}: “## {heading}” is empty; write it"
    assert mistakes(folder) == said
    assert check.check_part("articles/card.md", text) == [said]
    assert text.splitlines()[line - 1] == f"## {heading}"


STOP_TIMES = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("stop_times.txt", STOP_TIMES + "t,8.05,8.05,s,1\n", "line 2: departure_time “8.05”"),
        ("stop_times.txt", "trip_id,stop_id\nt,s\n", "the column departure_time is missing"),
        (
            "calendar_dates.txt",
            "service_id,date,exception_type\nx,2026-11-24,1\n",
            "write like 20261124",
        ),
        ("stops.txt", "stop_id,stop_name,stop_lat,stop_lon\ns,站,北纬30,120\n", "stop_lat"),
    ],
)
def test_a_broken_timetable_is_named(
    folder: Path, file: str, content: str, sentence: str
) -> None:
    (folder / "gtfs" / file).write_text(content, encoding="utf-8")
    assert f"gtfs/{file}" in mistakes(folder)
    assert sentence in mistakes(folder)


def test_what_is_past_its_date_is_a_warning(folder: Path) -> None:
    with_hall(folder, valid_until=date(2026, 1, 1))
    found, warnings = check.check(folder, date(2026, 11, 24))
    assert found == []
    assert warnings == [
        "facilities.yml, line 14, record hall: valid until 2026-01-01; look again"
    ]


def test_an_emergency_without_keywords_is_named(folder: Path) -> None:
    kind: dict[str, Any] = {"id": "flood", "name": NAME, "keywords": [], "number": "12o"}
    kind |= {"first_sentence": NAME, **SOURCE}
    change(folder, "categories.yml", lambda c: c.update(never_request=[kind]))
    assert "record flood: without keywords" in mistakes(folder)
    assert "number “12o”" in mistakes(folder)
