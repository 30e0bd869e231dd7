"""代办 in requests: once nobody acts for a resident any more, they are told themselves."""

from collections.abc import Iterator

from actions import behalf, outbox
from actions.db import Db
from actions.governance import following, telling
from actions.governance.model import Follower, ServiceRequest

Told = ServiceRequest | Follower


def is_any_to_return(db: Db) -> bool:
    """Whether `return_ended` finds something."""
    return next(_ended(db), None) is not None


def return_ended(db: Db) -> int:
    """Let residents themselves be told of what was reported for them; returns of how much.

    Who acted is asked and told no more.
    """
    ended = list(_ended(db))
    for one in ended:
        home = behalf.home_of(db, one.resident_id)
        if home is None:
            continue
        number = one.id if isinstance(one, ServiceRequest) else one.request_id
        outbox.cancel(db, telling.about(number), conversation_id=one.conversation_id)
        if isinstance(one, ServiceRequest):
            telling.ask_at(db, one, home.conversation_id)
        one.conversation_id = home.conversation_id
        db.flush()
    return len(ended)


def _ended(db: Db) -> Iterator[Told]:
    reported = behalf.of_ended(ServiceRequest)
    yield from db.scalars(reported.where(ServiceRequest.status.in_(following.FOLLOWABLE)))
    yield from db.scalars(behalf.of_ended(Follower))
