"""Keys of partners: who may file requests from outside, until their key is disabled."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from actions.db import Db
from actions.errors import XiaoliError
from actions.people.model import ApiKey, Area

NAME = re.compile(r"[\w.-]{2,40}")
KEY_BYTES = 24  # random ones: too many to guess, so a plain hash is enough


class KeyUnfit(XiaoliError):
    """A key cannot be like this; the message says what to change."""


@dataclass(frozen=True)
class Made:
    """A new key: `secret` is for the partner alone, the table holds its hash."""

    row: ApiKey
    secret: str


def add(db: Db, name: str, area_id: str, *, now: datetime) -> Made:
    """Make a partner's key.

    Raises:
        KeyUnfit: the name is taken or not a name, or there is no such area.
    """
    if not NAME.fullmatch(name):
        raise KeyUnfit(f"{name!r} cannot be a name; use 2 to 40 letters, digits, . - _")
    if db.scalar(select(ApiKey).where(ApiKey.name == name)) is not None:
        raise KeyUnfit(f"The name {name} is taken; choose another")
    if db.get(Area, area_id) is None:
        raise KeyUnfit(f"There is no area {area_id}; write it as a path, like guali/qicai/")
    secret = secrets.token_urlsafe(KEY_BYTES)
    row = ApiKey(name=name, key_hash=_hash_of(secret), area_id=area_id, created_at=now)
    db.add(row)
    db.flush()
    return Made(row, secret)


def disable(db: Db, name: str, *, now: datetime) -> ApiKey:
    """Take no more requests with a key, from this moment; those it brought stay.

    Raises:
        KeyUnfit: there is no key of that name.
    """
    row = db.scalar(select(ApiKey).where(ApiKey.name == name))
    if row is None:
        raise KeyUnfit(f"There is no key {name}; `list` shows them")
    row.disabled_at = row.disabled_at or now
    return row


def everyone(db: Db) -> list[ApiKey]:
    """Return all keys, disabled ones too, in the order they were made."""
    return list(db.scalars(select(ApiKey).order_by(ApiKey.id)))


def of(db: Db, secret: str) -> ApiKey | None:
    """Return the key with this secret; None when there is none, or it is disabled.

    Partners are few: every key is compared, each in the same time.
    """
    given, found = _hash_of(secret), None
    for row in db.scalars(select(ApiKey).where(ApiKey.disabled_at.is_(None))):
        if hmac.compare_digest(row.key_hash, given):
            found = row
    return found


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
