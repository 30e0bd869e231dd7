"""Puts an answer together from lines of the domain, with where it comes from."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from actions.dialogue import Turn
from actions.told import Told
from knowledge.pack import Facility, key_of
from knowledge.records import Sourced

# What the resident is told of an answer, by the level of its record.
ORIGINS = {
    "official": "utter_origin_official",
    "report": "utter_origin_report",
    "sample": "utter_origin_sample",
}


def line(turn: Turn, response: str, **values: Any) -> str:
    """Render one line the way this resident reads it."""
    return turn.ground.wording.render(
        response, language=turn.language, elder=turn.row.elder, values=values
    ).text


def tell(turn: Turn, lines: Iterable[str], record: Sourced) -> None:
    """Say the lines of an answer, then where they come from and whether that has run out."""
    turn.say(
        "utter_answer",
        told=_told(turn, record),
        answer="\n".join(lines),
        origin=origin(turn, record),
    )


def _told(turn: Turn, record: Sourced) -> Told | None:
    key = key_of(record)
    if key is None:
        return None
    return Told(*key, record.fingerprint, chosen=turn.choice == ":".join(key))


def origin(turn: Turn, record: Sourced) -> str:
    """Return where a record comes from, who keeps it, and whether its time has run out."""
    team = turn.ground.pack.teams.get(record.owner or "")
    told = line(
        turn,
        ORIGINS[record.level],
        source=record.source,
        day=str(record.as_of),
        owner=line(turn, "utter_origin_owner", team=team.name) if team else "",
    )
    if record.valid_until is None or record.valid_until >= turn.local.date():
        return told
    stale = line(turn, "utter_origin_stale", day=str(record.valid_until), phone=_phone(record))
    return f"{told}\n{stale}"


def _phone(record: Sourced) -> str:
    """Return whom to call about a record: the place itself, else the town's line."""
    own = record.phone if isinstance(record, Facility) and record.level != "sample" else None
    return own or "12345"


def moment(turn: Turn, at: datetime) -> str:
    """Write a moment of today as its time alone, another day's with its date."""
    local = at.astimezone(turn.ground.pack.zone)
    if local.date() == turn.local.date():
        return f"{local:%H:%M}"
    return turn.ground.wording.moment(at, turn.language)
