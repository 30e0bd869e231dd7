"""Who we serve and who serves: areas, households, residents, addresses, staff, partners."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.db import Base, UtcDateTime
from actions.people.roles import Role as Role
from actions.people.roles import Work
from actions.people.scope import Scoped


class Area(Base):
    """A town, village or grid; ids are paths ending in "/": a child extends its parent."""

    __tablename__ = "areas"
    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    tier: Mapped[str] = mapped_column(String(20))


class Household(Scoped, Base):
    """户: people who live together; the unit the town's governance counts.

    Where it is, is known as near as a building: metres between neighbours, and never a door.
    """

    __tablename__ = "households"
    work = Work.TALKS
    id: Mapped[int] = mapped_column(primary_key=True)
    lat: Mapped[float | None] = mapped_column(default=None)  # WGS-84 degrees
    lon: Mapped[float | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Resident(Base):
    """Somebody who writes to us, known by an opaque id; words about them live in `Words`."""

    __tablename__ = "residents"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"), index=True)
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"), index=True)
    language: Mapped[str] = mapped_column(String(2), default="zh")
    elder: Mapped[bool] = mapped_column(default=False)
    elder_offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # elder mode was
    reminders: Mapped[str] = mapped_column(String(10), default="all")  # of what is booked
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Address(Base):
    """A resident's id on one channel; for the web page the keyed hash of its secret session.

    `is_group`: many read along. Where a platform limits what may be written after somebody
    wrote, we may until `write_until`, and `writes_left` messages.
    """

    __tablename__ = "addresses"
    __table_args__ = (UniqueConstraint("channel", "address"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(128))
    is_group: Mapped[bool] = mapped_column(default=False)
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    write_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    writes_left: Mapped[int] = mapped_column(default=0)
    blocked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # they want no more
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


_GIVEN = text("withdrawn_at IS NULL")


class Consent(Base):
    """A resident's permission for one purpose, to which text, where, when, and taken back when.

    A ledger: giving it again is a new row. One of a purpose is in force at a time.
    """

    __tablename__ = "consents"
    __table_args__ = (
        Index("ix_consents_resident_purpose", "resident_id", "purpose"),
        Index(
            "uq_consents_in_force",
            "resident_id",
            "purpose",
            unique=True,
            sqlite_where=_GIVEN,
            postgresql_where=_GIVEN,
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"))
    purpose: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(16))  # of the text that was shown
    channel: Mapped[str] = mapped_column(String(20))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))  # who heard it said
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


_LASTING = text("ended_at IS NULL")


class Acting(Base):
    """亲情代办: one resident may do things for another, once that one, or staff, confirmed it.

    `kin` is what the actor calls the other (`kin.KINDS`): how "for my mother" finds her.
    """

    __tablename__ = "acting"
    __table_args__ = (
        Index(
            "uq_acting_lasting",
            "actor_id",
            "principal_id",
            unique=True,
            sqlite_where=_LASTING,
            postgresql_where=_LASTING,
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    principal_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    kin: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))  # who confirmed it
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Suspension(Base):
    """A resident neither asks neighbours nor helps them for a while: staff say so.

    `staff_id` is null where it came by itself, until staff have looked.
    """

    __tablename__ = "suspensions"
    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    cause: Mapped[str] = mapped_column(String(40))  # "report:4"
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Block(Base):
    """A resident wants nothing to do with another: they are never brought together."""

    __tablename__ = "blocks"
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    other_id: Mapped[str] = mapped_column(
        ForeignKey("residents.id"), primary_key=True, index=True
    )
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Words(Base):
    """Everything a resident wrote or that names them: the one table that can be erased."""

    __tablename__ = "words"
    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Nickname(Base):
    """How neighbours may call a resident: 王阿姨. What they are called, not who they are."""

    __tablename__ = "nicknames"
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    words_id: Mapped[int] = mapped_column(ForeignKey("words.id"), index=True)
    words: Mapped[Words] = relationship(lazy="joined")


class Caller(Base):
    """A resident who writes nothing: staff know them by name and phone, and ring them up."""

    __tablename__ = "callers"
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    name_id: Mapped[int] = mapped_column(ForeignKey("words.id"), index=True)
    phone_id: Mapped[int] = mapped_column(ForeignKey("words.id"), index=True)
    name: Mapped[Words] = relationship(foreign_keys=[name_id], lazy="joined")
    phone: Mapped[Words] = relationship(foreign_keys=[phone_id], lazy="joined")


class Staff(Base):
    """Somebody who answers at the desk, for one area and everything below it."""

    __tablename__ = "staff"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(40), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"))
    team_id: Mapped[str | None] = mapped_column(String(40))
    language: Mapped[str | None] = mapped_column(String(2))  # of the desk; None is both
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffSession(Base):
    """A sign-in that can be ended: the cookie holds a secret, the row its hash."""

    __tablename__ = "staff_sessions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInAttempt(Base):
    """One try to sign in, counted before the password is looked at."""

    __tablename__ = "sign_in_attempts"
    id: Mapped[int] = mapped_column(primary_key=True)
    username_hash: Mapped[str] = mapped_column(String(64), index=True)
    address_hash: Mapped[str] = mapped_column(String(64), index=True)
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AuditEntry(Base):
    """What staff read, changed or exported: ids only, each entry sealing the one before."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    deed: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seal: Mapped[str] = mapped_column(String(64))


class StaffChat(Base):
    """A conversation in which staff of an area, or of one team there, are told and decide."""

    __tablename__ = "staff_chats"
    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(String(32), unique=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"))
    team_id: Mapped[str | None] = mapped_column(String(40), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiKey(Base):
    """A partner's key to file requests from outside: shown once, only its hash is kept.

    What comes without a place of ours belongs to the key's area.
    """

    __tablename__ = "api_keys"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    area_id: Mapped[str] = mapped_column(ForeignKey("areas.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StaffAddress(Base):
    """Where a member of staff speaks to us, on a channel that is not the desk."""

    __tablename__ = "staff_addresses"
    __table_args__ = (UniqueConstraint("channel", "address"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(128))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)


_ONE_MEANING = " + ".join(
    f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)"
    for column in ("staff_id", "area_id", "resident_id", "household_id")
)


class LinkCode(Base):
    """A one-time code, which links or lets in whoever says it.

    It makes an address one of staff or of a resident, a resident a member of a household, or a
    chat one of an area: exactly one of these.
    `name` is the part of the code it is found by; the whole of it is kept as a keyed hash.
    `said_by` is the resident who said it and is asked whether they mean it, until it expires.
    """

    __tablename__ = "link_codes"
    __table_args__ = (CheckConstraint(f"{_ONE_MEANING} = 1", name="one_meaning"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(3), unique=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    team_id: Mapped[str | None] = mapped_column(String(40))
    resident_id: Mapped[str | None] = mapped_column(ForeignKey("residents.id"))
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"))
    said_by: Mapped[str | None] = mapped_column(ForeignKey("residents.id"))
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
