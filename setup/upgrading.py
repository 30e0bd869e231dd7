"""Takes over what is checked out: a backup, set-up with its migrations, what runs restarted.

A part that fails ends it, in a sentence; what comes after was not begun. To do it again is
safe: what is done is skipped, and migrations are done all or none.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

from setup import steps
from setup.processes import SETTLED_AFTER, answers
from setup.programs import LOOPBACK, address
from setup.settings import ROOT, VENV, Settings
from setup.supervisor import RUN_FILE, running_at
from setup.troubles import SetupFailed

_PYTHON = str(VENV / "bin" / "python")
SCHEMA = (_PYTHON, "-m", "actions", "schema")
BACKUP = (_PYTHON, "-m", "bot", "backup")
# Where a process answers once it works; the worker has no port.
READY = {"rasa": "/", "actions": "/health", "bot": "/healthz"}
WITHIN = 120.0  # seconds until a process that was asked to end is there again

Say = Callable[[str], None]


def upgrade(settings: Settings, say: Say) -> None:
    """Take over what is checked out, and say what was done.

    Raises:
        SetupFailed: the message says what was not done, and what to do.
    """
    before = _schema(settings)
    if before:
        _back_up(settings)
    with steps.one_at_a_time(settings):
        steps.make_models(settings)
        steps.make_state(settings)
    after = _schema(settings)
    say(_migrated(before, after))
    say(restart(settings))


def _schema(settings: Settings) -> str:
    """Return the revision of the store's schema, empty where there is no store yet."""
    asked = subprocess.run(
        SCHEMA, cwd=ROOT, env=_told(settings), stdout=subprocess.PIPE, text=True, check=False
    )
    if asked.returncode:
        raise SetupFailed(NOT_ASKED)
    return asked.stdout.strip()


def _back_up(settings: Settings) -> None:
    made = subprocess.run(BACKUP, cwd=ROOT, env=_told(settings), check=False)
    if made.returncode:
        raise SetupFailed(NO_BACKUP)


def _told(settings: Settings) -> Mapping[str, str]:
    return settings.variables | {"STATE_DIR": str(settings.state_dir)}


def _migrated(before: str, after: str) -> str:
    if before == after or not before:
        return SAME_TABLES.format(after)
    return MIGRATED.format(before, after)


def restart(settings: Settings) -> str:
    """Restart what runs here, one process after the other; returns what came of it.

    The process that keeps the others running stays as it is: where its own code has changed,
    nothing is restarted, and whoever started it has to.
    """
    if running_at(settings) is None:
        return NOT_RUNNING
    file = settings.state_dir / RUN_FILE
    running = _read(file)
    if _is_of_before(next(iter(running.values()))["pid"]):
        return KEEPER_CHANGED
    for name in running:
        try:
            os.killpg(_read(file)[name]["pid"], signal.SIGTERM)
        except (OSError, KeyError):
            return NOT_OURS
        if not _is_back(settings, name, running[name]["pid"]):
            raise SetupFailed(NOT_BACK.format(name))
    return RESTARTED.format(", ".join(running))


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text(encoding="utf-8")))


def _is_of_before(kept: int) -> bool:
    """Whether the keeper of a process was started before its own code came here."""
    began = psutil.Process(psutil.Process(kept).ppid()).create_time()
    code = (ROOT / "setup").glob("*.py")
    return any(file.stat().st_mtime > began for file in code)


def _is_back(settings: Settings, name: str, before: int) -> bool:
    """Wait until a process is another one, and answers."""
    end = time.monotonic() + WITHIN
    while time.monotonic() < end:
        now = _read(settings.state_dir / RUN_FILE).get(name, {"pid": before})
        if now["pid"] != before and _works(settings, name.partition("-")[0], now):
            return True
        time.sleep(0.1)
    return False


def _works(settings: Settings, kind: str, now: Mapping[str, Any]) -> bool:
    if now["port"] is None:
        return bool(time.time() - now["started"] > SETTLED_AFTER)
    public = address(settings.with_variables(PORT=str(now["port"])))
    inside = f"http://{LOOPBACK}:{now['port']}"
    return answers((public if kind == "bot" else inside) + READY[kind])


NOT_ASKED = (
    "数据库没有回答，什么都没有改动；原因见上。"
    "The database could not be asked, and nothing was changed; the reason is above."
)
NO_BACKUP = (
    "没有备份，所以没有升级；原因见上（docs/operating.md 说明怎样设置备份密钥）。"
    "Without a backup nothing was upgraded; the reason is above (docs/operating.md says how to "
    "set the key)."
)
SAME_TABLES = "✓ 数据库不用改 The tables are as this code wants them: {0}"
MIGRATED = (
    "✓ 数据库已升级 Migrated: {0} → {1}\n"
    "  要退回：停下来，make downgrade TO={0}（它说不行时，就恢复上面的备份），再换回旧程序。\n"
    "  The way back: stop it, make downgrade TO={0} (where that refuses, restore the backup "
    "above), then take the old code. docs/upgrading.md"
)
NOT_RUNNING = "→ 这里没有运行：请执行 make run。It does not run here: make run."
KEEPER_CHANGED = (
    "→ 请自己重新启动（systemctl restart xiaoli，或按 Ctrl-C 后 make run）："
    "看管各进程的程序也变了。"
    "Restart it yourself (systemctl restart xiaoli, or Ctrl-C and make run): what keeps the "
    "processes running has changed, too."
)
NOT_OURS = (
    "→ 进程属于别的用户，请自己重新启动（systemctl restart xiaoli）。"
    "The processes belong to another user: restart it yourself (systemctl restart xiaoli)."
)
NOT_BACK = (
    "{0} 重新启动后没有回答：请看日志；make doctor 会说哪里不对。"
    "{0} did not answer after its restart: see the log; make doctor says what is wrong."
)
RESTARTED = "✓ 已逐个重新启动 Restarted, one after the other: {0}"
