"""Forgetting a resident: every row of every table, as `whose.HOW` has it.

What is history of others too stays with *nobody*: a resident, address and conversation that are
made anew for it and lead to no one. The old id is gone from everywhere but the audit, so that
whoever is writing for the resident this very moment is refused by the database's references.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, exists, or_, select, update

from actions import conversations
from actions.conversations import Conversation
from actions.db import Base, Db
from actions.learning.model import LearnedQuestion, Miss
from actions.mydata import whose
from actions.mydata.model import Erasure
from actions.mydata.whose import CONVERSATIONS, HOW, RESIDENTS, WORDS, Goes, Random, Stays
from actions.people.model import Address, Household, LinkCode, Resident, Words

NOBODY = "nobody"  # the channel on which nobody is reached


@dataclass
class _Work:
    """One resident on their way out; `rows` counts what was deleted or changed."""

    db: Db
    resident_id: str
    nobody: Conversation
    rows: int = 0

    def do(self, statement: Any) -> None:
        done = self.db.execute(statement.execution_options(synchronize_session=False))
        self.rows += int(done.rowcount)  # type: ignore[attr-defined]

    def nobodys(self, column: Column[Any]) -> str:
        """Return who stands from now on in a column that names a resident or their talk."""
        is_who = whose.target(column) == RESIDENTS
        return self.nobody.resident_id if is_who else self.nobody.id


def forget(db: Db, resident_id: str, *, now: datetime, cause: str = "asked") -> Erasure:
    """Forget everything of a resident, whose future must have been cleared up before.

    Objects of the session are read anew afterwards; those of the resident are gone.
    """
    db.flush()
    for talk_id in db.scalars(select(Conversation.id).filter_by(resident_id=resident_id)).all():
        conversations.hold(db, talk_id)
    household_id = db.scalar(select(Resident.household_id).where(Resident.id == resident_id))
    work = _Work(db, resident_id, _nobody(db, now))
    _unlearn(work, now)
    for here in reversed(Base.metadata.sorted_tables):  # what refers before what it refers to
        match HOW.get(here.name):
            case Goes():
                _let_go(work, here)
                work.do(delete(here).where(whose.mine(here.name, resident_id)))
            case Stays() as stays:
                _make_nobodys(work, here, stays)
    _leave_home(work, household_id)
    _tidy_nobody(work)
    erasure = Erasure(happened_at=now, cause=cause, rows=work.rows)
    db.add(erasure)
    db.flush()
    db.expire_all()
    return erasure


def _nobody(db: Db, now: datetime) -> Conversation:
    name = secrets.token_hex(16)
    talk = conversations.at_address(db, channel=NOBODY, address=name, now=now)
    talk.introduced_at = now
    db.flush()
    return talk


def _let_go(work: _Work, gone: Table) -> None:
    """Let nothing refer to rows that are about to be deleted: others' rows live on."""
    own = whose.rows(gone.name, work.resident_id)
    for column in whose.referring(gone.name):
        if column.nullable:
            work.do(update(column.table).where(column.in_(own)).values({column.name: None}))
        elif gone.name == CONVERSATIONS:
            named = {column.name: work.nobodys(column)}
            work.do(update(column.table).where(column.in_(own)).values(named))


def _make_nobodys(work: _Work, here: Table, stays: Stays) -> None:
    """Take the resident out of rows that stay; what says whose they are goes last."""
    own = whose.mine(here.name, work.resident_id)
    if here.name == WORDS:
        _let_go(work, here)
        nobodys = {"text": "", "resident_id": work.nobody.resident_id}
        work.do(update(here).where(own).values(nobodys))
        return
    _blank(work, here, own, stays.blank)
    for column in here.columns:
        if (
            whose.target(column) in (RESIDENTS, CONVERSATIONS)
            and column.name not in stays.blank
        ):
            theirs = whose.points_at(column, work.resident_id)
            named = {column.name: work.nobodys(column)}
            work.do(update(here).where(theirs).values(named))


def _blank(work: _Work, here: Table, own: ColumnElement[bool], blank: Any) -> None:
    plain = {name: value for name, value in blank.items() if value is not Random}
    if plain:
        work.do(update(here).where(own).values(plain))
    drawn = [name for name, value in blank.items() if value is Random]
    key = whose.key_of(here)
    for one in work.db.scalars(select(key).where(own)).all() if drawn else ():
        new = {name: secrets.token_urlsafe(16) for name in drawn}
        work.do(update(here).where(key == one).values(new))


def _unlearn(work: _Work, now: datetime) -> None:
    """Retire what was taught in the resident's very own words, and empty it."""
    theirs = (
        select(Words.text)
        .join(Miss, Miss.words_id == Words.id)
        .where(Words.resident_id == work.resident_id)
    )
    taught = update(LearnedQuestion).where(LearnedQuestion.question.in_(theirs))
    work.do(taught.values(question="", retired_at=now))


def _leave_home(work: _Work, household_id: int | None) -> None:
    """A household without anybody is where somebody lived: it goes with the last."""
    lives = select(Resident.id).where(Resident.household_id == household_id)
    if household_id is not None and work.db.scalar(lives.limit(1)) is None:
        work.do(delete(LinkCode).where(LinkCode.household_id == household_id))
        work.do(delete(Household).where(Household.id == household_id))


def _tidy_nobody(work: _Work) -> None:
    """Drop the words, and nobody, where nothing refers to them."""
    db, nobody = work.db, work.nobody
    used = or_(*(exists().where(column == Words.id) for column in whose.referring(WORDS)))
    db.execute(
        delete(Words)
        .where(Words.resident_id == nobody.resident_id, ~used)
        .execution_options(synchronize_session=False)
    )
    if _is_used(db, CONVERSATIONS, nobody.id) or _is_used(db, RESIDENTS, nobody.resident_id):
        return
    for made in (nobody, db.get_one(Address, nobody.address_id), nobody.resident):
        db.delete(made)
        db.flush()


def _is_used(db: Db, name: str, key: str) -> bool:
    """Whether anything refers to nobody beside nobody's own address and conversation."""
    own = {"addresses", CONVERSATIONS}
    others = (column for column in whose.referring(name) if column.table.name not in own)
    return any(
        db.scalar(select(column).where(column == key).limit(1)) is not None for column in others
    )
