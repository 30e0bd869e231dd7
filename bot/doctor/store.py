"""The store: whether it keeps what it acknowledges, fits the code, and is drained."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, text

from actions import migrate, undelivered, vitals
from actions.conversations import Upload
from actions.db import Database, Db
from actions.errors import StoreUnsafe
from actions.outbox import Notice, NoticeState
from actions.sending import Sending, SendingState
from actions.turns import EntryState, InboxEntry
from bot import doors
from bot.doctor import processes
from bot.doctor.finding import Finding, Installation
from bot.operating.checks import LATE

LONG = timedelta(minutes=10)  # nothing that is due waits so long while all is well
APART = timedelta(seconds=2)  # two machines' clocks
AHEAD = timedelta(minutes=5)
TOOL = "pg_dump"


def durable(database: Database) -> Iterator[Finding]:
    """Look whether it may lose what it has acknowledged."""
    try:
        database.check_durable()
    except StoreUnsafe as unsafe:
        yield Finding(f"数据库的设置不安全，断电会丢消息：{unsafe}", str(unsafe))


def revision(db: Db, _one: Installation) -> Iterator[Finding]:
    """Look whether its tables are those of this code."""
    known = migrate.revisions()
    found = db.scalar(text("SELECT version_num FROM alembic_version"))
    if found not in known:
        yield Finding(
            f"数据库（{found}）比程序新：请换用更新的程序，不要用旧程序写它。",
            f"The database ({found}) is newer than this code: take newer code; the old one "
            "must not write to it.",
        )
    elif behind := known.index(found):
        yield Finding(
            f"数据库还差 {behind} 次升级：请执行 make setup，再重新启动。",
            f"The database is {behind} migrations behind: run make setup, then restart.",
        )


def clock(db: Db, one: Installation) -> Iterator[Finding]:
    """Look whether its clock and this machine's agree, and nothing was written in future."""
    if db.get_bind().dialect.name == "postgresql":
        there = db.scalar(text("SELECT clock_timestamp()"))
        apart = abs(one.machine.now() - there)
        if apart > APART:
            seconds = apart.total_seconds()
            yield Finding(
                f"数据库的时钟和这台机器差 {seconds:.0f} 秒：请给两台机器对时（NTP）。",
                f"The database's clock and this machine's are {seconds:.0f} s apart: set both "
                "(NTP).",
            )
    newest = db.scalar(select(func.max(InboxEntry.received_at)))
    if newest and newest > one.now + AHEAD:
        yield Finding(
            f"最近的消息收到于将来（{newest:%Y-%m-%d %H:%M} UTC）：时钟倒退过，请对时。",
            f"The last message came in the future ({newest:%Y-%m-%d %H:%M} UTC): the machine's "
            "clock went back; set it.",
        )


def lost(db: Db, _one: Installation) -> Iterator[Finding]:
    """Look for what did not arrive, and what was set aside."""
    if count := undelivered.count(db):
        yield Finding(
            f"有 {count} 条消息没有送到或没有处理成：请工作人员在 /desk/undelivered 决定。",
            f"{count} messages did not arrive or could not be dealt with: staff decide at "
            "/desk/undelivered.",
        )


def rounds(db: Db, one: Installation) -> Iterator[Finding]:
    """Look whether the worker goes its rounds, and who brings messages to each platform."""
    if not processes.is_up(one):
        return  # which is told where the processes are looked at
    heard = vitals.beats(db)
    if not _goes(vitals.WORKER, heard, one):
        yield _unheard("worker", "The worker", heard.get(vitals.WORKER))
        return
    for channel in doors.open_all(one.said):
        if not _goes(part := vitals.courier(channel), heard, one):
            who = f"worker 里负责 {channel} 的部分", f"The worker's part for {channel}"
            yield _unheard(*who, heard.get(part))


def _goes(part: str, heard: Mapping[str, datetime], one: Installation) -> bool:
    return part in heard and one.now - heard[part] <= LATE


def _unheard(zh: str, en: str, last: datetime | None) -> Finding:
    since = f"{last:%m-%d %H:%M} UTC" if last else ""
    return Finding(
        f"{f'从 {since} 起' if since else '一直'}没有 {zh} 的消息，提醒、通知和发往平台的消息"
        "都停着：请看日志，再重新启动 worker。",
        f"{en} has {f'not been heard of since {since}' if since else 'never been heard of'}; "
        "reminders, notices and messages to platforms wait: look at the log, then restart the "
        "worker.",
    )


# What may wait: how it is named, its rows, and who has to be up.
WAITING: Mapping[tuple[str, str], tuple[type[Any], ColumnElement[bool], Any, str]] = {
    ("居民的消息", "messages of residents"): (
        InboxEntry,
        InboxEntry.state == EntryState.WAITING,
        InboxEntry.next_try_at,
        "bot",
    ),
    ("通知", "notices"): (Notice, Notice.state == NoticeState.WAITING, Notice.due_at, "worker"),
    ("发往平台的消息", "messages to platforms"): (
        Sending,
        Sending.state == SendingState.WAITING,
        Sending.due_at,
        "worker",
    ),
}


def waiting(db: Db, one: Installation) -> Iterator[Finding]:
    """Look for what is due and nobody deals with, whoever goes their rounds."""
    goes = _goes(vitals.WORKER, vitals.beats(db), one)
    for (zh, en), (table, waits, due_at, who) in WAITING.items():
        late = select(func.count(), func.min(due_at)).select_from(table)
        count, since = db.execute(late.where(waits, due_at < one.now - LONG)).one()
        if count:
            there = who == vitals.WORKER and goes
            yield Finding(
                f"{count} 条{zh}从 {since:%m-%d %H:%M} UTC 起没有处理："
                f"{f'{who} 在运行，请看它的日志' if there else f'请看 {who} 是否在运行'}。",
                f"{count} {en} have waited since {since:%m-%d %H:%M} UTC: "
                f"{f'the {who} is up, see its log.' if there else f'is the {who} up?'}",
            )


def uploads(db: Db, one: Installation) -> Iterator[Finding]:
    """Look for files that rows speak of and that are gone."""
    folder = one.said.uploads_dir
    there = {file.name for file in folder.iterdir()} if folder.exists() else set()
    if gone := sorted(set(db.scalars(select(Upload.id))) - there):
        yield Finding(
            f"{folder} 里缺少 {len(gone)} 个居民发来的文件（{gone[0]}）：可从备份里取回。",
            f"{len(gone)} files of residents are missing in {folder} ({gone[0]}): a backup has "
            "them.",
        )


def tools(db: Db, _one: Installation) -> Iterator[Finding]:
    """Look whether PostgreSQL's own tool for backups is there, and as new as the server."""
    if db.get_bind().dialect.name != "postgresql":
        return
    server = int(str(db.scalar(text("SHOW server_version_num")))) // 10000
    found = _version(TOOL)
    if found is None or found < server:
        install = f"apt install postgresql-client-{server}"
        yield Finding(
            f"备份要用 {TOOL} {server} 或更新的版本（现在：{found or '没有'}）：{install}。",
            f"Backups need {TOOL} {server} or newer (now: {found or 'none'}): {install}.",
        )


def _version(tool: str) -> int | None:
    """Return a tool's major version, None where it is missing."""
    path = shutil.which(tool)
    if path is None:
        return None
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    number = re.search(r"(\d+)[.\d]*", told.stdout)
    return int(number[1]) if number else None
