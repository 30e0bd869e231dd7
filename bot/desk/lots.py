"""The draw of a session at the desk: how far it is, and who is in it, by ticket alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from actions.booking import draw, stages
from actions.booking.model import DrawEntry, Session
from actions.booking.programme import Programme
from actions.booking.stages import Stage, Window
from bot.desk.visit import Visit


@dataclass(frozen=True)
class Lot:
    """One ticket; `first_time` is who has never had a place in the activity."""

    entry: DrawEntry
    first_time: bool


@dataclass(frozen=True)
class Shown:
    """A draw as staff see it; `lots` are in the order drawn, before it by ticket."""

    stage: Stage
    window: Window
    places: int
    kept: int
    lots: Sequence[Lot]


def of(visit: Visit, session: Session) -> Shown | None:
    """Return the draw of a session that has one and has opened."""
    if session.draw is None:
        return None
    programme = Programme(visit.pack, visit.desk.wording)
    return Shown(
        stage=stages.stage_of(programme, session, visit.now),
        window=stages.window_of(programme, session),
        places=stages.places_drawn(programme, session),
        kept=session.draw.kept,
        lots=[_lot(visit, entry) for entry in stages.in_order(visit.db, session.id)],
    )


def _lot(visit: Visit, entry: DrawEntry) -> Lot:
    group = entry.group
    if group is None:
        group = draw.group_of(visit.db, entry, now=visit.now)
    return Lot(entry, group == draw.FIRST_TIME)
