"""How much we know of a resident, counted by kind of thing."""

from collections.abc import Mapping

from sqlalchemy import func, select

from actions.db import Db
from actions.mydata import whose
from actions.people import consents

# What is counted → the tables it lies in. Drafts, turns and the like are ours, not theirs.
KINDS: Mapping[str, tuple[str, ...]] = {
    "messages": ("messages",),
    "bookings": ("bookings", "waitlist", "draw_entries"),
    "requests": ("service_requests", "request_followers"),
    "help": ("help_requests", "help_offers", "help_matches"),
    "photos": ("uploads",),
}


def counts(db: Db, resident_id: str) -> dict[str, int]:
    """Count a resident's rows by kind; `consents` are those in force."""
    found = {
        kind: sum(_count(db, name, resident_id) for name in names)
        for kind, names in KINDS.items()
    }
    return found | {"consents": len(consents.in_force(db, resident_id))}


def _count(db: Db, name: str, resident_id: str) -> int:
    own = whose.HOW[name]
    here = whose.mine(name, resident_id, own.handed_out_by)
    return db.scalar(select(func.count()).select_from(whose.table(name)).where(here)) or 0
