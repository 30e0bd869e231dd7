"""How neighbours may call a resident: what they told us for that, nothing else."""

from datetime import datetime

from actions.db import Db
from actions.people.model import Nickname, Words

LONGEST = 12


def called(db: Db, resident_id: str) -> str | None:
    """Return how neighbours may call a resident; None when nothing was told for that."""
    found = db.get(Nickname, resident_id)
    return found.words.text if found else None


def call(db: Db, resident_id: str, name: str, *, now: datetime) -> None:
    """Call a resident so from now on. `name` must have been checked to be no phone or address.

    Raises ValueError for a name that is empty or too long.
    """
    name = name.strip()
    if not 1 <= len(name) <= LONGEST:
        raise ValueError(f"a nickname has 1 to {LONGEST} characters, not {len(name)}")
    found = db.get(Nickname, resident_id)
    if found is None:
        words = Words(resident_id=resident_id, text=name, created_at=now)
        db.add(Nickname(resident_id=resident_id, words=words))
    else:
        found.words.text = name
    db.flush()
