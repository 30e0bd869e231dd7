"""What lies in the state folder: models and indexes, secrets, backups."""

import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from actions.backup import making, past
from actions.backup.key import secret_of
from actions.backup.restoring import is_unfinished
from actions.errors import SettingInvalid
from bot.doctor.finding import Finding, Installation
from knowledge import index, manifest
from knowledge.errors import IndexUnusable

OLD = timedelta(hours=26)  # a night's backup, and some hours
SECRET = ("KEY", "SECRET", "TOKEN", "PASSWORD", "DATABASE_URL")  # of a setting's name


def made(one: Installation) -> Iterator[Finding]:
    """Look whether every file set-up has made is the one it made."""
    said = one.said
    state, folders = said.state_dir, [said.encoder_dir, said.whisper_dir]
    folders += [state / "models", state / "safety", said.sorting_dir, _latest(said.index_dir)]
    changed = [(folder, _changed(folder)) for folder in folders]
    if wrong := [str(folder / file) for folder, file in changed if file]:
        files = ", ".join(wrong)
        yield Finding(
            f"这些文件缺失或与生成时不同，不会被加载：{files}。请执行 make setup。",
            f"Files are missing or not as they were made, and are not loaded: {files}. "
            "Run make setup.",
        )


def _changed(folder: Path) -> str | None:
    try:
        return manifest.first_changed(folder)
    except OSError:
        return manifest.NAME


def _latest(folder: Path) -> Path:
    try:
        return index.folder_of(folder, index.latest(folder))
    except IndexUnusable:
        return folder


def private(one: Installation) -> Iterator[Finding]:
    """Look whether others on this machine may read secrets."""
    secrets, settings = one.said.secrets_file, Path(".env")
    files = {secrets: (0o077, "600")}
    if _tells_secrets(settings):
        files[settings] = (0o007, "o=")  # a group may be the assistant's own
    for file, (others, mend) in files.items():
        if file.is_file() and stat.S_IMODE(file.stat().st_mode) & others:
            yield Finding(
                f"这台机器上的其他人能读到 {file}：请执行 chmod {mend} {file}。",
                f"Others on this machine may read {file}: run chmod {mend} {file}.",
            )


def _tells_secrets(file: Path) -> bool:
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    said = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
    return any(value.strip() and name.strip().endswith(SECRET) for name, _, value in said)


def restored(one: Installation) -> Iterator[Finding]:
    """Look for a restore that has not come to its end."""
    if is_unfinished(one.said.state_dir):
        yield Finding(
            "恢复没有完成：请再执行一次 make restore FILE=…，会从头来过。",
            "A restore has not come to its end: run make restore FILE=… again, it begins anew.",
        )


def backups(one: Installation) -> Iterator[Finding]:
    """Look whether the last backup is there, is of last night, and can be made again."""
    tries = past.read(one.said.state_dir)
    good = [each for each in tries if each.ok]
    if not tries:
        yield Finding(
            "还没有做过备份：请执行 make backup，并每晚定时（docs/operating.md）。",
            "No backup was ever made: run make backup, and have it run each night "
            "(docs/operating.md).",
            urgent=one.said.environment == "production",
        )
        return
    if not tries[-1].ok:
        yield Finding(
            f"上一次备份没有做成：{tries[-1].trouble}",
            f"The last backup was not made: {tries[-1].trouble}",
        )
    if good:
        yield from _of_last(good[-1], one)
    yield from _of_key(one)


def _of_last(last: past.Past, one: Installation) -> Iterator[Finding]:
    file = Path(last.file)
    if one.now - last.at > OLD:
        yield Finding(
            f"最近一次备份是 {last.at:%Y-%m-%d %H:%M} UTC 的，太旧了：请看定时任务，"
            "并执行 make backup。",
            f"The last backup is of {last.at:%Y-%m-%d %H:%M} UTC, too long ago: see what "
            "should run it, and run make backup.",
        )
    if not file.is_file():
        yield Finding(
            f"最近的备份 {file} 不在了（若已另存他处，可不理会）。",
            f"The last backup {file} is gone (nothing to mend if it was moved elsewhere).",
            urgent=False,
        )
    elif file.stat().st_size != last.size:
        yield Finding(
            f"最近的备份 {file} 的大小变了：请重做一份。",
            f"The last backup {file} has another size now: make another one.",
        )
    elif _same_disk(file, one.said.state_dir):
        yield Finding(
            f"备份和数据在同一块磁盘上（{file.parent}）：磁盘坏了两样都没有，请另存一份。",
            f"Backups lie on the disk of the data ({file.parent}), and burn with it: keep "
            "copies elsewhere.",
            urgent=False,
        )


def _same_disk(one: Path, other: Path) -> bool:
    return one.stat().st_dev == other.stat().st_dev


def _of_key(one: Installation) -> Iterator[Finding]:
    try:
        secret_of(one.backups)
    except SettingInvalid:
        yield Finding(
            "这里没有可用的备份密钥：请设置 BACKUP_KEY 或 BACKUP_KEY_FILE（至少 16 个字符）。",
            "No usable key for backups is set here: set BACKUP_KEY or BACKUP_KEY_FILE "
            "(16 characters or more).",
            urgent=False,
        )


def left_over(one: Installation) -> Iterator[Finding]:
    """Look for what a backup that was killed has left: residents' words, unsealed."""
    folder = one.said.state_dir / making.STAGING
    if folder.exists() and not making.is_at_work(one.said.state_dir):
        yield Finding(
            f"被中断的备份在 {folder} 留下了未加密的副本：再执行一次 make backup 就会清除。",
            f"A backup that was stopped has left copies in {folder} that are not sealed: "
            "make backup removes them.",
        )
