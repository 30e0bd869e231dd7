"""What ends between two neighbours once one of them wants nothing to do with the other.

Each topic that brings neighbours together has a row in `PARTINGS`. What it tells blames nobody:
the other side learns that something is off, not who asked for that, or why.
"""

from datetime import datetime

from actions.care.parting import Part
from actions.db import Db
from actions.neighbours.parting import end_matches
from actions.square import Square

# What topics end, in this order.
PARTINGS: tuple[Part, ...] = (end_matches,)


def part(db: Db, square: Square, resident_id: str, other_id: str, now: datetime) -> None:
    """End all that topics have between two residents."""
    for end in PARTINGS:
        end(db, square, resident_id, other_id, now)
