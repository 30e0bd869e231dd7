"""A swapped feed is taken up without a restart; a bad one leaves the old one serving."""

from pathlib import Path
from threading import Thread

import pytest

from knowledge.pack import Pack, load_pack
from knowledge.transit import FeedInvalid, open_timetable
from knowledge.transit.swap import import_feed
from tests.knowledge.transit.conftest import FEED, write_feed


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    write_feed(tmp_path / "gtfs")
    return load_pack(Path("knowledge/data/guali")).model_copy(update={"folder": tmp_path})


def test_an_unchanged_feed_is_read_once(pack: Pack) -> None:
    assert open_timetable(pack) is open_timetable(pack)


def test_a_swapped_feed_serves_from_the_next_question_on(pack: Pack, tmp_path: Path) -> None:
    assert "c" not in open_timetable(pack).stops
    new = write_feed(tmp_path / "new", stops=FEED["stops.txt"] + "c,北站,30.3,120.6\n")
    import_feed(new, pack.gtfs)
    assert "c" in open_timetable(pack).stops


def test_a_table_edited_by_hand_is_taken_up_too(pack: Pack) -> None:
    open_timetable(pack)
    (pack.gtfs / "stops.txt").write_text(FEED["stops.txt"].replace("东站", "东门"), "utf-8")
    assert open_timetable(pack).stops["a"].name.zh == "东门"


def test_a_feed_that_cannot_be_read_leaves_the_old_one_serving(pack: Pack) -> None:
    before = open_timetable(pack)
    (pack.gtfs / "stops.txt").write_text("broken\n", "utf-8")
    assert open_timetable(pack) is before
    (pack.gtfs / "stops.txt").write_text(FEED["stops.txt"].replace("东站", "东门"), "utf-8")
    assert open_timetable(pack).stops["a"].name.zh == "东门"


def test_a_feed_that_vanishes_leaves_the_old_one_serving(pack: Pack) -> None:
    before = open_timetable(pack)
    pack.gtfs.rename(pack.gtfs.with_name("away"))
    assert open_timetable(pack) is before


def test_the_first_feed_must_be_sound(pack: Pack) -> None:
    (pack.gtfs / "stops.txt").write_text("broken\n", "utf-8")
    with pytest.raises(FeedInvalid):
        open_timetable(pack)


def test_a_community_without_a_feed_knows_no_stops(pack: Pack) -> None:
    for file in pack.gtfs.iterdir():
        file.unlink()
    assert open_timetable(pack).stops == {}


def test_while_feeds_are_swapped_everybody_gets_a_whole_one(pack: Pack, tmp_path: Path) -> None:
    """Old and new have other stops and calls; half of each would not be sound."""
    renamed = {name: text.replace("a,", "x,") for name, text in FEED.items()}
    new = write_feed(
        tmp_path / "new",
        stops=renamed["stops.txt"],
        stop_times=FEED["stop_times.txt"].replace(",a,", ",x,"),
    )
    old, seen, wrong = write_feed(tmp_path / "old"), set[str](), list[str]()

    def ask() -> None:
        for _ in range(60):
            stops = open_timetable(pack).stops
            seen.add("".join(stops))
            if set(stops) not in ({"a", "b"}, {"x", "b"}):
                wrong.append("".join(stops))

    asking = [Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    for _ in range(6):
        import_feed(new, pack.gtfs)
        import_feed(old, pack.gtfs)
    for thread in asking:
        thread.join()
    assert wrong == []
    assert seen
    assert set(open_timetable(pack).stops) == {"a", "b"}
