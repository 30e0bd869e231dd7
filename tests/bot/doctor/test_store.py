"""The store is made wrong in one way at a time, and the doctor says so with the mend."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import create_engine, text, update

from actions import conversations, outbox, vitals
from actions.clock import SystemClock
from actions.conversations import Author, Upload
from actions.db import Database
from actions.migrate import revisions
from actions.outbox import Notice, NoticeState
from actions.sending import Sending
from actions.turns import EntryState, InboxEntry
from actions.vitals import Vitals
from bot.doctor import store
from bot.doctor.checks import OF_STORE, CheckOfStore
from bot.doctor.finding import Finding
from setup.supervisor import RUN_FILE
from tests.bot.doctor.conftest import Patient, only

ON_POSTGRES = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
CHECKS = [name for name in OF_STORE if name != "内容 Content"]


def asked(check: CheckOfStore, patient: Patient) -> list[Finding]:
    database = Database(patient.one.said.database)
    try:
        with database.reading() as db:
            return list(check(db, patient.one))
    finally:
        database.close()


def test_an_empty_store_is_well(with_store: Patient) -> None:
    with_store.one = replace(with_store.one, machine=SystemClock())
    found = {name: asked(OF_STORE[name], with_store) for name in CHECKS}
    assert found == {name: [] for name in CHECKS}


def test_a_store_that_may_lose_what_it_acknowledged_is_said(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.db")
    assert not list(store.durable(database))
    database.engine = create_engine(f"sqlite:///{tmp_path}/unsafe.db")  # without our settings
    found = only(store.durable(database))
    assert "断电会丢消息" in found.zh
    assert "journal_mode = delete; set it to wal" in found.en


@ON_POSTGRES
def test_a_server_that_does_not_wait_for_its_disk_is_said(with_store: Patient) -> None:
    unsafe = f"{with_store.one.said.database}?options=-c%20synchronous_commit%3Doff"
    database = Database(with_store.one.said.database)
    database.engine.dispose()
    database.engine = create_engine(unsafe.replace("postgresql://", "postgresql+psycopg://"))
    assert "synchronous_commit = off; set it to on" in only(store.durable(database)).en
    database.close()


@pytest.mark.parametrize(
    ("revision", "zh", "en"),
    [
        (revisions()[2], "还差 2 次升级", "2 migrations behind: run make setup"),
        ("f00000000000", "比程序新", "newer than this code"),
    ],
)
def test_a_store_of_another_version_is_said(
    with_store: Patient, database: Database, revision: str, zh: str, en: str
) -> None:
    with database.transaction() as db:
        db.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})
    found = only(asked(store.revision, with_store))
    assert zh in found.zh
    assert en in found.en


@ON_POSTGRES
def test_a_server_whose_clock_is_apart_is_said(with_store: Patient) -> None:
    found = only(asked(store.clock, with_store))  # the machine's stands in November
    assert "对时" in found.zh
    assert "s apart: set both" in found.en


def said_by_a_resident(patient: Patient, database: Database) -> InboxEntry:
    """A message that waits for its answer, and a file."""
    now = patient.clock.now()
    with database.transaction() as db:
        talk = conversations.at_address(db, channel="telegram", address="a", now=now)
        said = conversations.say(db, talk, "你好", author=Author.RESIDENT, now=now)
        entry = InboxEntry(
            channel="telegram",
            update_id="1",
            conversation_id=talk.id,
            message_id=said.id,
            received_at=now,
            next_try_at=now,
        )
        db.add(entry)
        db.add(
            Upload(
                id="f" * 32,
                resident_id=talk.resident_id,
                content_type="image/jpeg",
                size=1,
                created_at=now,
            )
        )
        return entry


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_messages_from_the_future_are_said(with_store: Patient, database: Database) -> None:
    said_by_a_resident(with_store, database)
    assert not asked(store.clock, with_store)
    with_store.clock.pass_by(-timedelta(minutes=30))
    found = only(asked(store.clock, with_store))
    assert "时钟倒退过" in found.zh
    assert "came in the future" in found.en


def test_what_waits_too_long_is_said_with_who_has_to_be_up(
    with_store: Patient, database: Database
) -> None:
    now = with_store.clock.now()
    said_by_a_resident(with_store, database)
    with database.transaction() as db:
        talk = db.query(conversations.Conversation).one()
        conversations.say(db, talk, "您好", author=Author.ASSISTANT, now=now)
        outbox.put(db, conversation_id=talk.id, response="utter_returned", due_at=now)
        later = now + timedelta(days=1)
        outbox.put(db, conversation_id=talk.id, response="utter_returned", due_at=later)
    assert not asked(store.waiting, with_store)
    with_store.clock.pass_by(timedelta(minutes=11))
    found = asked(store.waiting, with_store)
    assert [one.en for one in found] == [
        "1 messages of residents have waited since 11-24 02:00 UTC: is the bot up?",
        "1 notices have waited since 11-24 02:00 UTC: is the worker up?",
        "1 messages to platforms have waited since 11-24 02:00 UTC: is the worker up?",
    ]
    assert "请看 worker 是否在运行" in found[1].zh
    heard_of(with_store, database, vitals.WORKER)
    found = asked(store.waiting, with_store)
    assert found[0].en.endswith("is the bot up?")
    assert found[1].en.endswith("the worker is up, see its log.")
    assert "worker 在运行，请看它的日志" in found[2].zh
    with database.transaction() as db:
        for state in (InboxEntry.state, Notice.state, Sending.state):
            db.execute(update(state.class_).values(state="sent"))
    assert not asked(store.waiting, with_store)


def heard_of(patient: Patient, database: Database, *parts: str) -> None:
    """These have just gone their rounds."""
    telling = Vitals(database, patient.clock, CollectorRegistry())
    for part in parts:
        telling.beat(part)
    telling.write()


@pytest.fixture
def up(with_store: Patient) -> Patient:
    """An assistant that runs, on Telegram too."""
    with_store.one = with_store.but(telegram_token=f"1:{'a' * 35}", telegram_mode="polling")
    ours = psutil.Process()
    left = {"bot": {"pid": ours.pid, "port": 1, "started": ours.create_time()}}
    (with_store.state / RUN_FILE).write_text(json.dumps(left))
    return with_store


def test_a_worker_that_goes_its_rounds_is_well(up: Patient, database: Database) -> None:
    heard_of(up, database, "worker", "courier/telegram")
    up.clock.pass_by(timedelta(seconds=50))
    assert not asked(store.rounds, up)


def test_a_worker_that_stands_still_is_said_long_before_anything_has_waited(
    up: Patient, database: Database
) -> None:
    heard_of(up, database, "worker", "courier/telegram")
    up.clock.pass_by(timedelta(seconds=70))
    assert not asked(store.waiting, up)  # all that was guessed from before
    found = only(asked(store.rounds, up))
    assert found.en.startswith("The worker has not been heard of since 11-24 02:00 UTC;")
    assert found.en.endswith("look at the log, then restart the worker.")
    assert "从 11-24 02:00 UTC 起没有 worker 的消息" in found.zh
    assert found.urgent


def test_a_worker_that_never_went_a_round_is_said(up: Patient) -> None:
    found = only(asked(store.rounds, up))
    assert "The worker has never been heard of;" in found.en
    assert "一直没有 worker 的消息" in found.zh


def test_one_platform_that_nobody_brings_anything_to_is_named(
    up: Patient, database: Database
) -> None:
    heard_of(up, database, "worker", "courier/telegram", "courier/wechat")
    up.clock.pass_by(timedelta(seconds=70))
    heard_of(up, database, "worker")
    found = only(asked(store.rounds, up))  # WeChat is not set up any more
    assert "The worker's part for telegram has not been heard of since 11-24" in found.en


def test_where_nothing_runs_nobody_is_missed(up: Patient) -> None:
    (up.state / RUN_FILE).unlink()
    assert not asked(store.rounds, up)


def test_dead_letters_and_what_was_set_aside_are_counted(
    with_store: Patient, database: Database
) -> None:
    said_by_a_resident(with_store, database)
    now = with_store.clock.now()
    with database.transaction() as db:
        db.query(InboxEntry).one().state = EntryState.QUARANTINED
        talk = db.query(conversations.Conversation).one()
        dead = outbox.put(db, conversation_id=talk.id, response="utter_returned", due_at=now)
        dead.state = NoticeState.DEAD
    found = only(asked(store.lost, with_store))
    assert "有 2 条消息没有送到" in found.zh
    assert "2 messages did not arrive" in found.en
    assert "/desk/undelivered" in found.en


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_that_is_gone_is_said(with_store: Patient, database: Database) -> None:
    said_by_a_resident(with_store, database)
    folder = with_store.one.said.uploads_dir
    folder.mkdir()
    (folder / ("f" * 32)).touch()
    assert not asked(store.uploads, with_store)
    (folder / ("f" * 32)).unlink()
    found = only(asked(store.uploads, with_store))
    assert "缺少 1 个居民发来的文件" in found.zh
    assert "a backup has them" in found.en


@ON_POSTGRES
@pytest.mark.parametrize("version", [None, 9])
def test_a_tool_that_is_missing_or_too_old_is_said(
    with_store: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: int | None
) -> None:
    place = tmp_path / "bin"
    place.mkdir()
    if version:
        (place / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}.4'\n")
        (place / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", str(place))
    found = only(asked(store.tools, with_store))
    assert f"now: {version or 'none'}" in found.en
    assert "apt install postgresql-client-" in found.zh
