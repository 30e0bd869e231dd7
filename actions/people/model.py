"""Who we serve and who serves: areas, households, residents, addresses, staff, partners."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from actions.db import Base, UtcDateTime


class Role(StrEnum):
    """What a member of staff may do, as `roles.WORKS` has it; scope says where."""

    DISPATCHER = "dispatcher"  # routes everything of the town
    STAFF = "staff"  # answers conversations and requests of the own area
    AGENCY = "agency"  # handles the requests of the own team
    ORGANISER = "organiser"  # holds sessions and visits
    EDITOR = "editor"  # edits knowledge
    ADMIN = "admin"  # manages staff of the own area


class Area(Base):
    """A town, village or grid; ids are paths ending in "/": a child extends its parent."""

    __tablename__ = "areas"
    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    tier: Mapped[str] = mapped_column(String(20))


class Household(Base):
    """户: people who live together; the unit the town's governance counts."""

    __tablename__ = "households"
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Resident(Base):
    """Somebody who writes to us, known by an opaque id; words about them live in `Words`."""

    __tablename__ = "residents"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("households.id"), index=True)
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"), index=True)
    language: Mapped[str] = mapped_column(String(2), default="zh")
    elder: Mapped[bool] = mapped_column(default=False)
    reminders: Mapped[str] = mapped_column(String(10), default="all")  # of what is booked
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Address(Base):
    """A resident's id on one channel; for the web page the keyed hash of its secret session."""

    __tablename__ = "addresses"
    __table_args__ = (UniqueConstraint("channel", "address"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Consent(Base):
    """A resident's permission for one purpose, with when it was given and taken back."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_resident_purpose", "resident_id", "purpose"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"))
    purpose: Mapped[str] = mapped_column(String(40))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Words(Base):
    """Everything a resident wrote or that names them: the one table that can be erased."""

    __tablename__ = "words"
    id: Mapped[int] = mapped_column(primary_key=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Caller(Base):
    """A resident who writes nothing: staff know them by name and phone, and ring them up."""

    __tablename__ = "callers"
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), primary_key=True)
    name_id: Mapped[int] = mapped_column(ForeignKey("words.id"))
    phone_id: Mapped[int] = mapped_column(ForeignKey("words.id"))
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


class LinkCode(Base):
    """A one-time code: it links an address to `staff_id`, or makes a chat one of an area.

    `name` is the part of the code it is found by; the whole of it is kept as a keyed hash.
    """

    __tablename__ = "link_codes"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(3), unique=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    area_id: Mapped[str | None] = mapped_column(ForeignKey("areas.id"))
    team_id: Mapped[str | None] = mapped_column(String(40))
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
