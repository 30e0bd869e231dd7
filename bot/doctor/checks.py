"""The table of all checks, and what comes of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from sqlalchemy import inspect, make_url
from sqlalchemy.exc import SQLAlchemyError

from actions.db import Database, Db
from actions.errors import kind_of
from bot.doctor import content, files, machine, processes, store
from bot.doctor.finding import Finding, Installation

Check = Callable[[Installation], Iterator[Finding]]
CheckOfStore = Callable[[Db, Installation], Iterator[Finding]]

# What is looked at → by which check. These need no store.
CHECKS: Mapping[str, Check] = {
    "Python 环境 Python": machine.environments,
    "磁盘 Disk": machine.disk,
    "时钟 Clock": machine.clock,
    "端口 Port": processes.ports,
    "进程 Processes": processes.running,
    "内部端口 Internal ports": processes.reachable,
    "证书 Certificate": machine.certificate,
    "模型和索引 Models and indexes": files.made,
    "密钥文件 Secrets": files.private,
    "备份 Backups": files.backups,
    "中断的备份 Backup that was stopped": files.left_over,
    "中断的恢复 Restore that was stopped": files.restored,
}
# These ask it.
OF_STORE: Mapping[str, CheckOfStore] = {
    "数据库版本 Schema": store.revision,
    "数据库时钟 Database clock": store.clock,
    "没送到的 Undelivered": store.lost,
    "后台 Worker": store.rounds,
    "积压 Waiting": store.waiting,
    "居民的文件 Uploads": store.uploads,
    "备份工具 Tools": store.tools,
    "内容 Content": content.told,
}
STORE = "数据库 Database"


def look(one: Installation) -> Iterator[tuple[str, list[Finding]]]:
    """Yield each thing that is looked at, with what was found."""
    for name, check in CHECKS.items():
        yield name, _found(partial(check, one))
    if not _is_there(one.said.database):
        yield STORE, [NOT_YET]
        return
    database = Database(one.said.database)
    try:
        yield from _of_store(database, one)
    finally:
        database.close()


def _is_there(url: str) -> bool:
    """Whether there may be a store: to open a file that is none would make it."""
    address = make_url(url)
    return address.get_backend_name() != "sqlite" or Path(address.database or "").is_file()


def _of_store(database: Database, one: Installation) -> Iterator[tuple[str, list[Finding]]]:
    try:
        found = list(store.durable(database))
        is_made = inspect(database.engine).has_table("alembic_version")
    except SQLAlchemyError as error:
        yield STORE, [_silent(error)]
        return
    yield STORE, found if is_made else [*found, NOT_YET]
    for name, check in OF_STORE.items() if is_made else ():
        yield name, _found(partial(_ask, database, check, one))


def _ask(database: Database, check: CheckOfStore, one: Installation) -> list[Finding]:
    with database.reading() as db:
        return list(check(db, one))


def _found(check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return what a check found; one that breaks says so, and the others go on."""
    try:
        return list(check())
    except Exception as error:
        kind = kind_of(error)
        return [Finding(f"这一项查不了（{kind}）。", f"This could not be looked at ({kind}).")]


def _silent(error: SQLAlchemyError) -> Finding:
    kind = kind_of(error)
    return Finding(
        f"连不上数据库（{kind}）：请看它是否在运行，DATABASE_URL 是否正确。",
        f"The database does not answer ({kind}): is it up, and is DATABASE_URL right?",
    )


NOT_YET = Finding(
    "还没有数据库：请执行 make setup。", "There is no database yet: run make setup."
)
