"""Puts an answer together from lines of the domain, with where it comes from."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from actions.wording import Wording
from knowledge.pack import Pack
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

    def say(self, response: str, **values: Any) -> None:
        """Answer now."""


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
    turn.say("utter_answer", **told(turn, lines, record))


def told(reader: Reader, lines: Iterable[str], record: Sourced) -> dict[str, str]:
    """Return the values of `utter_answer`."""
    return {"answer": "\n".join(lines), "origin": origin(reader, record)}


def origin(reader: Reader, record: Sourced) -> str:
    """Return the line that says where a record comes from."""
    if record.valid_until is not None and record.valid_until < reader.local.date():
        return line(reader, "utter_origin_stale", day=str(record.valid_until))
    return line(reader, ORIGINS[record.level], source=record.source, day=str(record.as_of))


def moment(reader: Reader, at: datetime) -> str:
    """Write a moment of today as its time alone, another day's with its date."""
    local = at.astimezone(reader.pack.zone)
    if local.date() == reader.local.date():
        return f"{local:%H:%M}"
    return reader.wording.moment(at, reader.language)
