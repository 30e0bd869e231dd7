"""Puts an answer together from lines of the domain, with where it comes from."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from actions.told import Told
from actions.wording import Wording
from knowledge.pack import Facility, Pack, key_of
from knowledge.records import Sourced


class Reader(Protocol):
    """Somebody who reads an answer, and when: a turn is one, and so is the desk's preview."""

    @property
    def language(self) -> str:
        """What they read, zh or en."""

    @property
    def elder(self) -> bool:
        """Whether they are told in few, simple words."""

    @property
    def now(self) -> datetime:
        """The moment of the answer."""

    @property
    def local(self) -> datetime:
        """That moment on the community's clock."""

    @property
    def pack(self) -> Pack:
        """The content that is told."""

    @property
    def wording(self) -> Wording:
        """The words it is told in."""


class Speaker(Reader, Protocol):
    """A reader who can be spoken to: a turn."""

    @property
    def choice(self) -> str | None:
        """The value of the choice that was tapped, if one was."""

    def say(self, response: str, *, told: Told | None = None, **values: Any) -> None:
        """Answer now; `told` marks what the answer tells."""


# What the resident is told of an answer, by the level of its record.
ORIGINS = {
    "official": "utter_origin_official",
    "report": "utter_origin_report",
    "sample": "utter_origin_sample",
}


def line(reader: Reader, response: str, **values: Any) -> str:
    """Render one line the way this resident reads it."""
    return reader.wording.render(
        response, language=reader.language, elder=reader.elder, values=values
    ).text


def tell(turn: Speaker, lines: Iterable[str], record: Sourced) -> None:
    """Say the lines of an answer, then where they come from and whether that has run out."""
    turn.say("utter_answer", told=_told(turn, record), **values(turn, lines, record))


def values(reader: Reader, lines: Iterable[str], record: Sourced) -> dict[str, str]:
    """Return the values of `utter_answer`."""
    return {"answer": "\n".join(lines), "origin": origin(reader, record)}


def _told(turn: Speaker, record: Sourced) -> Told | None:
    key = key_of(record)
    if key is None:
        return None
    return Told(*key, record.fingerprint, chosen=turn.choice == ":".join(key))


def origin(reader: Reader, record: Sourced) -> str:
    """Return where a record comes from, who keeps it, and whether its time has run out."""
    team = reader.pack.teams.get(record.owner or "")
    told = line(
        reader,
        ORIGINS[record.level],
        source=record.source,
        day=str(record.as_of),
        owner=line(reader, "utter_origin_owner", team=team.name) if team else "",
    )
    if record.valid_until is None or record.valid_until >= reader.local.date():
        return told
    stale = line(
        reader, "utter_origin_stale", day=str(record.valid_until), phone=_phone(record)
    )
    return f"{told}\n{stale}"


def _phone(record: Sourced) -> str:
    """Return whom to call about a record: the place itself, else the town's line."""
    own = record.phone if isinstance(record, Facility) and record.level != "sample" else None
    return own or "12345"


def moment(reader: Reader, at: datetime) -> str:
    """Write a moment of today as its time alone, another day's with its date."""
    local = at.astimezone(reader.pack.zone)
    if local.date() == reader.local.date():
        return f"{local:%H:%M}"
    return reader.wording.moment(at, reader.language)
