"""Finds whom a platform speaks of: an address by its id there."""

from sqlalchemy import select

from actions.db import Db
from actions.people.model import Address


def find(db: Db, *, channel: str, address: str) -> Address | None:
    """Return an address, None for one we do not know."""
    return db.scalar(
        select(Address).where(Address.channel == channel, Address.address == address)
    )
