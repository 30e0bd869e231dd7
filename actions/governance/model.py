"""Service requests and what happened to them; history is appended, never edited."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.db import Base, UtcDateTime
from actions.people.model import Words
from actions.people.roles import Work
from actions.people.scope import Scoped


class Status(StrEnum):
    """How far a request has come; `workflow.MOVES` says what may follow what."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    REPLIED = "replied"
    RESOLVED = "resolved"
    DECLINED = "declined"
    REOPENED = "reopened"
    UNCONFIRMED = "unconfirmed"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"


class Kind(StrEnum):
    """What may happen to a request; `workflow.PUBLIC` says which of it residents see."""

    MOVED = "moved"  # to the status of the update
    ASSIGNED = "assigned"  # to a team, a member of staff, or both
    RETURNED = "returned"  # by a team it was not for, which names another
    CATEGORISED = "categorised"
    RAISED = "raised"  # to the tier above
    NUDGED = "nudged"  # its team was reminded, or its resident asked again
    NOTED = "noted"  # among staff
    TOLD = "told"  # said to the residents without a move
    ASKED = "asked"  # of the reporter: the promise waits for the answer
    ANSWERED = "answered"  # by the reporter, or not in time: the promise runs on
    ADDED = "added"  # words or photos of the reporter
    PLACED = "placed"  # the reporter put the place right
    FOLLOWED = "followed"  # by another resident who met the same
    SPLIT = "split"  # into this one and `other_id`
    RATED = "rated"


class ServiceRequest(Scoped, Base):
    """A reported problem: what, where, whose, and by when.

    `tier` is the tier that stands for it: a request nobody kept rises. While `paused_at` is set
    the promise waits for the reporter. `look_at` is when the clock has something to do with it
    next. `flagged` asks the dispatcher where it belongs.
    """

    __tablename__ = "service_requests"
    work = Work.REQUESTS
    __table_args__ = (
        Index("ix_service_requests_status_due_at", "status", "due_at"),
        Index("ix_service_requests_category_created_at", "category_id", "created_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    category_id: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(20))
    team_id: Mapped[str] = mapped_column(String(40), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    tier: Mapped[str] = mapped_column(String(20))
    flagged: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    look_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    nudged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("service_requests.id"))
    place_id: Mapped[str | None] = mapped_column(String(60))
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    what_words_id: Mapped[int] = mapped_column(ForeignKey("words.id"), index=True)
    where_words_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    visibility: Mapped[str] = mapped_column(String(12))
    anonymous: Mapped[bool]
    attachments: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    what: Mapped[Words] = relationship(foreign_keys=[what_words_id], lazy="joined")
    where: Mapped[Words | None] = relationship(foreign_keys=[where_words_id], lazy="joined")


class Update(Base):
    """Something that happened to a request: what, when, who did it, with which words.

    `status`, `team_id` and `tier` are the request's from then on. `staff_id` is the member of
    staff who did it, none when a resident or the clock did.
    """

    __tablename__ = "request_updates"
    __table_args__ = (
        Index("ix_request_updates_kind_happened_at", "kind", "happened_at"),
        # One index for both ways of asking: without the kind in it, SQLite takes the other.
        Index("ix_request_updates_request_id", "request_id", "kind", "status"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_requests.id"))
    kind: Mapped[str] = mapped_column(String(12), default=Kind.MOVED)
    status: Mapped[str] = mapped_column(String(20))
    team_id: Mapped[str] = mapped_column(String(40))
    tier: Mapped[str] = mapped_column(String(20))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("service_requests.id"))
    words_id: Mapped[int | None] = mapped_column(ForeignKey("words.id"), index=True)
    attachments: Mapped[list[str]] = mapped_column(JSON, default=list)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    words: Mapped[Words | None] = relationship(lazy="joined")


class Follower(Base):
    """A resident who met the same problem: told what the reporter is told."""

    __tablename__ = "request_followers"
    __table_args__ = (UniqueConstraint("request_id", "resident_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_requests.id"), index=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    followed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Rating(Base):
    """How well it was done, from 1 (badly) to 3 (well), in a resident's own word; once."""

    __tablename__ = "request_ratings"
    __table_args__ = (UniqueConstraint("request_id", "resident_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_requests.id"), index=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    rating: Mapped[int]
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PartnerRequest(Base):
    """Through which partner a request came, and how the same report is known again."""

    __tablename__ = "partner_requests"
    __table_args__ = (UniqueConstraint("key_id", "repeat_hash"),)
    request_id: Mapped[int] = mapped_column(ForeignKey("service_requests.id"), primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id"))
    repeat_hash: Mapped[str | None] = mapped_column(String(64))
    content_hash: Mapped[str] = mapped_column(String(64))


class SavedFilter(Base):
    """A filter of the work list that a member of staff keeps; no words that were searched."""

    __tablename__ = "saved_filters"
    __table_args__ = (UniqueConstraint("staff_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    name: Mapped[str] = mapped_column(String(20))
    query: Mapped[str] = mapped_column(String(400))
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReferenceCounter(Base):
    """The last number given out on a day (as `yymmdd`)."""

    __tablename__ = "reference_counters"
    day: Mapped[str] = mapped_column(String(6), primary_key=True)
    last: Mapped[int]


class RequestMeaning(Base):
    """What the words of a request mean, as the encoder has it; erased with them."""

    __tablename__ = "request_meanings"
    words_id: Mapped[int] = mapped_column(
        ForeignKey("words.id", ondelete="CASCADE"), primary_key=True
    )
    vector: Mapped[bytes]  # float16
