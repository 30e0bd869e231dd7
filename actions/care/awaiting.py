"""What we last asked a resident: words that follow a button's question belong to it.

Nothing is kept for that: the conversation itself says what was offered last.
"""

from collections.abc import Container
from datetime import datetime, timedelta

from actions.conversations import Author, Choice, lately
from actions.db import Db

LONGEST_AGO = timedelta(minutes=30)  # words later on are about something else


def offered(
    db: Db,
    conversation_id: str,
    intents: Container[str],
    *,
    now: datetime,
    longest_ago: timedelta = LONGEST_AGO,
) -> Choice | None:
    """Return the choice of such an intent that the newest message of a resident follows.

    It must have been offered last: what was asked after it is what is answered.
    """
    for said in lately(db, conversation_id)[1:]:  # the first is what they have just said
        if said.author == Author.RESIDENT or said.created_at <= now - longest_ago:
            return None
        if said.choices:
            return next(
                (one for one in (*said.offered, *said.held_back) if one.intent in intents), None
            )
    return None
