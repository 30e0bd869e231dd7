"""A new feed takes the old one's place in one step, or not at all."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from knowledge import check
from knowledge.__main__ import commands
from knowledge.transit import FeedInvalid, current, load_timetable, swap
from knowledge.transit.swap import SwapFailed, import_feed
from tests.knowledge.transit.conftest import FEED, write_feed, zip_feed

NEW_STOPS = FEED["stops.txt"] + "c,北站,30.3,120.6\n"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    write_feed(folder / "gtfs")
    return folder


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return write_feed(tmp_path / "new", stops=NEW_STOPS, translations=None)


def beside(pack: Path) -> list[str]:
    return sorted(file.name for file in pack.iterdir())


def test_a_new_feed_replaces_all_of_the_old_one(pack: Path, new: Path) -> None:
    import_feed(new, pack / "gtfs")
    assert load_timetable(pack / "gtfs").stops["c"].name.zh == "北站"
    assert not (pack / "gtfs" / "translations.txt").exists()
    assert beside(pack) == ["gtfs"]


def test_a_zip_is_taken_in_as_a_folder_is(pack: Path, new: Path, tmp_path: Path) -> None:
    import_feed(zip_feed(new, tmp_path / "new.zip"), pack / "gtfs")
    assert "c" in load_timetable(pack / "gtfs").stops


def test_a_community_without_a_feed_gets_its_first(new: Path, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    import_feed(new, tmp_path / "pack" / "gtfs")
    assert "c" in load_timetable(tmp_path / "pack" / "gtfs").stops


def test_a_bad_feed_never_replaces_a_good_one(pack: Path, new: Path) -> None:
    before = current.stamp(pack / "gtfs")
    (new / "trips.txt").write_text("trip_id,route_id,service_id\nt,r,nowhere\n", "utf-8")
    with pytest.raises(FeedInvalid, match="nowhere"):
        import_feed(new, pack / "gtfs")
    assert current.stamp(pack / "gtfs") == before
    assert beside(pack) == ["gtfs"]


def test_where_folders_cannot_be_exchanged_the_old_feed_stays(
    pack: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap, "RENAME_EXCHANGE", 1 << 30)  # no file system knows this flag
    with pytest.raises(SwapFailed, match="local disk"):
        import_feed(new, pack / "gtfs")
    assert "c" not in load_timetable(pack / "gtfs").stops
    assert beside(pack) == ["gtfs"]


def test_what_a_kill_left_lying_is_cleared_away(pack: Path, new: Path) -> None:
    write_feed(pack / ".gtfs-left")
    import_feed(new, pack / "gtfs")
    assert beside(pack) == ["gtfs"]


# Imports two feeds by turns, for ever; IN_PLACE is how it would be without the exchange.
IMPORTS = """
import sys
from pathlib import Path
from knowledge.transit.swap import import_feed
print("ready", flush=True)
while True:
    for feed in sys.argv[2:]:
        import_feed(Path(feed), Path(sys.argv[1]))
"""
IN_PLACE = """
import shutil, sys
from pathlib import Path
print("ready", flush=True)
while True:
    for feed in sys.argv[2:]:
        shutil.rmtree(sys.argv[1])
        shutil.copytree(feed, sys.argv[1])
"""


def states_after_kills(program: str, pack: Path, feeds: list[Path], kills: int) -> list[str]:
    """Kill an importing process again and again; tell what each kill left behind."""
    whole = {frozenset(read(feed).items()): feed.name for feed in feeds}
    states = []
    for number in range(kills):
        command = [sys.executable, "-c", program, str(pack / "gtfs"), *map(str, feeds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as importing:
            assert importing.stdout
            importing.stdout.readline()
            time.sleep(0.02 + 0.013 * number)
            importing.send_signal(signal.SIGKILL)
        states.append(whole.get(frozenset(read(pack / "gtfs").items()), "neither"))
    return states


def read(folder: Path) -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in folder.glob("*.txt")} if folder.is_dir() else {}


def test_a_kill_in_the_middle_leaves_the_old_feed_or_the_new(
    pack: Path, new: Path, tmp_path: Path
) -> None:
    feeds = [write_feed(tmp_path / "old"), new]
    states = states_after_kills(IMPORTS, pack, feeds, kills=8)
    assert set(states) <= {"old", "new"}


def test_without_the_exchange_a_kill_would_leave_half_a_feed(
    pack: Path, new: Path, tmp_path: Path
) -> None:
    """The control of the test above: it does see half a feed where there can be one."""
    feeds = [write_feed(tmp_path / "old"), new]
    states: list[str] = []
    while "neither" not in states and len(states) < 60:
        states += states_after_kills(IN_PLACE, pack, feeds, kills=4)
        write_feed(pack / "gtfs")
    assert "neither" in states


def test_the_command_says_what_it_took_in(
    tmp_path: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check.write_new(tmp_path / "community")
    monkeypatch.setenv("COMMUNITY_DIR", str(tmp_path / "community"))
    told = CliRunner().invoke(commands, ["import-feed", str(new)])
    assert told.exit_code == 0
    assert "3 stops and 2 lines" in " ".join(told.output.split())
    (new / "stops.txt").write_text("stop_id\n", "utf-8")
    refused = CliRunner().invoke(commands, ["import-feed", str(new)])
    assert isinstance(refused.exception, FeedInvalid)
    assert "stops.txt: the column stop_name is missing" in str(refused.exception)
