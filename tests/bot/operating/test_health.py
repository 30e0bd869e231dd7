"""Each part says how it works and since when; a change is told once."""

import asyncio
import re
import shutil
from collections import namedtuple
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actions import conversations, vitals
from actions.content.editions import activate
from actions.content.model import Edition
from actions.conversations import Author
from actions.db import Database
from actions.errors import StoreUnsafe
from bot.desk.findings import SENTENCES, sentence
from bot.operating import health
from bot.operating.health import Part, State
from knowledge import manifest
from tests.bot.operating.conftest import ACTIONS, RASA, Watched, Watching
from tests.conftest import StandingClock

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WORKS = ("ok", "works")
VERSION = "0123456789abcdef"


def with_files(folder: Path) -> Path:
    """Something that was built, with its manifest."""
    folder.mkdir(parents=True)
    (folder / "words").write_text("甲")
    manifest.write(folder)
    return folder


def publish(watched: Watched) -> None:
    with watched.database.transaction() as db:
        now = watched.clock.now()
        activate(db, Edition(index_version=VERSION, revisions={}, published_at=now))


async def test_an_assistant_in_which_all_works_says_so_and_since_when(
    watching: Watching,
) -> None:
    watched = watching("telegram")
    publish(watched)
    with_files(watched.state_dir / "index" / VERSION)
    with_files(watched.state_dir / "models")
    watched.go_round(vitals.WORKER, vitals.courier("telegram"))
    began = watched.clock.now()
    assert set((await watched.found()).values()) == {WORKS}
    watched.clock.pass_by(timedelta(seconds=50))
    assert set((await watched.found()).values()) == {WORKS}
    assert {part.since for part in watched.overview.health.parts.values()} == {began}
    assert watched.overview.health.state == State.OK


@pytest.mark.parametrize("part", ["rasa", "actions"])
async def test_a_server_that_does_not_answer_is_down_and_so_is_the_whole(
    watched: Watched, part: str
) -> None:
    url = {"rasa": RASA, "actions": ACTIONS}[part]
    for status, why in ((None, "silent"), (503, "not_ready")):
        watched.servers.status[url] = status
        assert (await watched.found())[part] == ("down", why)
        assert watched.overview.health.state == State.DOWN
    watched.servers.status[url] = 200
    assert (await watched.found())[part] == WORKS
    assert watched.overview.health.state != State.DOWN


async def test_a_server_that_hangs_is_given_up(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "WITHIN", 0.05)
    watched.servers.seconds = 5
    checks = watched.overview.health.checks
    watched.overview.health.checks = {"rasa": checks["rasa"]}
    assert await watched.found() == {"rasa": ("down", "silent")}


