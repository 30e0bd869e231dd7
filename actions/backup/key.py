"""The key backups are sealed with, and what tells one SECRET_KEY from another."""

import hashlib
import hmac
from contextlib import suppress

from actions.errors import SettingInvalid
from actions.settings import BackupSettings, secret_key

SHORTEST = 16  # characters


def secret_of(said: BackupSettings) -> str:
    """Return the key backups are sealed with.

    Raises:
        SettingInvalid: there is none, or it is short enough to be guessed.
    """
    if len(said.backup_key) < SHORTEST:
        raise SettingInvalid(TOO_SHORT if said.backup_key else MISSING)
    return said.backup_key


def mark_of(said: BackupSettings) -> str:
    """Return what tells this SECRET_KEY from others and nothing else of it; empty: none yet."""
    with suppress(SettingInvalid):
        return hmac.digest(secret_key(said).encode(), b"backup", hashlib.sha256).hex()
    return ""


MISSING = (
    "没有备份密钥：请设置 BACKUP_KEY 或 BACKUP_KEY_FILE（可用 openssl rand -hex 32 生成），"
    "并另存一处——没有它，备份打不开。There is no key for backups: set BACKUP_KEY or "
    "BACKUP_KEY_FILE (openssl rand -hex 32 makes one), and keep it somewhere else too: "
    "without it no backup can be opened."
)
TOO_SHORT = (
    f"备份密钥太短：至少 {SHORTEST} 个字符。"
    f"The key for backups is too short: use {SHORTEST} characters or more."
)
