"""Which index of the knowledge base answers: one row, so that all processes agree."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from actions.db import Base, UtcDateTime


class IndexVersion(Base):
    """A version of the index that was made the active one; the latest row counts."""

    __tablename__ = "index_versions"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(64))
    activated_at: Mapped[datetime] = mapped_column(UtcDateTime)
