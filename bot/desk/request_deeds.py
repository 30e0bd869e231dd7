"""What staff do with a request. Every deed says what its writer had seen of it.

Of two who are at the same request, the second is shown first what the other has done.
"""

from collections.abc import Callable

from starlette.responses import Response

from actions.errors import Refusal
from actions.governance import handling, history, moves
from actions.governance.handling import By
from actions.governance.model import ServiceRequest, Status
from actions.governance.reference import read_reference
from actions.people.scope import RESTRICTED
from bot.desk import photo, ready_replies
from bot.desk.request import colleagues, find, last_seen, named
from bot.desk.visit import Visit, go

Deed = Callable[[ServiceRequest, By], object]


def move(visit: Visit) -> Response:
    """Make a move, with words and photos; everybody concerned is told.

    `macro` names a reply that is kept ready: it brings its move, and its words where none are
    written.
    """
    photos, macro = photo.brought(visit), ready_replies.chosen(visit, find(visit), "macro")
    to = macro.move or "" if macro else visit.sent.get("to", "")
    if to not in set(Status):
        raise Refusal("utter_move_not_allowed")

    def deed(request: ServiceRequest, by: By) -> None:
        moves.move(
            visit.db,
            pack=visit.pack,
            request=request,
            to=Status(to),
            staff_id=by.staff_id,
            now=by.now,
            words=visit.words() or (macro.words if macro else ""),
            photos=[one.id for one in photos],
        )
        photo.keep(visit, photos)

    return _do(visit, deed, f"moved_to_{to}")


def tell(visit: Visit) -> Response:
    """Say something to everybody concerned."""
    photos = photo.brought(visit)

    def deed(request: ServiceRequest, by: By) -> None:
        ids = [one.id for one in photos]
        handling.tell(visit.db, visit.pack, request, by=by, words=visit.words(), photos=ids)
        photo.keep(visit, photos)

    return _do(visit, deed, "told_request")


def ask(visit: Visit) -> Response:
    """Ask the reporter something; the promise waits."""
    return _do(
        visit,
        lambda request, by: handling.ask(
            visit.db, visit.pack, request, by=by, words=visit.words()
        ),
        "asked_request",
    )


def note(visit: Visit) -> Response:
    """Write something down among staff."""
    return _do(
        visit,
        lambda request, by: handling.note(visit.db, request, by=by, words=visit.words()),
        "noted_request",
    )


def assign(visit: Visit) -> Response:
    """Give it to a team, or to one of its members."""
    return _do(visit, assigning(visit), "assigned_request")


def assigning(visit: Visit) -> Deed:
    """Return the deed that gives a request to whom a form names: `team` or `team/number`.

    Nobody is given what they may not look at.
    """
    team, _, number = visit.sent.get("owner", "").partition("/")

    def deed(request: ServiceRequest, by: By) -> None:
        of_team = colleagues(visit, request.area_id).get(team or request.team_id, [])
        who = next((one.id for one in of_team if str(one.id) == number), None)
        if number and who is None:
            raise Refusal("utter_not_of_that_team")
        handling.assign(
            visit.db,
            visit.pack,
            request,
            by=by,
            team_id=team or request.team_id,
            staff_id=who,
            reason=visit.words(),
        )

    return deed


def give_back(visit: Visit) -> Response:
    """Return it: it is not for this team, but for the one that is named."""
    team = visit.sent.get("owner", "")
    return _do(
        visit,
        lambda request, by: handling.give_back(
            visit.db, visit.pack, request, by=by, team_id=team, reason=visit.words()
        ),
        "returned_request",
    )


def categorise(visit: Visit) -> Response:
    """Put it into the category it belongs to."""
    return _do(visit, categorising(visit), "categorised_request")


def categorising(visit: Visit) -> Deed:
    """Return the deed that puts a request into the category a form names."""
    category = visit.sent.get("category", "")
    return lambda request, by: handling.categorise(
        visit.db, visit.pack, request, by=by, category_id=category
    )


def merge(visit: Visit) -> Response:
    """Make it part of another, which who does it must be able to see."""
    typed = visit.sent.get("into", "")
    into = named(visit.db, read_reference(visit.pack, typed) or "")
    if into is None:
        raise Refusal("utter_desk_no_such_request")
    return _do(visit, merging(visit, into), "merged_request")


def merging(visit: Visit, into: ServiceRequest) -> Deed:
    """Return the deed that makes a request part of another."""
    return lambda request, by: handling.merge(visit.db, visit.pack, request, into=into, by=by)


def split(visit: Visit) -> Response:
    """Make a request of its own of what else it tells."""
    category = visit.sent.get("category", "")
    return _do(
        visit,
        lambda request, by: handling.split(
            visit.db, visit.pack, request, by=by, category_id=category, words=visit.words()
        ),
        "split_request",
    )


def do(visit: Visit, request: ServiceRequest, seen: int, deed: Deed) -> None:
    """Do something to a request of which who does it has seen so much.

    Raises:
        Refusal: something has happened to it since, or a rule of the deed.
    """
    history.alone(visit.db, request, seen=seen)
    deed(request, By(visit.staff.id, visit.now))


def _do(visit: Visit, deed: Deed, noted: str) -> Response:
    request = find(visit)
    do(visit, request, last_seen(visit), deed)
    visit.note(noted, f"request:{request.id}")
    return go(f"/requests/{request.reference}" if _still_sees(visit, request) else "/requests")


def _still_sees(visit: Visit, request: ServiceRequest) -> bool:
    """Whether who did it may look at it further: not at another team's restricted one."""
    return request.visibility != RESTRICTED or request.team_id == visit.staff.team_id