async def test_a_server_that_takes_long_struggles(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.operating.checks.SLOW", 0.01)
    watched.servers.seconds = 0.05
    assert (await watched.found())["actions"] == ("degraded", "slow")


@pytest.mark.parametrize(
    ("error", "why"), [(StoreUnsafe("x"), "unsafe"), (OSError("x"), "silent")]
)
async def test_a_store_that_is_away_or_unsafe_is_down(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    def fail(_store: Database) -> None:
        raise error

    monkeypatch.setattr(Database, "check_durable", fail)
    assert (await watched.found())["database"] == ("down", why)


async def test_what_is_seen_through_the_store_is_not_seen_without_it(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.database.close()
    shutil.rmtree(watched.state_dir, ignore_errors=True)
    monkeypatch.setattr(watched.overview.reader, "read", raise_os_error)
    found = await watched.found()
    assert found["worker"] == found["disk"] == ("degraded", "unseen")


def raise_os_error() -> None:
    raise OSError("gone")


async def test_a_worker_that_goes_no_rounds_is_down_since_its_last(watched: Watched) -> None:
    assert (await watched.found())["worker"] == ("down", "never")
    watched.go_round(vitals.WORKER)
    last = watched.clock.now()
    assert (await watched.found())["worker"] == WORKS
    watched.clock.pass_by(timedelta(seconds=61))
    assert (await watched.found())["worker"] == ("down", "late")
    assert watched.overview.health.parts["worker"].since == last
    assert watched.overview.health.state == State.DEGRADED  # residents are answered
    watched.clock.pass_by(timedelta(days=-1))  # a clock that is set back accuses nobody
    assert (await watched.found())["worker"] == WORKS


async def test_files_that_are_missing_or_changed_are_told(watched: Watched) -> None:
    assert (await watched.found())["index"] == ("down", "none")
    publish(watched)
    found = await watched.found()
    assert found["index"] == found["model"] == ("ok", "elsewhere")
    (watched.state_dir / "index").mkdir()
    assert (await watched.found())["index"] == ("down", "missing")
    folder = with_files(watched.state_dir / "index" / VERSION)
    assert (await watched.found())["index"] == WORKS
    model = with_files(watched.state_dir / "models")
    (model / "words").write_text("乙")
    found = await watched.found()
    assert (found["index"], found["model"]) == (WORKS, ("down", "changed"))
    (folder / manifest.NAME).unlink()
    assert (await watched.found())["index"] == ("down", "missing")


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("free", "found"),
    [(11, WORKS), (9, ("degraded", "nearly_full")), (1, ("down", "full"))],
)
async def test_a_disk_that_fills_up_is_told_in_time(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, free: int, found: tuple[str, str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100, 100 - free, free))
    assert (await watched.found())["disk"] == found


async def test_a_platform_is_down_where_we_do_not_hear_it_or_nobody_brings(
    watching: Watching,
) -> None:
    watched = watching("telegram", "wechat")
    watched.go_round(vitals.courier("telegram"))
    assert (await watched.found())["telegram"] == WORKS
    assert (await watched.found())["wechat"] == ("down", "never")
    watched.hearing["telegram"] = False
    assert (await watched.found())["telegram"] == ("down", "unheard")


async def test_a_platform_that_takes_nothing_struggles_and_is_then_down(
    watching: Watching,
) -> None:
    watched = watching("telegram")
    now = watched.clock.now()
    with watched.database.transaction() as db:
        talk = conversations.at_address(db, channel="telegram", address="1", now=now)
        conversations.say(db, talk, "……", author=Author.ASSISTANT, now=now)
    for minutes, found in ((1, WORKS), (3, ("degraded", "waits")), (16, ("down", "stuck"))):
        watched.clock.moment = now + timedelta(minutes=minutes)
        watched.go_round(vitals.courier("telegram"))
        assert (await watched.found())["telegram"] == found


async def test_a_change_is_told_once_and_not_at_every_look(watched: Watched) -> None:
    watched.servers.status[RASA] = None
    with capture_logs() as logs:
        for _ in range(3):
            await watched.found()
        watched.servers.status[RASA] = 200
        for _ in range(3):
            await watched.found()
    of_rasa = [line for line in logs if line.get("part") == "rasa"]
    assert [(line["was"], line["state"], line["log_level"]) for line in of_rasa] == [
        ("", "down", "warning"),
        ("down", "ok", "info"),
    ]


async def test_many_who_ask_at_once_share_one_look(watched: Watched) -> None:
    watched.servers.seconds = 0.05
    await asyncio.gather(*(watched.overview.health.look() for _ in range(20)))
    assert len(watched.servers.asked) == 2  # Rasa and the actions
    await watched.overview.health.look()
    assert len(watched.servers.asked) == 2


def words_in(module: Path) -> set[str]:
    """The words a look may find, as they are written where it looks."""
    return set(re.findall(r'Found\(\w+(?:\.\w+)?, "(\w+)"', module.read_text("utf-8")))


@pytest.mark.parametrize("module", ["checks", "health"])
def test_every_finding_has_a_sentence(database: object, module: str) -> None:
    words = words_in(Path(f"bot/operating/{module}.py"))
    assert words
    assert words <= {why for _, why in SENTENCES}


def test_a_part_is_spoken_of_by_its_own_sentence(
    database: object, clock: StandingClock
) -> None:
    rasa, model = (
        Part(name, State.DOWN, "silent", clock.now(), 0.1) for name in ("rasa", "model")
    )
    assert sentence(rasa).zh.startswith("没有回答。居民的消息都留着")
    assert sentence(model).zh == "没有回答。"
