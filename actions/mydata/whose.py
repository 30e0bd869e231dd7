"""What is whose: how each table says to whom its rows belong, and what becomes of them.

One table, which counting, handing out and forgetting read. A table that is not in it, or a
column of it that nobody has decided about, fails `tests/actions/mydata/test_whose.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, or_, select

from actions.db import Base

RESIDENTS, WORDS, CONVERSATIONS = "residents", "words", "conversations"
HOUSEHOLDS = "households"  # of all who live there: goes with the last of them


class Random:
    """Something new that nobody knows is put into the column."""


@dataclass(frozen=True)
class Own:
    """Rows of a resident, known by these columns: each names a resident, or a row of theirs.

    `shown` are those of the columns by which a row is handed out, where not by all of them.
    `hidden` columns are never handed out, nor are rows that have one of these values in the
    column of `unless`.
    """

    by: tuple[str, ...]
    shown: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    unless: tuple[str, tuple[str, ...]] | None = None

    @property
    def handed_out_by(self) -> tuple[str, ...]:
        """The columns by which rows are handed out."""
        return self.shown or self.by


@dataclass(frozen=True)
class Goes(Own):
    """The rows are deleted when their resident is forgotten."""


@dataclass(frozen=True)
class Stays(Own):
    """The rows are history of others too: they stay, without the resident.

    Who and where become nobody's, words that are the resident's are let go; `blank` columns
    get another value, and all that is left is named in `as_is`.
    """

    blank: Mapping[str, Any] = field(default_factory=dict)
    as_is: tuple[str, ...] = ()


# Tables that hold nothing of residents: the community's, the content's, staff's.
NOTHING = frozenset(
    {"areas", "reference_counters", "erasures", "sessions", "session_changes", "draws"}
    | {"editions", "revisions", "publications", "offline", "recalls", "meetings", "topics"}
    | {"staff", "staff_chats", "staff_addresses", "staff_sessions", "saved_filters"}
    | {"sign_in_attempts", "api_keys", "audit", "paces"}  # ids and keyed hashes only
    | {"news", "news_versions", "news_changes", "news_broadcasts", "cursors"}
    | {"happenings"}  # ids, categories, areas and moments
    | {"beats", "tallies"}  # which parts work, and counts
    | {"learned_questions"}  # taught by staff; what still is somebody's own words goes
)

HOW: Mapping[str, Own] = {
    "residents": Goes(("id",)),
    "addresses": Goes(("resident_id",)),
    "acting": Goes(("actor_id", "principal_id")),
    "blocks": Goes(("resident_id", "other_id"), shown=("resident_id",)),
    "suspensions": Goes(("resident_id",)),
    "consents": Goes(("resident_id",)),
    "nicknames": Goes(("resident_id",)),
    "callers": Goes(("resident_id",)),
    "link_codes": Goes(("resident_id",), hidden=("name", "code_hash")),
    "data_exports": Goes(("resident_id",), hidden=("secret_hash",)),
    # The file goes once the row is nobody's: `files.remove_due`.
    "uploads": Stays(
        ("resident_id",),
        blank={"resident_id": None, "staff_id": None},
        as_is=("content_type", "size", "created_at"),
    ),
    WORDS: Stays(("resident_id",), blank={"text": ""}, as_is=("created_at",)),
    CONVERSATIONS: Goes(("resident_id",), hidden=("seat", "held_by")),
    "messages": Goes(("conversation_id",)),
    "sendings": Goes(("message_id",), hidden=("platform_id",)),
    "drafts": Goes(("conversation_id",)),
    "errands": Goes(("conversation_id",)),
    "feedback": Goes(("message_id",)),
    "inbox": Goes(("conversation_id",)),
    "turns": Goes(("conversation_id",)),
    "deeds": Goes(("inbox_id",)),
    "outbox": Goes(("conversation_id", "words_id"), shown=("conversation_id",)),
    "told_answers": Goes(("conversation_id",)),
    "misses": Goes(("conversation_id",)),
    "topics_raised": Stays(("conversation_id",), as_is=("topic_id", "request_id", "miss_id")),
    "meeting_seats": Goes(("conversation_id",)),
    "meeting_questions": Goes(("conversation_id",)),
    "alerts": Goes(("resident_id",)),
    "check_ins": Goes(("resident_id",)),
    "check_in_days": Goes(("resident_id",)),
    "open_to_meet": Goes(("resident_id",)),
    "introductions": Goes(("one_id", "other_id")),
    "news_subscriptions": Goes(("resident_id",)),
    "news_readers": Goes(("resident_id",)),
    "news_told": Goes(("resident_id",)),
    # Who is reported does not read it: it names, by its words, who did.
    "neighbour_reports": Stays(
        ("reporter_id", "reported_id"),
        shown=("reporter_id",),
        as_is=("relay_id", "made_at", "outcome", "staff_id", "closed_at", "area_id"),
    ),
    "bookings": Stays(
        ("resident_id",),
        blank={"token": Random},
        as_is=(
            *("code", "session_id", "places", "status", "booked_at", "cancelled_at"),
            *("staff_id", "checked_in_at", "missed", "area_id"),
        ),
    ),
    "visits": Goes(("booking_id",)),
    "waitlist": Goes(("resident_id",)),
    "draw_entries": Stays(  # what was drawn is published, and can be recomputed
        ("resident_id",),
        as_is=(
            *("ticket", "session_id", "places", "status", "entered_at", "group", "rank"),
            "area_id",
        ),
    ),
    "help_offers": Goes(("resident_id",)),
    "help_offer_kinds": Goes(("offer_id",)),
    "help_requests": Stays(  # part of what its helper did
        ("resident_id",),
        blank={"meaning": None, "special": [], "review": [], "place_id": None},
        as_is=(
            *("kind_id", "status", "minutes", "wanted_from", "wanted_until", "staff_id"),
            *("created_at", "opened_at", "expires_at", "look_at", "area_id"),
        ),
    ),
    "help_matches": Stays(
        ("helper_id", "request_id"),
        blank={"score": None, "metres": None},
        as_is=(
            *("status", "step", "asked_at", "answered_at", "arrived_at", "left_at"),
            *("helper_done_at", "asker_done_at", "thanked_at", "minutes"),
        ),
    ),
    "relays": Stays(
        ("one_id", "other_id"), as_is=("about", "opened_at", "closes_at", "closed_at")
    ),
    "relay_messages": Goes(("sender_id",)),
    "relay_releases": Goes(("giver_id",)),
    "relay_pending": Goes(("conversation_id",)),
    "service_requests": Stays(
        ("resident_id",),
        blank={"attachments": []},
        as_is=(
            *("reference", "category_id", "status", "team_id", "staff_id", "tier", "flagged"),
            *("due_at", "look_at", "nudged_at", "paused_at", "merged_into_id", "place_id"),
            *("lat", "lon", "visibility", "anonymous", "created_at", "area_id"),
        ),
    ),
    "request_updates": Stays(
        ("request_id",),
        unless=("kind", ("noted",)),  # among staff
        blank={"attachments": []},
        as_is=(*("kind", "status", "team_id", "tier", "staff_id", "other_id", "happened_at"),),
    ),
    "request_followers": Goes(("resident_id",)),
    "request_ratings": Stays(("resident_id",), as_is=("request_id", "rating", "given_at")),
    "request_meanings": Goes(("words_id",)),
    "partner_requests": Stays(
        ("request_id",),
        hidden=("repeat_hash", "content_hash"),
        blank={"repeat_hash": None, "content_hash": ""},
        as_is=("key_id",),
    ),
    "commitments": Stays(("request_id",), as_is=("topic_id",)),
}


def table(name: str) -> Table:
    """Return a table by its name."""
    return Base.metadata.tables[name]


def target(column: Column[Any]) -> str | None:
    """Return the table a column refers to; None when it refers to none."""
    return next((key.target_fullname.partition(".")[0] for key in column.foreign_keys), None)


def key_of(of: Table) -> Column[Any]:
    """Return the one column by which others refer to a table."""
    return next(iter(of.primary_key.columns))


def mine(name: str, resident_id: str, by: Sequence[str] = ()) -> ColumnElement[bool]:
    """Say in SQL which rows of a table are a resident's, by all its columns or by these."""
    own, here = HOW[name], table(name)
    return or_(*(points_at(here.c[column], resident_id) for column in by or own.by))


def points_at(column: Column[Any], resident_id: str) -> ColumnElement[bool]:
    """Say in SQL that a column names a resident, or a row of theirs."""
    to = target(column)
    if to is None or to == RESIDENTS:
        return column == resident_id
    return column.in_(rows(to, resident_id))


def rows(name: str, resident_id: str) -> Any:
    """Return the query for the keys of a resident's rows of a table."""
    return select(key_of(table(name))).where(mine(name, resident_id))


def referring(name: str) -> list[Column[Any]]:
    """Return every column of any table that refers to this one."""
    return [
        column
        for each in Base.metadata.sorted_tables
        for column in each.columns
        if target(column) == name
    ]
