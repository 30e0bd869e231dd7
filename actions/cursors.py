"""How far we have read from a platform that has to be asked for its messages."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from actions.db import Base, Db, UtcDateTime


class Cursor(Base):
    """The platform's mark behind the last message we keep of one of its accounts."""

    __tablename__ = "cursors"
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    mark: Mapped[str] = mapped_column(String(200))
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)


def mark_of(db: Db, channel: str, account: str) -> str:
    """Return where to read on; empty where nothing was read yet."""
    found = db.get(Cursor, (channel, account))
    return found.mark if found else ""


def accounts(db: Db, channel: str) -> Sequence[str]:
    """Return the accounts of a channel that were read from."""
    return db.scalars(select(Cursor.account).where(Cursor.channel == channel)).all()


def move(db: Db, channel: str, account: str, mark: str, *, now: datetime) -> None:
    """Note that everything before a mark is kept."""
    db.merge(Cursor(channel=channel, account=account, mark=mark, moved_at=now))
    db.flush()
