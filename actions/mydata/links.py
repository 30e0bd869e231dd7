"""The secret link to everything we know of somebody: good for some minutes, kept as a hash."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select, update

from actions.db import Db
from actions.mydata.model import DataExport

LASTS = timedelta(minutes=15)
SECRET_BYTES = 32  # too many to guess, so a plain hash is enough
LINK = re.compile(r"/mydata/[\w-]{43}", re.ASCII)


def make(db: Db, resident_id: str, *, now: datetime) -> str:
    """Make a link to a resident's data; earlier ones end. Returns its secret, kept nowhere."""
    for before in db.scalars(select(DataExport).where(DataExport.resident_id == resident_id)):
        before.expires_at = min(before.expires_at, now)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    db.add(
        DataExport(
            secret_hash=_hash(secret),
            resident_id=resident_id,
            made_at=now,
            expires_at=now + LASTS,
        )
    )
    db.flush()
    return secret


def find(db: Db, secret: str, *, now: datetime) -> DataExport | None:
    """Return what a link leads to; None for one that is unknown or over, which look the same.

    Few links are good at a time: each is compared, all in the same time.
    """
    given, found = _hash(secret), None
    for one in db.scalars(select(DataExport).where(DataExport.expires_at > now)):
        if hmac.compare_digest(one.secret_hash, given):
            found = one
    return found


def masked(text: str) -> str:
    """Return what was said without a secret link: who answers at the desk may not follow it."""
    return LINK.sub("/mydata/…", text)


def note_fetched(db: Db, number: int, *, now: datetime) -> None:
    """Note that a link was followed, the first time it is."""
    db.execute(
        update(DataExport)
        .where(DataExport.id == number, DataExport.fetched_at.is_(None))
        .values(fetched_at=now)
        .execution_options(synchronize_session=False)
    )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
