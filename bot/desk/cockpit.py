"""驾驶舱: the boards, how requests went, and what nobody knows or has answered."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from actions.content import tasks
from actions.errors import Refusal
from actions.governance import counts as requests
from actions.governance import trends
from actions.governance.counts import Cell, Counts
from actions.governance.views import STILL_FOR
from actions.learning import clusters, misses
from actions.people.roles import EDITS
from bot.desk import digest, inbox
from bot.desk.figures import OF_NEEDS, OF_REQUESTS, OF_SESSIONS, Look, mean, share, tiles, took
from bot.desk.visit import Missing, Visit
from knowledge.pack import Pack
from knowledge.printing.layout import FontMissing

# What stands in the columns of a board's tables; each cell leads to its list.
COLUMNS = ("open", "new", "soon", "late", "raised", "unconfirmed")
LOOKED_BACK = 30  # days, unless somebody asks for another length
LAST_QUARTER = 90  # days, of what is only seen when it adds up
CLUSTERS = 10  # shown, the most asked first

Row = tuple[str | None, Counter[str]]


def see(visit: Visit) -> Response:
    """Show every board with its figures."""
    look = _look(visit)
    visit.note("read_cockpit", "cockpit")
    boards = [(board, tiles(look, board)) for board in visit.pack.boards.values()]
    return visit.show("cockpit.html", boards=boards, may_open=_may_open(visit))


def see_board(visit: Visit) -> Response:
    """Show a board: what its figures are made of, and how it went."""
    board = visit.pack.boards.get(visit.path["board_id"])
    if board is None:
        raise Missing
    look, shown = _look(visit), set(board.figures)
    sieve = look.sieve(board)
    days = _days(visit.sent.get("days", ""))
    over = trends.period(days, trends.STEPS[days], zone=visit.pack.zone, now=visit.now)
    of_requests = bool(shown & OF_REQUESTS)

    counts = {
        cell: count
        for cell, count in look.counts.items()
        if of_requests and (sieve.categories is None or cell.category_id in sieve.categories)
    }
    village = village_of(visit.pack)
    visit.note("read_cockpit", f"board:{board.id}")
    return visit.show(
        "cockpit_board.html",
        board=board,
        tiles=tiles(look, board),
        may_open=_may_open(visit),
        columns=COLUMNS,
        by_category=_rows(counts, lambda cell: cell.category_id),
        by_area=_rows(counts, lambda cell: village(cell.area_id)),
        by_team=_rows(counts, lambda cell: cell.team_id),
        held=look.week if shown & OF_SESSIONS else (),
        needs=look.needs if shown & OF_NEEDS else {},
        days=days,
        lengths=tuple(trends.STEPS),
        steps=trends.trend(visit.db, over, sieve=sieve) if of_requests else (),
        hours=lambda time: None if time is None else round(time.total_seconds() / 3600, 2),
        percent=lambda part: None if part is None else round(100 * part, 1),
        share=share,
        took=took,
        mean=mean,
    )


def see_unknown(visit: Visit) -> Response:
    """Show what nobody knows, has answered, has confirmed, has touched or can see."""
    look = _look(visit)
    since = look.since(LAST_QUARTER)
    edits = visit.staff.role in EDITS
    waiting = misses.waiting(visit.db, now=visit.now)
    found = clusters.together(waiting, visit.desk.embedder)
    by_team: Counter[str | None] = Counter()
    for cell, counts in look.counts.items():
        by_team[cell.team_id] += counts["still"]
    visit.note("read_cockpit", "unknown")
    return visit.show(
        "cockpit_unknown.html",
        stale=Counter((task.reason, task.owner) for task in _tasks(visit)),
        clusters=sorted(found, key=lambda cluster: -cluster.conversations)[:CLUSTERS],
        all_clusters=len(found),
        questions=len(waiting),
        edits=edits,
        unconfirmed=_largest(requests.unconfirmed(visit.db, since=since)),
        still=_largest(by_team),
        returned=requests.returned(visit.db, since=since),
        watched_by_nobody=inbox.watched_by_nobody(visit),
        days=LAST_QUARTER,
        still_for=STILL_FOR.days,
    )


def see_digest(visit: Visit) -> Response:
    """Hand out the digest of the day before as a PDF, as far as whoever looks may see.

    Raises:
        Refusal: the machine has no Chinese font.
    """
    day = digest.yesterday(visit.pack, visit.now)
    composed = digest.compose(_look(visit), day, visit.staff.area_id)
    try:
        content = digest.draw(composed, visit.desk.wording, visit.desk.font_dir)
    except FontMissing:
        raise Refusal("utter_desk_no_font") from None
    visit.note("printed_digest", f"digest:{day}")
    return Response(
        content,
        media_type="application/pdf",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="digest-{day}.pdf"',
        },
    )


def village_of(pack: Pack) -> Callable[[str | None], str | None]:
    """Return what names the village an area lies in; the area itself, above villages."""
    villages = [area.id for area in pack.areas.values() if area.tier == "village"]

    def village(area_id: str | None) -> str | None:
        around = (one for one in villages if (area_id or "").startswith(one))
        return next(around, area_id)

    return village


def _look(visit: Visit) -> Look:
    return Look(visit.db, visit.pack, visit.now)


def _may_open(visit: Visit) -> Callable[[str | None], bool]:
    """Return whether a page a figure leads to is for whoever looks."""
    closed = () if visit.staff.role in EDITS else ("/misses", "/content")
    return lambda path: path is not None and not path.startswith(closed)


def _days(said: str) -> int:
    return next((days for days in trends.STEPS if str(days) == said), LOOKED_BACK)


def _rows(counts: Counts, of: Callable[[Cell], str | None]) -> list[Row]:
    """Return the rows of a table, what is most overdue first."""
    added: dict[str | None, Counter[str]] = {}
    for cell, count in counts.items():
        added.setdefault(of(cell), Counter()).update(count)
    rows = [(value, count) for value, count in added.items() if any(count[c] for c in COLUMNS)]
    return sorted(rows, key=lambda row: (-row[1]["late"], -row[1]["open"], row[0] or ""))


def _largest(counts: Mapping[Any, int]) -> list[tuple[str | None, int]]:
    found = [(value, count) for value, count in counts.items() if count]
    return sorted(found, key=lambda pair: (-pair[1], pair[0] or ""))


def _tasks(visit: Visit) -> list[tasks.Task]:
    return tasks.tasks(visit.pack, visit.today)
