"""Who is there, and whose a job is: real sessions with PostgreSQL, and a killed process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from actions.errors import SettingInvalid
from bot import presence
from bot.presence import Alone, Among, among, among_gateways

JOB = "hear telegram"
HOLDING = """
import sys, time
from bot.presence import among
here = among(sys.argv[1])
while not here.holds(sys.argv[2]):
    time.sleep(0.05)
print("ours", flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "EVERY", 0.05)


@pytest.fixture
def come(postgres_url: str) -> Iterator[Callable[[], Among]]:
    """Takes one more place among the processes of a store."""
    here: list[Among] = []

    def come_in() -> Among:
        here.append(Among(postgres_url))
        return here[-1]

    yield come_in
    for one in here:
        one.close()


def until(holds: Callable[[], object], seconds: float = 20) -> float:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() < began + seconds, "it never came to that"
        time.sleep(0.02)
    return time.monotonic() - began


def test_a_job_is_one_processs_and_the_next_ones_when_that_is_killed(
    postgres_url: str, come: Callable[[], Among]
) -> None:
    command = [sys.executable, "-c", HOLDING, postgres_url, JOB]
    first = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert first.stdout is not None
        while first.stdout.readline() != b"ours\n":
            assert first.poll() is None
        second = come()
        assert not second.holds(JOB)
        time.sleep(5 * presence.EVERY)
        assert not second.holds(JOB)
        os.kill(first.pid, signal.SIGKILL)
        assert until(lambda: second.holds(JOB)) < 5
    finally:
        first.kill()
        first.communicate()


def test_without_the_lock_both_do_it() -> None:
    assert all(alone.holds(JOB) for alone in (Alone(), Alone()))


def test_different_jobs_may_be_different_processes(come: Callable[[], Among]) -> None:
    one, two = come(), come()
    until(lambda: one.holds("upkeep"))
    until(lambda: two.holds(JOB))
    assert not two.holds("upkeep")


def test_one_that_is_cut_off_holds_nothing_and_is_there_again_later(
    postgres_url: str, come: Callable[[], Among]
) -> None:
    one = come()
    until(lambda: one.holds(JOB))
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    two = come()
    until(lambda: one.holds(JOB) or two.holds(JOB))
    assert not (one.holds(JOB) and two.holds(JOB))
    with psycopg.connect(postgres_url) as db:
        until(lambda: _there(db) == {one.number, two.number})


def _there(db: psycopg.Connection) -> set[int]:
    rows = db.execute(
        "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s",
        (presence.HERE,),
    )
    return {number for (number,) in rows}


def test_one_that_gives_no_sign_any_more_is_gone_for_postgresql(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a machine is cut off, or a process hangs."""
    silent = presence.SESSION | {"options": "-c idle_session_timeout=200"}
    monkeypatch.setattr(presence, "SESSION", silent)
    monkeypatch.setattr(presence, "EVERY", 600)
    one = Among(postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as db:
        assert one.number in _there(db)
        until(lambda: one.number not in _there(db))
    one.close()


def test_a_second_gateway_on_sqlite_is_refused_in_a_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/x.db"
    first = among_gateways(url)
    with pytest.raises(SettingInvalid, match="DATABASE_URL"):
        among_gateways(url)
    first.close()
    among_gateways(url).close()


def test_workers_on_sqlite_are_alone() -> None:
    assert isinstance(among("sqlite:///x.db"), Alone)
