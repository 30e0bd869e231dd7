"""One person on several channels: what two residents have becomes one's, at once or not at all.

Which tables there are, and what may be in them once, is read from the schema; `RULES` says of
each table in which the two may collide what becomes of that. Nothing of it is a topic's: a new
table with residents in it is moved, and a new uniqueness without a rule fails a test.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Row,
    Table,
    UniqueConstraint,
    and_,
    delete,
    or_,
    select,
    update,
)

from actions.db import Base, Db
from actions.errors import Refusal
from actions.people.model import Acting, LinkCode, Resident


@dataclass(frozen=True)
class Two:
    """Who is merged: all of `second`'s becomes `first`'s."""

    db: Db
    first: str
    second: str
    now: datetime


@dataclass(frozen=True)
class Clash:
    """Two rows that cannot both be of one resident; `theirs` is the first's, `ours` not."""

    table: Table
    theirs: Row[Any]
    ours: Row[Any]


@dataclass(frozen=True)
class Uniqueness:
    """Columns that may be the same once in a table, among the rows of a condition."""

    columns: tuple[Column[Any], ...]
    among: ColumnElement[bool] | None = None


Rule = Callable[[Two, Clash], None]


def merge(db: Db, first: Resident, second: Resident, *, now: datetime) -> None:
    """Make one resident of two: `first`, who has all that either had.

    Everybody holds on to objects of the session at their own risk: they are read anew.

    Raises:
        Refusal: both have what one may have once; nothing was changed that a rollback keeps.
    """
    two = Two(db, first.id, second.id, now)
    db.flush()
    _hold(two)
    _agree_on_home(first, second)
    first.elder = first.elder or second.elder
    first.area_id = first.area_id or second.area_id
    db.flush()
    _forget_what_was_between(two)
    for table in tables():
        _settle(two, table)
        for column in residents_in(table):
            changed = update(table).where(column == two.second).values({column: two.first})
            db.execute(changed)
    _tidy(two)
    db.execute(delete(Resident).where(Resident.id == two.second))  # fails if something is left
    db.expire_all()


def tables() -> list[Table]:
    """Return the tables that speak of residents, but for their own."""
    return [
        table
        for table in Base.metadata.sorted_tables
        if residents_in(table) and table.name != Resident.__tablename__
    ]


def residents_in(table: Table) -> list[Column[Any]]:
    """Return the columns that name a resident."""
    target = f"{Resident.__tablename__}.id"
    return [
        column
        for column in table.columns
        if any(key.target_fullname == target for key in column.foreign_keys)
    ]


def uniquenesses(table: Table) -> list[Uniqueness]:
    """Return what may be in a table once, as far as residents are part of it."""
    found = [Uniqueness(tuple(table.primary_key.columns))]
    found += [
        Uniqueness(tuple(one.columns))
        for one in table.constraints
        if isinstance(one, UniqueConstraint)
    ]
    found += [
        Uniqueness(tuple(one.columns), one.dialect_options["sqlite"]["where"])
        for one in table.indexes
        if one.unique
    ]
    named = set(residents_in(table))
    return [one for one in found if named & set(one.columns)]


# What becomes of two rows that cannot both stay.


def refuse(response: str) -> Rule:
    """Have them settle it themselves."""

    def refused(_two: Two, _clash: Clash) -> None:
        raise Refusal(response)

    return refused


def keep_theirs(two: Two, clash: Clash) -> None:
    """The first's row stays, with whatever hangs on it; the second's goes."""
    _drop(two.db, clash.table, clash.ours)


def end_lesser(column: str, by: str) -> Rule:
    """The one that is the latest in `by` goes on; that the other ended is written down."""

    def ended(two: Two, clash: Clash) -> None:
        ours, theirs = getattr(clash.ours, by), getattr(clash.theirs, by)
        ours_goes_on = ours is not None and (theirs is None or ours > theirs)
        row = clash.theirs if ours_goes_on else clash.ours
        table = clash.table
        two.db.execute(update(table).where(_is(table, row)).values({column: two.now}))

    return ended


