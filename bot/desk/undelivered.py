"""What did not arrive: try it again, drop it, or tell it by phone."""

from collections.abc import Callable
from functools import partial

from starlette.responses import Response

from actions import callers, undelivered
from actions.conversations import Conversation
from actions.db import Db
from actions.undelivered import What
from bot.desk.sessions import identity
from bot.desk.visit import Missing, Visit, go

PATH = "/undelivered"


def see(visit: Visit) -> Response:
    """Show what did not arrive, and what was set aside."""
    found = undelivered.listed(visit.db)
    for conversation_id in dict.fromkeys(one.conversation.id for one in found if one.text):
        visit.note("read_undelivered", f"conversation:{conversation_id}")
    known = callers.among(visit.db, (one.conversation.resident_id for one in found))
    return visit.show("undelivered.html", found=found, known=known, why=undelivered.why)


def again(visit: Visit) -> Response:
    """Try it once more.

    Raises:
        Refusal: it is not dead, or they want no more.
    """
    return _done(visit, "tried_again", partial(undelivered.again, now=visit.now))


def drop(visit: Visit) -> Response:
    """Let it be.

    Raises:
        Refusal: it has arrived meanwhile.
    """
    return _done(visit, "dropped", undelivered.drop)


def told(visit: Visit) -> Response:
    """Tick it off: staff have told it.

    Raises:
        Refusal: it has arrived meanwhile.
    """
    return _done(visit, "told_on_phone", undelivered.told)


def _named(visit: Visit) -> tuple[What, int]:
    try:
        return What(visit.path["what"]), identity(visit.path["row_id"])
    except ValueError:
        raise Missing from None


def _done(visit: Visit, deed: str, end: Callable[[Db, What, int], Conversation]) -> Response:
    what, id_ = _named(visit)
    try:
        talk = end(visit.db, what, id_)
    except LookupError:
        raise Missing from None
    visit.note(deed, f"conversation:{talk.id} {what}:{id_}")
    return go(PATH)
