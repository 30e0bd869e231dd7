"""A need on its way through the form: its slots, and how one that exists is taken up again.

What the form and the taps both know of it; it has never heard of Rasa.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actions.neighbours.model import HelpRequest

FORM = "request_help_form"
SLOTS = (
    *("help_kind", "help_what", "help_when", "help_where", "help_long"),
    *("help_name", "help_confirm"),
)
READINGS = "help_readings"  # what an unclear time may mean, offered to choose from
CHANGED = "help_changed"  # the id of the need that is changed, when it is no new one
SKIPPED = "skipped"  # as `dialogue` has it


@dataclass(frozen=True)
class Wanted:
    """A wanted time as the form keeps it: two ISO 8601 moments, equal for a point in time."""

    start: str
    end: str

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Both as moments."""
        return datetime.fromisoformat(self.start), datetime.fromisoformat(self.end)


def taken_up(request: HelpRequest, *emptied: str, changed: bool) -> dict[str, Any]:
    """Return the slots of a need that exists, but for those to be asked anew.

    `changed`: this need is to be another; else a new one is to be like it.
    """
    where = {"words": request.where.text} if request.where and request.where.text else None
    wanted = request.wanted_from.isoformat(), request.wanted_until.isoformat()
    told: dict[str, Any] = {
        "help_kind": request.kind_id,
        "help_what": request.what.text if request.what else SKIPPED,
        "help_when": {"start": wanted[0], "end": wanted[1]},
        "help_where": {"place": request.place_id} if request.place_id else where or SKIPPED,
        "help_long": request.minutes or SKIPPED,
        "help_name": SKIPPED,
        "help_confirm": None,
    }
    kept = {slot: None if slot in emptied else told[slot] for slot in SLOTS}
    return kept | {READINGS: None, CHANGED: str(request.id) if changed else None}
