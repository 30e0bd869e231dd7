"""Everything we know of a resident, table by table, as JSON: what is handed out.

What is somebody else's stays theirs: whoever it is, and what they said, is only hinted at.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Row, Table, or_, select

from actions.db import Base, Db
from actions.mydata import whose
from actions.mydata.whose import CONVERSATIONS, HOUSEHOLDS, HOW, RESIDENTS, WORDS, Own
from actions.people.model import AuditEntry, Household, Resident, Words

FORMAT = "xiaoli-mydata/1"
SOMEBODY, STAFF, THEIR_WORDS = "somebody_else", "staff", "words_of_somebody_else"
# What staff read or did, as the audit log names it → the table its id is of.
SUBJECTS: Mapping[str, str] = {
    "resident": RESIDENTS,
    "conversation": CONVERSATIONS,
    "request": "service_requests",
    "booking": "bookings",
    "waitlist": "waitlist",
    "help": "help_requests",
    "upload": "uploads",
    "notice": "outbox",
    "question": "meeting_questions",
    "alert": "alerts",
    "report": "neighbour_reports",
}
AT_ONCE = 400  # ids in one query

Values = dict[str, Any]


@dataclass
class _Collecting:
    db: Db
    resident_id: str
    talks: frozenset[str]
    words: Mapping[int, str]
    said: set[int] = field(default_factory=set)  # words that stand in a row already


def collect(db: Db, resident_id: str, *, now: datetime) -> Values:
    """Return all that is a resident's now; the caller's session must see all rows."""
    talks = db.scalars(whose.rows(CONVERSATIONS, resident_id))
    own = select(Words.id, Words.text).where(Words.resident_id == resident_id)
    work = _Collecting(
        db,
        resident_id,
        frozenset(talks),
        {number: text for number, text in db.execute(own)},
    )
    found = {
        here.name: rows
        for here in Base.metadata.sorted_tables
        if here.name in HOW and here.name != WORDS
        if (rows := _rows(work, here, HOW[here.name]))
    }
    if home := _home(db, resident_id):
        found[HOUSEHOLDS] = [home]
    if left := [
        text for number, text in work.words.items() if number not in work.said and text
    ]:
        found[WORDS] = [{"text": text} for text in left]
    if looked := _looked_at(db, resident_id):
        found["audit"] = looked
    return {"format": FORMAT, "made_at": now.isoformat(), "tables": found}


def uploads(db: Db, resident_id: str) -> list[tuple[str, str]]:
    """Return the ids and content types of the files a resident has sent, oldest first."""
    here = whose.table("uploads")
    own = select(here.c.id, here.c.content_type).where(whose.mine("uploads", resident_id))
    found = db.execute(own.order_by(here.c.created_at, here.c.id))
    return [(upload_id, content_type) for upload_id, content_type in found]


def _rows(work: _Collecting, here: Table, own: Own) -> list[Values]:
    theirs = whose.mine(here.name, work.resident_id, own.handed_out_by)
    ordered = select(here).where(theirs).order_by(*here.primary_key.columns)
    return [
        {
            column.name: _value(work, column, row._mapping[column])
            for column in here.columns
            if column.name not in own.hidden
        }
        for row in work.db.execute(ordered)
        if not _is_left_out(work, here, own, row)
    ]


def _is_left_out(work: _Collecting, here: Table, own: Own, row: Row[Any]) -> bool:
    """Whether a row is not handed out, and its words neither."""
    if own.unless is None:
        return False
    name, values = own.unless
    if row._mapping[here.c[name]] not in values:
        return False
    words = (column for column in here.columns if whose.target(column) == WORDS)
    work.said |= {row._mapping[column] for column in words}
    return True


def _value(work: _Collecting, column: Column[Any], value: Any) -> Any:
    """Write a value; what it names of somebody else is not said."""
    to = whose.target(column)
    if value is None:
        return None
    if to == WORDS:
        work.said.add(value)
        return work.words.get(value, {"withheld": THEIR_WORDS})
    if to == "staff":
        return {"withheld": STAFF}
    if (to == RESIDENTS and value != work.resident_id) or (
        to == CONVERSATIONS and value not in work.talks
    ):
        return {"withheld": SOMEBODY}
    return _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case _:
            return value


def _home(db: Db, resident_id: str) -> Values | None:
    home = db.scalar(
        select(Household)
        .join(Resident, Resident.household_id == Household.id)
        .where(Resident.id == resident_id)
    )
    if home is None:
        return None
    return {
        column.name: _plain(getattr(home, column.name))
        for column in whose.table(HOUSEHOLDS).columns
    }


def _looked_at(db: Db, resident_id: str) -> list[Values]:
    """Return what staff did with what is theirs, by deed and moment; who it was is not said."""
    subjects = [
        f"{kind}:{key}"
        for kind, name in SUBJECTS.items()
        for key in db.scalars(whose.rows(name, resident_id))
    ]
    entries = {
        entry.id: {"deed": entry.deed, "happened_at": entry.happened_at.isoformat()}
        for some in _some(subjects)
        for entry in db.scalars(select(AuditEntry).where(AuditEntry.subject.in_(some)))
    }
    for talk in db.scalars(whose.rows(CONVERSATIONS, resident_id)):  # beside something else
        named = f"conversation:{talk}"
        beside = or_(
            AuditEntry.subject.startswith(f"{named} "), AuditEntry.subject.endswith(f" {named}")
        )
        for entry in db.scalars(select(AuditEntry).where(beside)):
            entries[entry.id] = {
                "deed": entry.deed,
                "happened_at": entry.happened_at.isoformat(),
            }
    return [entries[number] for number in sorted(entries)]


def _some(subjects: list[str]) -> Iterable[list[str]]:
    return (subjects[i : i + AT_ONCE] for i in range(0, len(subjects), AT_ONCE))
