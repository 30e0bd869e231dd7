"""Our own messages, by what a platform calls them: some tell of a quote no more than that."""

from sqlalchemy import select

from actions.conversations import Message
from actions.db import Db
from actions.people.model import Address
from actions.sending import Sending

LONGEST_ID = 80  # of a platform's id, as it is kept with a sending


def said_under(db: Db, channel: str, address: str, platform_id: str) -> str | None:
    """Return what we said in a chat under an id of the platform's; None for another's."""
    said = db.scalar(
        select(Message)
        .join(Sending, Sending.message_id == Message.id)
        .join(Address, Address.id == Sending.address_id)
        .where(
            Address.channel == channel,
            Address.address == address,
            Sending.platform_id == platform_id[:LONGEST_ID],
        )
        .limit(1)
    )
    return said.text if said else None