def keep_living(column: str, response: str = "") -> Rule:
    """What has ended (`column`) goes; of two that go on the first's stays, or `response`."""

    def kept(two: Two, clash: Clash) -> None:
        ours_lives = getattr(clash.ours, column) is None
        theirs_lives = getattr(clash.theirs, column) is None
        if ours_lives and theirs_lives and response:
            raise Refusal(response)
        gone = clash.theirs if ours_lives and not theirs_lives else clash.ours
        _drop(two.db, clash.table, gone)

    return kept


def keep_taken(two: Two, clash: Clash) -> None:
    """Of two proposals of one need the one that was answered stays; of two answers, refuse."""
    taken = {"accepted", "done", "withdrawn"}
    if clash.ours.status in taken and clash.theirs.status in taken:
        raise Refusal("utter_link_both_help")
    gone = clash.theirs if clash.ours.status in taken else clash.ours
    _drop(two.db, clash.table, gone)


RULES: Mapping[str, Rule] = {
    "acting": end_lesser("ended_at", by="confirmed_at"),
    "blocks": keep_theirs,
    "bookings": refuse("utter_link_both_booked"),
    "callers": keep_theirs,
    "check_in_days": keep_theirs,
    "check_ins": keep_living("ended_at", "utter_link_both_checked_in"),
    "consents": end_lesser("withdrawn_at", by="given_at"),
    "draw_entries": refuse("utter_link_both_booked"),
    "help_matches": keep_taken,
    "help_offers": keep_living("withdrawn_at", "utter_link_both_offer"),
    "introductions": keep_theirs,
    "neighbour_reports": keep_theirs,
    "news_readers": keep_theirs,
    "news_subscriptions": keep_theirs,
    "news_told": keep_theirs,
    "nicknames": keep_theirs,
    "open_to_meet": keep_living("ended_at"),
    "request_followers": keep_theirs,
    "request_ratings": keep_theirs,
    "waitlist": refuse("utter_link_both_booked"),
}
# Tables in which a pair stands in the order of its ids: the second's side may have to change.
IN_ORDER = {"introductions": (("one_id", "other_id"), ("one_agreed", "other_agreed"))}


def _hold(two: Two) -> None:
    """Let nobody give either of them something new meanwhile: those wait for us.

    The second's conversations come first, as everybody takes a conversation before a resident.
    """
    talks = Base.metadata.tables["conversations"]
    theirs = select(talks.c.id).where(talks.c.resident_id == two.second)
    two.db.execute(theirs.order_by(talks.c.id).with_for_update())
    held = (
        select(Resident.id)
        .where(Resident.id.in_((two.first, two.second)))
        .order_by(Resident.id)
        .with_for_update()
    )
    if len(two.db.scalars(held).all()) != 2:
        raise Refusal("utter_code_wrong")  # one of them has become somebody else's just now


def _agree_on_home(first: Resident, second: Resident) -> None:
    homes = {first.household_id, second.household_id} - {None}
    if len(homes) > 1:
        raise Refusal("utter_link_two_households")
    first.household_id = next(iter(homes), None)


def _forget_what_was_between(two: Two) -> None:
    """Nobody acts for, blocks or is made known to themselves; codes of either are over."""
    both = (two.first, two.second)
    for table in tables():
        named = residents_in(table)
        if len(named) == 2 and table.name in BETWEEN:
            two.db.execute(delete(table).where(*(column.in_(both) for column in named)))
    of_either = or_(LinkCode.resident_id.in_(both), LinkCode.said_by.in_(both))
    two.db.execute(delete(LinkCode).where(of_either))


BETWEEN = frozenset({Acting.__tablename__, "blocks", "introductions"})


def _settle(two: Two, table: Table) -> None:
    """Apply the table's rule to whatever would be there twice."""
    if table.name in IN_ORDER:
        _put_in_order(two, table, *IN_ORDER[table.name])
    for one in uniquenesses(table):
        for clash in _clashes(two, table, one):  # each read after the ones before are settled
            RULES[table.name](two, clash)


