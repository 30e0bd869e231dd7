"""What ends, at once, with a consent that is taken back."""

from collections.abc import Callable, Mapping
from datetime import datetime

from actions.acquaintance import leaving as acquaintance
from actions.care import leaving as care
from actions.db import Db
from actions.neighbours import leaving as neighbours
from actions.people import consents
from actions.square import Square

End = Callable[[Db, Square, str, datetime], object]

# Purpose → what ends. Of "care" nothing goes on by itself: it is asked for when it is needed.
ENDS: Mapping[str, End] = {
    "help": lambda db, square, who, now: neighbours.stop(db, square, who, now=now),
    "check_in": lambda db, _square, who, now: care.end(db, who, now=now),
    "care": lambda _db, _square, _who, _now: None,
    "meet": lambda db, _square, who, now: acquaintance.close(db, who, now=now),
}


def take_back(db: Db, square: Square, resident_id: str, purpose: str, *, now: datetime) -> bool:
    """Take a consent back and end what stood on it; False when it was not in force."""
    if not consents.withdraw(db, resident_id, purpose, now=now):
        return False
    ENDS[purpose](db, square, resident_id, now)
    return True
