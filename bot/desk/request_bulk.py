"""The same deed on many requests: each is done, or refused with a sentence, by itself."""

from dataclasses import dataclass

from starlette.responses import Response

from actions.db import Db
from actions.errors import Refusal
from actions.governance import moves
from actions.governance.model import ServiceRequest, Status
from bot.desk.request import named
from bot.desk.request_deeds import Deed, assigning, categorising, do, merging
from bot.desk.visit import Visit
from knowledge.records import Text

PICK = "pick-"  # and the reference: its value is what was seen of it
DEEDS = ("acknowledged", "assigned", "categorised", "merged")


@dataclass(frozen=True)
class Outcome:
    """What became of one request; no sentence: it is done. What is not there is not named."""

    reference: str
    refused: Text | None = None


def act(visit: Visit) -> Response:
    """Do something to all that were picked, and say of each what became of it.

    Raises:
        Refusal: nothing was picked, or it is no deed for many.
    """
    picked = {
        name.removeprefix(PICK): _number(seen)
        for name, seen in visit.sent.items()
        if name.startswith(PICK)
    }
    if not picked:
        raise Refusal("utter_desk_none_picked")
    what = visit.sent.get("deed", "")
    first = named(visit.db, next(iter(picked)))
    deed = _deed(visit, what, first)
    outcomes = [
        _one(visit, reference, seen, what, deed)
        for reference, seen in sorted(picked.items())  # in one order: nobody waits in a ring
        if not (what == "merged" and first and reference == first.reference)
    ]
    return visit.show("request_bulk.html", outcomes=outcomes, deed=what)


def _deed(visit: Visit, what: str, first: ServiceRequest | None) -> Deed:
    if what == "acknowledged":
        return lambda request, by: moves.move(
            visit.db,
            pack=visit.pack,
            request=request,
            to=Status.ACKNOWLEDGED,
            staff_id=by.staff_id,
            now=by.now,
        )
    if what == "assigned":
        return assigning(visit)
    if what == "categorised":
        return categorising(visit)
    if what == "merged" and first is not None:
        return merging(visit, first)
    raise Refusal("utter_desk_not_like_that")


def _one(visit: Visit, reference: str, seen: int, what: str, deed: Deed) -> Outcome:
    """Do it to one: what is refused leaves nothing behind, and the others alone."""
    request = named(visit.db, reference)
    if request is None:
        refusal = Refusal("utter_desk_no_such_request")
        return Outcome("", visit.desk.sentence(refusal))
    try:
        with visit.db.begin_nested():
            do(visit, request, seen, deed)
    except Refusal as refusal:
        _forget_changes(visit.db, request)
        return Outcome(reference, visit.desk.sentence(refusal))
    visit.note(f"{what}_request", f"request:{request.id}")
    return Outcome(reference)


def _forget_changes(db: Db, request: ServiceRequest) -> None:
    if request in db:
        db.refresh(request)


def _number(seen: str) -> int:
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
