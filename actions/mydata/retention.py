"""How long what we know of residents is kept, table by table, and why; the rest goes each day.

Rows go with everything that hangs on them and with their words. What is history of others, or
counted, stays without its words. `tests/actions/mydata/test_retention.py` fails for a table
that is in neither list.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    Table,
    and_,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from actions.conversations import Status as Talk
from actions.db import Db
from actions.mydata import whose
from actions.mydata.whose import HOW, WORDS, Goes, Stays
from actions.outbox import OWED
from actions.turns import EntryState

AT_ONCE = 200  # rows in one transaction: nobody waits for it long

Condition = ColumnElement[bool]
Over = Callable[[Table, datetime], Condition]


def _past(column: str, *more: Callable[[Table], Condition]) -> Over:
    """Say that a moment lies before the limit, and whatever else has to hold."""
    return lambda here, limit: and_(here.c[column] < limit, *(also(here) for also in more))


def _talk_is_not_open(here: Table) -> Condition:
    talks = whose.table("conversations")
    open_ones = select(talks.c.id).where(talks.c.status == Talk.OPEN)
    return here.c.conversation_id.not_in(open_ones)


def _line_is_over(here: Table, limit: datetime) -> Condition:
    """Say that a line between neighbours is closed, and no report about it waits for staff."""
    lines, reports = whose.table("relays"), whose.table("neighbour_reports")
    told_of = select(reports.c.relay_id).where(
        reports.c.closed_at.is_(None), reports.c.relay_id.is_not(None)
    )
    over = select(lines.c.id).where(
        func.coalesce(lines.c.closed_at, lines.c.closes_at) < limit,
        lines.c.id.not_in(told_of),
    )
    return here.c.relay_id.in_(over)


def _session_is_over(here: Table, limit: datetime) -> Condition:
    sessions = whose.table("sessions")
    return here.c.session_id.in_(select(sessions.c.id).where(sessions.c.ends_at < limit))


def _is_dealt_with(here: Table) -> Condition:
    return here.c.state != EntryState.WAITING


def _is_owed_no_more(here: Table) -> Condition:
    return here.c.state.not_in(OWED)


FINISHED = ("resolved", "declined", "unconfirmed", "merged", "withdrawn")  # no work is left


def _is_finished(here: Table) -> Condition:
    return here.c.status.in_(FINISHED)


def _of_what_is_finished(here: Table) -> Condition:
    requests = whose.table("service_requests")
    return here.c.request_id.in_(select(requests.c.id).where(requests.c.status.in_(FINISHED)))


@dataclass(frozen=True)
class Rule:
    """What is `over` for so many days is due; `why` it is kept until then."""

    over: Over
    days: int
    why: str

    def limit(self, now: datetime) -> datetime:
        """Return the moment before which it must have been over."""
        return now - timedelta(days=self.days)


class Delete(Rule):
    """The rows go."""


class Empty(Rule):
    """The rows stay, without their words and what `whose.HOW` blanks."""


RULES: Mapping[str, Rule] = {
    "sign_in_attempts": Delete(_past("tried_at"), 7, "to slow down guessing"),
    "staff_sessions": Delete(_past("expires_at"), 7, "to look into a theft"),
    "link_codes": Delete(_past("expires_at"), 7, "to say why a code was refused"),
    "data_exports": Delete(_past("expires_at"), 7, "to see who fetched a copy, and when"),
    "inbox": Delete(_past("received_at", _is_dealt_with), 90, "to know a repeat again"),
    "outbox": Delete(_past("due_at", _is_owed_no_more), 90, "to answer: was I told?"),
    "happenings": Delete(_past("happened_at"), 30, "to announce them once the town's are back"),
    "paces": Delete(_past("free_at"), 7, "minutes would do"),
    "drafts": Delete(_past("updated_at"), 90, "to go on with a form"),
    "errands": Delete(_past("said_at"), 90, "to go on with what was left"),
    "messages": Delete(_past("created_at", _talk_is_not_open), 365, "to read back"),
    "told_answers": Delete(_past("told_at"), 365, "to tell who was told wrong"),
    "misses": Delete(_past("asked_at"), 365, "to answer better"),
    "relay_pending": Delete(_past("until"), 7, "minutes would do"),
    "relay_messages": Delete(_line_is_over, 30, "for a report of harassment"),
    "relay_releases": Delete(_line_is_over, 30, "for a report of harassment"),
    "check_in_days": Delete(_past("asked_at"), 90, "to see a change in somebody"),
    "check_ins": Delete(_past("ended_at"), 90, "to begin again as it was"),
    "open_to_meet": Delete(_past("ended_at"), 90, "to begin again as it was"),
    "introductions": Delete(_past("expires_at"), 365, "not to ask the same two again"),
    "news_told": Delete(_past("told_at"), 365, "not to tell the same twice"),
    "help_offers": Delete(_past("withdrawn_at"), 90, "to begin again as it was"),
    "acting": Delete(_past("ended_at"), 365, "who could act for whom, and when"),
    "alerts": Delete(_past("closed_at"), 365, "to see a change in somebody"),
    "suspensions": Delete(_past("until"), 730, "to see what happens again"),
    "consents": Delete(_past("withdrawn_at"), 1095, "to prove what was agreed to"),
    "meeting_seats": Delete(_past("taken_at"), 365, "who came"),
    "meeting_questions": Delete(_past("asked_at"), 365, "to report what came of it"),
    "waitlist": Delete(_session_is_over, 365, "to see whether places suffice"),
    "bookings": Empty(_session_is_over, 365, "the figures count rows, not names"),
    "draw_entries": Empty(_session_is_over, 365, "the result is published"),
    "help_requests": Empty(_past("expires_at"), 365, "a helper's hours count rows"),
    "neighbour_reports": Empty(_past("closed_at"), 730, "to see what happens again"),
    "service_requests": Empty(_past("created_at", _is_finished), 1095, "the town's record"),
    "request_updates": Empty(
        _past("happened_at", _of_what_is_finished), 1095, "the town's record"
    ),
}

# What has no term of its own, and why.
WITH_OTHERS: Mapping[str, str] = {
    "residents": "as long as they are with us: `silent` finds who is not",
    "addresses": "as long as its resident",
    "conversations": "as long as its resident",
    "nicknames": "as long as its resident",
    "callers": "as long as its resident",
    "news_subscriptions": "until they are taken back",
    "news_readers": "as long as anything is subscribed to",
    "blocks": "until whoever asked for it takes it back",
    "uploads": "with what it is attached to; alone a month: `unattached`",
    "words": "with what they are the words of",
    "turns": "with its inbox entry",
    "deeds": "with its inbox entry",
    "feedback": "with the message",
    "sendings": "with the message",
    "visits": "its words go with those of the booking",
    "help_offer_kinds": "with the offer",
    "help_matches": "ids and moments: the helper's own record",
    "relays": "ids and moments",
    "topics_raised": "ids only: how many raised it",
    "commitments": "ids only",
    "request_followers": "ids and moments: how many households it concerns",
    "request_ratings": "a number",
    "request_meanings": "with the words",
    "partner_requests": "ids and hashes, as long as the request",
}
UPLOADS = "uploads"
UNATTACHED_DAYS, SILENT_DAYS = 30, 730
# Where a photo may be attached.
ATTACHED = (
    ("messages", "attachments"),
    ("service_requests", "attachments"),
    ("request_updates", "attachments"),
    ("outbox", "photos"),
)


@dataclass(frozen=True)
class Due:
    """Some rows of one table that should be gone, or empty."""

    table: str
    keys: tuple[Any, ...]


def find(db: Db, *, now: datetime) -> Due | None:
    """Return some of what is due, of one table; None when nothing is. It may read a lot."""
    for name in RULES:
        if keys := overdue(db, name, now=now, limit=AT_ONCE):
            return Due(name, tuple(keys))
    alone = unattached(db, now=now, limit=AT_ONCE)
    return Due(UPLOADS, tuple(alone)) if alone else None


def let_go(db: Db, due: Due, *, now: datetime) -> int:
    """Let go of what was found, as far as it still is due; returns how many rows."""
    here = whose.table(due.table)
    if due.table == UPLOADS:
        nobodys = update(here).where(here.c.id.in_(due.keys))
        _change(db, nobodys.values(resident_id=None, staff_id=None))
        return len(due.keys)
    still = overdue(db, due.table, now=now, limit=AT_ONCE, among=due.keys)
    act = _remove if isinstance(RULES[due.table], Delete) else _empty
    act(db, here, still)
    return len(still)


def overdue(
    db: Db, name: str, *, now: datetime, limit: int, among: Collection[Any] | None = None
) -> list[Any]:
    """Return the keys of rows of a table that should be gone, or empty."""
    here, rule = whose.table(name), RULES[name]
    key = whose.key_of(here)
    wanted = select(key).where(rule.over(here, rule.limit(now)))
    if among is not None:
        wanted = wanted.where(key.in_(among))
    if isinstance(rule, Empty):
        wanted = wanted.where(_has_something(here))
    return list(db.scalars(wanted.order_by(key).limit(limit)))


def unattached(db: Db, *, now: datetime, limit: int) -> list[str]:
    """Return photos that were sent and belong to nothing, or to nothing that is still kept."""
    uploads = whose.table(UPLOADS)
    old = db.scalars(
        select(uploads.c.id)
        .where(
            uploads.c.created_at < now - timedelta(days=UNATTACHED_DAYS),
            or_(uploads.c.resident_id.is_not(None), uploads.c.staff_id.is_not(None)),
        )
        .order_by(uploads.c.id)
    ).all()
    used = _attached(db) if old else frozenset()
    return [upload for upload in old if upload not in used][:limit]


def silent(db: Db, *, now: datetime, limit: int) -> list[str]:
    """Return residents who have not written for so long that nothing they said is left.

    Nobody whom staff know by phone, who holds or offers something, or is looked after.
    """
    residents = whose.table("residents")
    standing = [
        (name, column, still)
        for name, column, still in (
            ("callers", "resident_id", None),
            ("bookings", "resident_id", _not_long_over(now)),
            ("check_ins", "resident_id", lambda here: here.c.ended_at.is_(None)),
            ("help_offers", "resident_id", lambda here: here.c.withdrawn_at.is_(None)),
            ("news_readers", "resident_id", None),
            ("consents", "resident_id", lambda here: here.c.withdrawn_at.is_(None)),
            ("acting", "actor_id", lambda here: here.c.ended_at.is_(None)),
            ("acting", "principal_id", lambda here: here.c.ended_at.is_(None)),
            ("service_requests", "resident_id", lambda here: ~_is_finished(here)),
        )
    ]
    talks, messages = whose.table("conversations"), whose.table("messages")
    speak = select(talks.c.resident_id).join(messages, messages.c.conversation_id == talks.c.id)
    nobodys = select(talks.c.resident_id).where(talks.c.address_id.in_(_nobodys()))
    wanted = select(residents.c.id).where(
        residents.c.created_at < now - timedelta(days=SILENT_DAYS),
        residents.c.id.not_in(speak),
        residents.c.id.not_in(nobodys),
        *(residents.c.id.not_in(_who(name, column, still)) for name, column, still in standing),
    )
    return list(db.scalars(wanted.order_by(residents.c.id).limit(limit)))


def _not_long_over(now: datetime) -> Callable[[Table], Condition]:
    limit = now - timedelta(days=SILENT_DAYS)
    return lambda here: ~_session_is_over(here, limit)


def _who(name: str, column: str, still: Callable[[Table], Condition] | None) -> Any:
    here = whose.table(name)
    found = select(here.c[column])
    return found if still is None else found.where(still(here))


def _nobodys() -> Any:
    addresses = whose.table("addresses")
    return select(addresses.c.id).where(addresses.c.channel == "nobody")


def _attached(db: Db) -> frozenset[str]:
    """Return the ids of all photos that belong to something."""
    found: set[str] = set()
    for name, column in ATTACHED:
        here = whose.table(name)
        something = cast(here.c[column], String) != "[]"
        for attachments in db.scalars(select(here.c[column]).where(something)):
            found |= {one["upload_id"] if isinstance(one, dict) else one for one in attachments}
    return frozenset(found)


def _has_something(here: Table) -> Condition:
    """Say that a row still has words, or something else that is to be emptied."""
    words = whose.table(WORDS)
    said = (column for column in here.columns if whose.target(column) == WORDS)
    return or_(*(exists().where(words.c.id == column, words.c.text != "") for column in said))


def _remove(db: Db, here: Table, keys: Collection[Any]) -> None:
    """Delete rows, with all that hangs on them, and with their words."""
    key = whose.key_of(here)
    for column in whose.referring(here.name):
        hanging = column.table
        if column.nullable:
            _change(db, update(hanging).where(column.in_(keys)).values({column.name: None}))
            continue
        own = HOW.get(hanging.name)
        if not isinstance(own, Goes):
            raise TypeError(
                f"{hanging.name} cannot go with {here.name}; say what becomes of it"
            )
        if len(hanging.primary_key.columns) > 1:
            _change(db, delete(hanging).where(column.in_(keys)))
        elif below := db.scalars(select(whose.key_of(hanging)).where(column.in_(keys))).all():
            _remove(db, hanging, below)
    said = _words(db, here, keys)
    _change(db, delete(here).where(key.in_(keys)))
    _drop_words(db, said)


def _empty(db: Db, here: Table, keys: Collection[Any]) -> None:
    """Take the words out of rows, and what is blanked when their resident is forgotten."""
    said = _words(db, here, keys)
    own = HOW[here.name]
    blank = dict(own.blank) if isinstance(own, Stays) else {}
    values = {name: value for name, value in blank.items() if value is not whose.Random}
    for column in here.columns:
        if whose.target(column) == WORDS and column.nullable:
            values[column.name] = None
    if values:
        _change(db, update(here).where(whose.key_of(here).in_(keys)).values(values))
    meanings, words = whose.table("request_meanings"), whose.table(WORDS)
    _change(db, delete(meanings).where(meanings.c.words_id.in_(said)))
    _change(db, update(words).where(words.c.id.in_(said)).values(text=""))
    _drop_words(db, said)


def _words(db: Db, here: Table, keys: Collection[Any]) -> list[int]:
    """Return the words that rows have."""
    key = whose.key_of(here)
    return [
        number
        for column in here.columns
        if whose.target(column) == WORDS
        for number in db.scalars(select(column).where(key.in_(keys), column.is_not(None)))
    ]


def _drop_words(db: Db, numbers: Sequence[int]) -> None:
    """Delete words that nothing has any more: a copy elsewhere keeps them."""
    words = whose.table(WORDS)
    used = or_(*(exists().where(column == words.c.id) for column in whose.referring(WORDS)))
    _change(db, delete(words).where(words.c.id.in_(numbers), ~used))


def _change(db: Db, statement: Any) -> None:
    db.execute(statement.execution_options(synchronize_session=False))
