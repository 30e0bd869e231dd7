"""运行: whether residents are answered, what waits, what runs, the last backup and drill."""

from collections.abc import Mapping
from dataclasses import dataclass

from anyio import from_thread
from starlette.responses import Response

from actions.people.model import Staff
from actions.people.scope import is_topmost
from bot.desk import findings
from bot.desk.visit import Desk, Visit
from bot.operating import health, records
from bot.operating.figures import Figures
from bot.operating.health import Part, State


@dataclass(frozen=True)
class Looked:
    """The assistant as it was a moment ago."""

    state: State
    parts: tuple[Part, ...]
    figures: Figures


def look(desk: Desk, _who: Staff, _sent: Mapping[str, str]) -> Looked:
    """Look at every part, before the page's transaction: others are called for it."""
    watched = desk.overview.health
    parts = from_thread.run(watched.look, health.EVERY)
    return Looked(watched.state, tuple(parts.values()), desk.overview.reader.read())


def see(visit: Visit) -> Response:
    """Show it. Numbers are of the whole town, and for those who look after all of it."""
    looked: Looked = visit.prepared
    overview = visit.desk.overview
    return visit.show(
        "operating.html",
        state=looked.state,
        parts=looked.parts,
        figures=looked.figures if is_topmost(visit.staff.area_id) else None,
        versions=overview.versions(looked.figures),
        backups=overview.backups(),
        drill=records.last_drill(),
        findings=findings,
    )
