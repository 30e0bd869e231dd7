"""What staff read, changed or exported: appended only, each entry sealing the one before.

Whoever changes, drops or slips in an entry breaks every seal after it, and cannot make new ones
without the key. Entries hold ids, never words.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from actions.db import Db
from actions.people.locks import alone
from actions.people.model import AuditEntry

FIRST = "0" * 64  # what the first entry seals


@dataclass(frozen=True)
class Checked:
    """What a check of the log found; `broken_at` is the first entry that does not fit.

    `last_seal`, noted somewhere else, also shows later that the end was not cut off.
    """

    entries: int
    last_seal: str
    broken_at: int | None = None


def append(
    db: Db, *, key: str, staff_id: int | None, deed: str, subject: str, now: datetime
) -> AuditEntry:
    """Write down that somebody did `deed` ("read_request") to `subject` ("request:12").

    `staff_id` None is the operator at the command line. Best the last step of a transaction:
    until it ends, others wait to append.
    """
    alone(db, AuditEntry)
    last = db.scalar(select(AuditEntry.seal).order_by(AuditEntry.id.desc()).limit(1))
    entry = AuditEntry(staff_id=staff_id, deed=deed, subject=subject, happened_at=now)
    entry.seal = _seal(key, last or FIRST, entry)
    db.add(entry)
    db.flush()
    return entry


def check(db: Db, key: str) -> Checked:
    """Follow the chain from its first entry to the last."""
    seal, count = FIRST, 0
    in_order = select(AuditEntry).order_by(AuditEntry.id).execution_options(yield_per=1000)
    with db.scalars(in_order) as entries:
        for entry in entries:
            count, seal = count + 1, _seal(key, seal, entry)
            if not hmac.compare_digest(seal, entry.seal):
                return Checked(count, seal, broken_at=entry.id)
    return Checked(count, seal)


def _seal(key: str, before: str, entry: AuditEntry) -> str:
    happened = entry.happened_at.isoformat()
    facts = "\n".join([before, str(entry.staff_id), entry.deed, entry.subject, happened])
    return hmac.new(f"audit {key}".encode(), facts.encode(), hashlib.sha256).hexdigest()
