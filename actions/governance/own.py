"""Which of the requests that concern them a resident speaks of: by tap, number or kind.

Only what they reported or follow is ever looked at: another's number is one that is not found.
"""

from collections.abc import Callable, Sequence

from actions import behalf
from actions.dialogue import Turn
from actions.errors import Refusal
from actions.governance import categories, reporting
from actions.governance.model import ServiceRequest
from actions.governance.reference import read_reference
from actions.people.model import Acting

Fits = Callable[[ServiceRequest], bool]


def everything(turn: Turn) -> list[ServiceRequest]:
    """Return the requests a message may be about, newest first.

    They concern whoever writes; or one they act for, where they name them (我妈报的); or
    either, where one is tapped or named by its number.
    """
    if acting := named_other(turn):
        return reporting.concerning(turn.db, resident_id=acting.principal_id)
    if turn.choice is not None or read_reference(turn.pack, turn.text):
        return _within_reach(turn)
    return reporting.concerning(turn.db, resident_id=turn.resident_id)


def named_other(turn: Turn) -> Acting | None:
    """Return by what they may ask of another's requests, when they name that other."""
    words = "" if turn.choice is not None else behalf.read_whose(turn.text)
    return behalf.meant(turn.db, turn.resident_id, words)


def reported(turn: Turn, request: ServiceRequest) -> bool:
    """Whether it is their own report, or that of one they act for; else they follow it."""
    return behalf.may(turn.db, turn.resident_id, request.resident_id)


def of_id(turn: Turn, number: object) -> ServiceRequest | None:
    """Return the request with this id, if it concerns them."""
    return next((one for one in _within_reach(turn) if str(one.id) == str(number)), None)


def meant(turn: Turn, among: Sequence[ServiceRequest]) -> ServiceRequest | None:
    """Return the one of these that a message speaks of; None when it could be several.

    Raises:
        Refusal: it names the number of a request that is not among their own.
    """
    if turn.choice is not None:
        return next((one for one in among if str(one.id) == turn.choice), None)
    reference = read_reference(turn.pack, turn.text)
    if reference is not None:
        found = reporting.own(turn.db, reference=reference, resident_id=turn.resident_id)
        return next((one for one in among if one.id == found.id), None)
    named = [one for one in among if one.category_id == _kind(turn)]
    return named[0] if len(named) == 1 else None


def first_meant(
    turn: Turn, fits: Fits, otherwise: Callable[[ServiceRequest], Refusal]
) -> ServiceRequest | None:
    """Return the request a first message speaks of, or the only one that fits.

    None when the resident has to say which.

    Raises:
        Refusal: it speaks of one that does not fit (see `otherwise`), or is not theirs.
    """
    found = named(turn, fits, otherwise)
    if found is not None:
        return found
    fitting = [one for one in everything(turn) if fits(one)]
    return fitting[0] if len(fitting) == 1 else None


def named(
    turn: Turn, fits: Fits, otherwise: Callable[[ServiceRequest], Refusal]
) -> ServiceRequest | None:
    """Return the request a message speaks of; None when it could be several.

    Raises:
        Refusal: it speaks of one that does not fit (see `otherwise`), or is not theirs.
    """
    found = meant(turn, everything(turn))
    if found is not None and not fits(found):
        raise otherwise(found)
    return found


def _within_reach(turn: Turn) -> list[ServiceRequest]:
    whose = (turn.resident_id, *behalf.principals_of(turn.db, turn.resident_id))
    found = [
        one
        for resident_id in whose
        for one in reporting.concerning(turn.db, resident_id=resident_id)
    ]
    return sorted({one.id: one for one in found}.values(), key=lambda one: -one.id)


def _kind(turn: Turn) -> str | None:
    """Return the category a message names, of a thing it does not report."""
    ranked = categories.rank(turn.pack, turn.text)
    return ranked[0][0].service_code if ranked else None