def _clashes(two: Two, table: Table, one: Uniqueness) -> Iterable[Clash]:
    """Return the pairs of rows that would be the same once the second is the first."""
    named = residents_in(table)
    mentioned = or_(*(column.in_((two.first, two.second)) for column in named))
    rows = select(table).where(mentioned).order_by(*table.primary_key.columns)
    if one.among is not None:
        rows = rows.where(one.among)
    by_key: dict[tuple[Any, ...], list[Row[Any]]] = {}
    for row in two.db.execute(rows).all():
        by_key.setdefault(_key(two, one.columns, row), []).append(row)
    for same in by_key.values():
        ours = [row for row in same if _is_seconds(two, named, row)]
        theirs = [row for row in same if not _is_seconds(two, named, row)]
        if ours and theirs:
            yield from (Clash(table, theirs[0], row) for row in ours)


def _key(two: Two, columns: Sequence[Column[Any]], row: Row[Any]) -> tuple[Any, ...]:
    values = (getattr(row, column.name) for column in columns)
    return tuple(two.first if value == two.second else value for value in values)


def _is_seconds(two: Two, named: Sequence[Column[Any]], row: Row[Any]) -> bool:
    return any(getattr(row, column.name) == two.second for column in named)


def _put_in_order(two: Two, table: Table, pair: Sequence[str], sides: Sequence[str]) -> None:
    """Turn the second's pairs round that would stand the wrong way with the first's id."""
    one, other = (table.c[name] for name in pair)
    for row in two.db.execute(select(table).where(or_(one == two.second, other == two.second))):
        mine = getattr(row, pair[0]) == two.second
        third = getattr(row, pair[1] if mine else pair[0])
        if (two.first < third) == mine:
            continue
        turned = dict(zip(pair, (getattr(row, name) for name in reversed(pair)), strict=True))
        turned |= dict(zip(sides, (getattr(row, n) for n in reversed(sides)), strict=True))
        # The order holds at every moment: both ids change in one go, below nothing is left.
        turned = {
            name: two.first if value == two.second else value for name, value in turned.items()
        }
        clash = _same_pair(two, table, pair, turned, row)
        if clash is None:
            two.db.execute(update(table).where(_is(table, row)).values(turned))
        else:
            RULES[table.name](two, clash)


def _same_pair(
    two: Two, table: Table, pair: Sequence[str], turned: Mapping[str, Any], row: Row[Any]
) -> Clash | None:
    there = two.db.execute(
        select(table).where(*(table.c[name] == turned[name] for name in pair))
    ).first()
    return Clash(table, there, row) if there is not None else None


def _tidy(two: Two) -> None:
    """Nobody follows or helps with what is their own."""
    _drop_own(two, "request_followers", "service_requests", "resident_id")
    _drop_own(two, "help_matches", "help_requests", "helper_id")


def _drop_own(two: Two, table_name: str, owned_name: str, who: str) -> None:
    """Drop what the merged one has about something of their own; refuse what was agreed."""
    table, owned = Base.metadata.tables[table_name], Base.metadata.tables[owned_name]
    own = select(owned.c.id).where(owned.c.resident_id == two.first)
    about_own = and_(table.c[who] == two.first, table.c.request_id.in_(own))
    for row in two.db.execute(select(table).where(about_own)).all():
        if getattr(row, "status", "") == "accepted":
            raise Refusal("utter_link_both_help")
        if getattr(row, "status", "") != "done":
            _drop(two.db, table, row)


def _drop(db: Db, table: Table, row: Row[Any]) -> None:
    """Delete a row, and those that hang on it alone."""
    for other in Base.metadata.sorted_tables:
        for column in other.columns:
            for key in column.foreign_keys:
                if key.column.table is table and other is not table:
                    held = column == getattr(row, key.column.name)
                    db.execute(delete(other).where(held))
    db.execute(delete(table).where(_is(table, row)))


def _is(table: Table, row: Row[Any]) -> ColumnElement[bool]:
    return and_(*(column == getattr(row, column.name) for column in table.primary_key))
