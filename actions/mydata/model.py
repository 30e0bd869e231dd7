"""Copies of what we know of somebody, made ready to be fetched by a secret link."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from actions.db import Base, UtcDateTime


class DataExport(Base):
    """A link to everything we know of a resident; only the hash of its secret is kept."""

    __tablename__ = "data_exports"
    id: Mapped[int] = mapped_column(primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Erasure(Base):
    """That somebody was forgotten: when and how much went, never who."""

    __tablename__ = "erasures"
    id: Mapped[int] = mapped_column(primary_key=True)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cause: Mapped[str] = mapped_column(String(12))  # asked, or retention
    rows: Mapped[int]
