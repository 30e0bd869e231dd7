"""The work list: requests by view and filter; what somebody looks for often is kept by name.

It shows no resident's words. A search by words says something about what it finds, so it is
written into the audit log: what was found, never what was looked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from actions.governance import following, history, saved_filters, worklist
from actions.governance.model import ServiceRequest, Status
from actions.governance.reference import read_reference
from actions.governance.worklist import Looker, Wanted
from actions.people import scope, staff
from actions.people.model import Area
from bot.desk import labels
from bot.desk.lists import file
from bot.desk.request import colleagues
from bot.desk.sessions import identity
from bot.desk.spreadsheet import write_csv
from bot.desk.visit import Missing, Visit, go
from bot.message import clean

MOST_ROWS = 5000  # of a table to take away
LONGEST_SUBJECT = 80  # of the audit log
LONGEST_WORDS = 60
FORGOTTEN = ("words", "box")  # not kept with a filter: what was searched, where the map stood


@dataclass(frozen=True)
class Row:
    """One request of the list; `seen` is its last update, for what is done from here."""

    request: ServiceRequest
    marks: list[str]
    owner: str
    households: int
    seen: int


def see(visit: Visit) -> Response:
    """Show a page of the list, with how much every view holds."""
    wanted, who = wanted_of(visit), looker(visit)
    found, after = worklist.page(
        visit.db, visit.pack, who, wanted, after=visit.sent.get("after", "")
    )
    note_search(visit, wanted, found)
    return visit.show(
        "requests.html",
        wanted=wanted,
        rows=rows(visit, found),
        after=after,
        counts=worklist.counts(visit.db, visit.pack, who),
        views=worklist.VIEWS,
        saved=saved_filters.of(visit.db, visit.staff.id),
        areas=_areas(visit),
        statuses=list(Status),
        teams=colleagues(visit, visit.staff.area_id),
        link=lambda **changed: link(wanted, **changed),
    )


def see_table(visit: Visit) -> Response:
    """Hand the list out as CSV, without words of residents: lists get lost."""
    wanted = wanted_of(visit)
    found, _ = worklist.page(visit.db, visit.pack, looker(visit), wanted, limit=MOST_ROWS)
    note_search(visit, wanted, found)
    visit.note("exported_requests", f"requests:{len(found)}")
    head = [name.zh for name in labels.REQUEST_COLUMNS.values()]
    body = [_cells(visit, row) for row in rows(visit, found)]
    return file(write_csv([head, *body]).encode(), "text/csv; charset=utf-8", "requests.csv")


def save(visit: Visit) -> Response:
    """Keep this filter under a name.

    Raises:
        Refusal: a rule of `saved_filters.save`.
    """
    wanted = wanted_of(visit)
    saved_filters.save(
        visit.db,
        staff_id=visit.staff.id,
        name=clean(visit.sent.get("name", "")),
        query=query(wanted),
        now=visit.now,
    )
    return go(f"/requests?{query(wanted)}")


def drop(visit: Visit) -> Response:
    """Forget a filter; somebody else's and none look the same."""
    number = identity(visit.path["filter_id"])
    if not saved_filters.drop(visit.db, number, staff_id=visit.staff.id):
        raise Missing
    return go("/requests")


def looker(visit: Visit) -> Looker:
    """Say who looks, to the list."""
    who = visit.staff
    tier = visit.db.get_one(Area, who.area_id).tier
    return Looker(who.id, who.team_id, tier, visit.now)


def wanted_of(visit: Visit) -> Wanted:
    """Read which requests are wanted; what cannot be is wanted of any."""
    sent = {one.name: clean(visit.sent.get(one.name, "")) for one in fields(Wanted)}
    asked = Wanted(**sent)
    return replace(
        asked,
        view=asked.view if asked.view in worklist.VIEWS else "open",
        words=asked.words[:LONGEST_WORDS],
    )


def query(wanted: Wanted) -> str:
    """Write what is kept of a filter into the form of an address."""
    return _encoded({k: v for k, v in asdict(wanted).items() if k not in FORGOTTEN})


def link(wanted: Wanted, **changed: str) -> str:
    """Return the address of this list with something changed."""
    path = changed.pop("to", "/requests")
    return f"{path}?{_encoded(asdict(wanted) | changed)}"


def rows(visit: Visit, found: Sequence[ServiceRequest]) -> list[Row]:
    """Return requests with what the list tells of them."""
    homes = following.households(visit.db, found)
    last = history.last_ids(visit.db, found)
    names = {who.id: who.username for who in staff.everybody(visit.db)}
    return [
        Row(
            one,
            worklist.marks_of(visit.pack, one, now=visit.now),
            names.get(one.staff_id or 0, ""),
            homes.get(one.id, 1),
            last.get(one.id, 0),
        )
        for one in found
    ]


def note_search(visit: Visit, wanted: Wanted, found: Sequence[ServiceRequest]) -> None:
    """Have it written down which requests a search by words has found."""
    if not wanted.words or read_reference(visit.pack, wanted.words):
        return
    subject = "requests:"
    for request in found:
        if len(subject) + len(f"{request.id} ") > LONGEST_SUBJECT:
            visit.note("searched_requests", subject.strip())
            subject = "requests:"
        subject += f"{request.id} "
    visit.note("searched_requests", subject.strip())


def _encoded(said: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in said.items() if value})


def _areas(visit: Visit) -> dict[str, Any]:
    """Return the areas somebody may narrow the list to."""
    return {
        area_id: area
        for area_id, area in visit.pack.areas.items()
        if scope.reaches([visit.staff.area_id], area_id)
    }


def _cells(visit: Visit, row: Row) -> list[str]:
    """Return what stands in each of `labels.REQUEST_COLUMNS`."""
    one, pack = row.request, visit.pack
    category, place = pack.categories.get(one.category_id), pack.places.get(one.place_id or "")
    team = pack.teams.get(one.team_id)
    moment = visit.desk.wording.moment
    return [
        one.reference,
        category.name.zh if category else one.category_id,
        labels.STATUSES[Status(one.status)].zh,
        team.name.zh if team else one.team_id,
        row.owner,
        place.name.zh if place else "",
        moment(one.created_at, "zh"),
        moment(one.due_at, "zh"),
        "、".join(labels.REQUEST_MARKS[mark].zh for mark in row.marks),
        str(row.households),
    ]
