"""Needs, offers and the two together; a resident's words lie in `words`, never here."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from actions.db import Base, UtcDateTime
from actions.people.model import Words
from actions.people.roles import Work
from actions.people.scope import Scoped


class Status(StrEnum):
    """How far a need has come; `MOVES` says what may follow what."""

    REVIEW = "review"
    OPEN = "open"
    MATCHED = "matched"
    DONE = "done"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


MOVES: dict[Status, frozenset[Status]] = {
    Status.REVIEW: frozenset({Status.OPEN, Status.EXPIRED, Status.CANCELLED}),
    # Back to review when its asker changes it to something staff have to look at first.
    Status.OPEN: frozenset({Status.MATCHED, Status.EXPIRED, Status.CANCELLED, Status.REVIEW}),
    Status.MATCHED: frozenset({Status.DONE, Status.OPEN, Status.CANCELLED}),
    Status.DONE: frozenset(),
    Status.EXPIRED: frozenset(),
    Status.CANCELLED: frozenset(),
}

# What waits for somebody: it counts against a resident's limit, and it can expire.
WAITING = frozenset({Status.REVIEW, Status.OPEN})


class MatchStatus(StrEnum):
    """proposed → accepted · declined · lapsed, accepted → done · withdrawn."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"  # the need went to another, or is no more
    WITHDRAWN = "withdrawn"  # the helper could not come after all
    DONE = "done"


MATCH_MOVES: dict[MatchStatus, frozenset[MatchStatus]] = {
    MatchStatus.PROPOSED: frozenset(
        {MatchStatus.ACCEPTED, MatchStatus.DECLINED, MatchStatus.LAPSED}
    ),
    MatchStatus.ACCEPTED: frozenset(
        {MatchStatus.DONE, MatchStatus.WITHDRAWN, MatchStatus.LAPSED}
    ),
    MatchStatus.DECLINED: frozenset({MatchStatus.ACCEPTED}),  # changed their mind in time
    # Who had it could not come: it may be theirs, or they are asked once more.
    MatchStatus.LAPSED: frozenset({MatchStatus.ACCEPTED, MatchStatus.PROPOSED}),
    MatchStatus.WITHDRAWN: frozenset(),
    MatchStatus.DONE: frozenset(),
}


class HelpRequest(Scoped, Base):
    """A need: what kind, when, whose. For a point in time the two wanted moments are equal.

    `resident_id` is who needs help, `conversation_id` where it was asked (a child may ask for a
    parent), `staff_id` who wrote it down for somebody who phoned. `look_at` is when the worker
    has to do something about it; null when nothing is to be done.
    """

    __tablename__ = "help_requests"
    work = Work.TALKS
    __table_args__ = (Index("ix_help_requests_status_expires_at", "status", "expires_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind_id: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(10))
    what_words_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    where_words_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    place_id: Mapped[str | None] = mapped_column(String(40))  # a public place of the pack
    minutes: Mapped[int | None]  # about how long it takes
    special: Mapped[list[str]] = mapped_column(JSON, default=list)  # `details.SPECIAL`
    review: Mapped[list[str]] = mapped_column(JSON, default=list)  # why staff look first
    wanted_from: Mapped[datetime] = mapped_column(UtcDateTime)
    wanted_until: Mapped[datetime] = mapped_column(UtcDateTime)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    meaning: Mapped[bytes | None] = mapped_column(LargeBinary)  # float16 vector of its words
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    look_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    what: Mapped[Words | None] = relationship(foreign_keys=[what_words_id], lazy="joined")
    where: Mapped[Words | None] = relationship(foreign_keys=[where_words_id], lazy="joined")


class HelpOffer(Scoped, Base):
    """A neighbour who is willing to help: with what, when, how far; kept until withdrawn.

    `hours` are "1 09:00-12:00" (ISO weekday, times of the community's clock), none: any time.
    `kinds` in `OfferedKind`. `reach` is the farthest step they are asked for. Kinds that want
    it take only who is `verified_at`.
    """

    __tablename__ = "help_offers"
    work = Work.TALKS
    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    hours: Mapped[list[str]] = mapped_column(JSON, default=list)
    reach: Mapped[str] = mapped_column(String(10), default="town")
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    skills_words_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    meaning: Mapped[bytes | None] = mapped_column(LargeBinary)  # of their skills
    per_week: Mapped[int] = mapped_column(default=2)
    paused_until: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    verified_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    skills: Mapped[Words | None] = relationship(lazy="joined")


class OfferedKind(Base):
    """A kind of help a neighbour gives, or (`never`) does not want to be asked for again.

    An offer without a kind it gives is for all kinds but those never to be asked for.
    """

    __tablename__ = "help_offer_kinds"
    offer_id: Mapped[int] = mapped_column(ForeignKey("help_offers.id"), primary_key=True)
    kind_id: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    never: Mapped[bool] = mapped_column(default=False)


_TAKEN = text("status IN ('accepted', 'done')")


class Match(Base):
    """A need and a neighbour who is asked, or has taken it on.

    The database allows one neighbour to have taken a need on. The moments say how far it has
    come: `done` once both have said so, or one has and a day has passed.
    """

    __tablename__ = "help_matches"
    __table_args__ = (
        Index(
            "uq_help_matches_taken",
            "request_id",
            unique=True,
            sqlite_where=_TAKEN,
            postgresql_where=_TAKEN,
        ),
        UniqueConstraint("request_id", "helper_id"),
        Index("ix_help_matches_helper", "helper_id", "asked_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("help_requests.id"))
    helper_id: Mapped[str] = mapped_column(ForeignKey("residents.id"))
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    status: Mapped[str] = mapped_column(String(10))
    step: Mapped[str] = mapped_column(String(10))  # how far it had come: building, village …
    score: Mapped[float | None]
    metres: Mapped[int | None]  # between the two, rounded
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    arrived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    helper_done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asker_done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    thanked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    minutes: Mapped[int | None]  # of help, in the helper's own record

    @validates("status")
    def _moves(self, _key: str, to: str) -> str:
        """Let a match move as `MATCH_MOVES` says.

        Raises ValueError for any other move.
        """
        since = self.status and MatchStatus(self.status)
        if since and to != since and to not in MATCH_MOVES[since]:
            raise ValueError(f"a match never goes from {since} to {to}")
        return to
