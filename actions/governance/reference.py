"""References: short, speakable, unique; `GQ-261124-0042` is the 42nd request of that day."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from actions.db import Db
from actions.governance.model import ReferenceCounter
from knowledge.pack import Pack
from knowledge.text import normalise

INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

# One character for one: a reference stands where it stood before.
SPOKEN = str.maketrans("〇零一幺二两三四五六七八九", "0011223456789")
SPOKEN |= {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # full width
# What people type: with or without letters, dashes, spaces; 0s may be missing in front. It
# begins with a day of this century's twenties or thirties, so no telephone number is one.
_DAY = r"[23]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_APART = r"[\s\-–—_横杠]*"
TYPED = re.compile(
    rf"(?:(?<![a-z])[a-z]{{2}}{_APART})?(?<!\d)({_DAY}){_APART}(\d{{1,5}})(?!\d)",
    re.IGNORECASE,
)


def next_reference(db: Db, pack: Pack, *, now: datetime) -> str:
    """Give out the next reference of today, in the caller's transaction.

    The counter's row is locked until that ends, so two requests never share a number.
    """
    day = f"{now.astimezone(pack.zone):%y%m%d}"
    return written(pack, day, _next_number(db, day))


def _next_number(db: Db, day: str) -> int:
    insert = INSERT[db.get_bind().dialect.name]
    counted = (
        insert(ReferenceCounter)
        .values(day=day, last=1)
        .on_conflict_do_update(
            index_elements=[ReferenceCounter.day], set_={"last": ReferenceCounter.last + 1}
        )
        .returning(ReferenceCounter.last)
    )
    return int(db.execute(counted).scalar_one())


def read_reference(pack: Pack, text: str) -> str | None:
    """Return the reference a text speaks of, written our way; None when it names none."""
    typed = TYPED.search(normalise(text).translate(SPOKEN))
    return written(pack, typed[1], int(typed[2])) if typed else None


def without_reference(text: str) -> str:
    """Return a text without the references in it, otherwise as it is."""
    kept, end = [], 0
    for typed in TYPED.finditer(text.translate(SPOKEN)):
        kept.append(text[end : typed.start()])
        end = typed.end()
    return "".join((*kept, text[end:]))


def written(pack: Pack, day: str, number: int) -> str:
    """Write a reference our way: of a day (as `yymmdd`), the request of this number."""
    return f"{_letters(pack)}-{day}-{number:04d}"


def _letters(pack: Pack) -> str:
    """Return two letters for the community: initials of its id, guali-qicai → GQ."""
    parts = [part for part in pack.community.id.split("-") if part]
    return ("".join(part[0] for part in parts) + pack.community.id[1:])[:2].upper()
