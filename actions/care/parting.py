"""Two neighbours part: nothing is passed on between them, and they never meet again."""

from collections.abc import Callable
from datetime import datetime

from actions.care import whom
from actions.db import Db
from actions.people import blocks
from actions.relay import relaying
from actions.square import Square

# Ends what a topic has between two residents, and tells of it in words that blame nobody:
# (db, square, who wants it, the other, now). Put together in `bot/partings.py`.
Part = Callable[[Db, Square, str, str, datetime], None]


def part(
    db: Db, square: Square, resident_id: str, other_id: str, *, also: Part, now: datetime
) -> None:
    """Close what is open between two residents; the other side is not told by whom or why."""
    blocks.block(db, resident_id, other_id, now=now)
    for relay in whom.between(db, resident_id, other_id):
        relaying.close(db, relay.about, now=now)
    also(db, square, resident_id, other_id, now)
