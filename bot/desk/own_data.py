"""For somebody who has only a phone and asks what we know of them: a copy, or to be forgotten.

Who has a page does it there themselves. Each look and deed here is written down.
"""

from sqlalchemy import select
from sqlalchemy.orm import aliased
from starlette.responses import Response

from actions import callers
from actions.booking import service as booking
from actions.conversations import Conversation
from actions.errors import Refusal
from actions.leaving import farewell
from actions.mydata import collecting, summary
from actions.people import scope
from actions.people.model import Address, Caller, Words
from bot.desk.sessions import programme_of
from bot.desk.visit import Missing, Visit, go
from bot.mydata import shown
from bot.taps import square_of


def see(visit: Visit) -> Response:
    """Show the form to find somebody."""
    return visit.show("own_data.html", found=())


def find(visit: Visit) -> Response:
    """Show who of the own area said that name and phone at the counter or on the phone.

    Raises:
        Refusal: that can be no name or phone, or there is nobody.
    """
    who = callers.read(visit.sent.get("name", ""), visit.sent.get("phone", ""))
    name, phone = aliased(Words), aliased(Words)
    said = (
        select(Caller)
        .join(name, name.id == Caller.name_id)
        .join(phone, phone.id == Caller.phone_id)
        .where(name.text == who.name, phone.text == who.phone)
    )
    found = [one for one in visit.db.scalars(said).all() if _is_ours(visit, one)]
    if not found:
        raise Refusal("utter_desk_no_such_caller")
    for one in found:
        visit.note("read_caller", f"resident:{one.resident_id}")
    return visit.show("own_data.html", found=found)


def see_one(visit: Visit) -> Response:
    """Show how much we know of somebody, and what would end."""
    caller = _find(visit)
    visit.note("read_caller", f"resident:{caller.resident_id}")
    with scope.unlimited(visit.db):
        coming = booking.bookings_of(visit.db, resident_id=caller.resident_id, now=visit.now)
        counts = summary.counts(visit.db, caller.resident_id)
    return visit.show("own_data_of.html", caller=caller, counts=counts, coming=len(coming))


def see_copy(visit: Visit) -> Response:
    """Show everything, to be printed and handed over."""
    caller = _find(visit)
    visit.note("exported_data", f"resident:{caller.resident_id}")
    with scope.unlimited(visit.db):
        values = collecting.collect(visit.db, caller.resident_id, now=visit.now)
    return visit.show("own_data_copy.html", caller=caller, **shown(visit.desk.wording, values))


def forget(visit: Visit) -> Response:
    """Forget somebody who asks for it.

    Raises:
        Refusal: it was not said that they are sure.
    """
    caller = _find(visit)
    if visit.sent.get("sure") != "1":
        raise Refusal("utter_desk_not_like_that")
    resident_id = caller.resident_id
    square = square_of(programme_of(visit))
    farewell.leave(visit.db, square, resident_id, now=visit.now)
    visit.note("forgot_resident", f"resident:{resident_id}")
    return go("/data")


def _find(visit: Visit) -> Caller:
    caller = visit.db.get(Caller, visit.path["resident_id"])
    if caller is None or not _is_ours(visit, caller):
        raise Missing
    return caller


def _is_ours(visit: Visit, caller: Caller) -> bool:
    """Whether their talk with the desk lies within reach."""
    talk = (
        select(Conversation.id)
        .join(Address, Address.id == Conversation.address_id)
        .where(
            Conversation.resident_id == caller.resident_id,
            Address.channel == callers.CHANNEL,
        )
    )
    return visit.db.scalar(talk.limit(1)) is not None
