"""A swapped feed is taken up without a restart; a bad one leaves the old one serving."""

from pathlib import Path
from threading import Event, Thread

import pytest

from knowledge.pack import Pack, load_pack
from knowledge.transit import FeedInvalid, Timetable, current, load_timetable, open_timetable
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


def test_the_version_changes_with_what_a_feed_says_and_with_nothing_else(
    pack: Pack, tmp_path: Path
) -> None:
    before = open_timetable(pack).version
    assert load_timetable(write_feed(tmp_path / "same")).version == before
    assert len(before) == 16
    (pack.gtfs / "stops.txt").write_text(FEED["stops.txt"].replace("东站", "东门"), "utf-8")
    assert open_timetable(pack).version != before


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


def test_what_is_swapped_while_it_is_read_is_read_again(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read may be half of each: the swap comes before the reading is over."""
    new = write_feed(tmp_path / "new", stops=FEED["stops.txt"].replace("东站", "东门"))
    read: list[Timetable] = []

    def read_while_it_is_swapped(folder: Path) -> Timetable:
        timetable = load_timetable(folder)
        if not read:
            import_feed(new, pack.gtfs)
        read.append(timetable)
        return timetable

    monkeypatch.setattr(current, "load_timetable", read_while_it_is_swapped)
    assert open_timetable(pack).stops["a"].name.zh == "东门"
    assert len(read) == 2


def test_while_one_question_reads_a_new_feed_the_others_are_answered(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, reading, go_on = open_timetable(pack), Event(), Event()

    def read_slowly(folder: Path) -> Timetable:
        reading.set()
        assert go_on.wait(10)
        return load_timetable(folder)

    monkeypatch.setattr(current, "load_timetable", read_slowly)
    (pack.gtfs / "stops.txt").write_text(FEED["stops.txt"].replace("东站", "东门"), "utf-8")
    first = Thread(target=open_timetable, args=[pack])
    first.start()
    assert reading.wait(10)
    assert open_timetable(pack) is before
    go_on.set()
    first.join()
    assert open_timetable(pack).stops["a"].name.zh == "东门"
