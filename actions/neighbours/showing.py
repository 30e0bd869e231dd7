"""A need in words everybody may read: kind, when, where, how long; never those of its asker."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from actions.neighbours import details, kinds
from actions.neighbours.details import DAY, HOMES, HOUR
from actions.neighbours.model import HelpRequest
from actions.neighbours.need import Need
from actions.people import kin
from actions.relay import masking
from actions.square import Square
from actions.wording import Wording
from knowledge.pack import HelpKind, Text

SHOWN = 60  # characters of a long description that are read back


def kind_in(square: Square, kind_id: str) -> HelpKind | None:
    """Return the pack's kind, None for anything else."""
    return square.pack.help_kinds.get(kind_id)


def name_of(square: Square, kind_id: str) -> Text:
    """Return the name of a kind, or what we call a need of no kind."""
    kind = kind_in(square, kind_id)
    return kind.name if kind else square.in_both("utter_help_other")


def described(square: Square, request: HelpRequest) -> dict[str, Any]:
    """Return the values the responses about a need speak of; no words of residents."""
    return {
        "id": request.id,
        "kind": name_of(square, request.kind_id),
        "when": shown(square, (request.wanted_from, request.wanted_until)),
        "where": where(square, request.place_id),
        "long": how_long(square, request.minutes),
        "special": special(square, request.special),
    }


def shown(square: Square, wanted: tuple[datetime, datetime]) -> Text:
    """Write a wanted time in both languages: a point, hours of a day, or days."""
    start, end = (moment.astimezone(square.zone) for moment in wanted)
    zh, en = (_written(square.wording, start, end, language) for language in ("zh", "en"))
    return Text(zh=zh, en=en)


def where(square: Square, place_id: str | None) -> Text:
    """Return the name of a public place, or that the two agree on one."""
    place = square.pack.places.get(place_id or "")
    if place is None or place.kind in HOMES:
        return square.in_both("utter_help_where_agreed")
    return place.name


def how_long(square: Square, minutes: int | None) -> Text:
    """Write about how long something takes, or that it is not known."""
    if minutes is None:
        return square.in_both("utter_help_long_unknown")
    if minutes % DAY == 0:
        return square.in_both("utter_help_long_days", much=minutes // DAY)
    if minutes < HOUR:
        return square.in_both("utter_help_long_minutes", much=minutes)
    return square.in_both("utter_help_long_hours", much=f"{minutes / HOUR:g}")


def special(square: Square, names: Iterable[str]) -> Text:
    """Write what a helper must know, or that there is nothing."""
    told = [square.in_both(f"utter_help_special_{name}") for name in names]
    if not told:
        return square.in_both("utter_help_special_none")
    return Text(zh="、".join(one.zh for one in told), en=", ".join(one.en for one in told))


def lines(square: Square, need: Need, kin_id: str | None) -> Text:
    """Write what is known of a need beside kind, words and time: a line for each thing.

    `kin_id` is what its asker calls the one it is for (`kin.KINDS`).
    """
    told = list(details.special(need.words))
    known: list[tuple[str, Text | str]] = []
    if kin_id:
        known.append(("for", kin_name(kin_id)))
    if need.place_id or need.where:
        place = where(square, need.place_id) if need.place_id else read_back(need.where)
        known.append(("where", place))
    if need.minutes is not None:
        known.append(("long", how_long(square, need.minutes)))
    if told:
        known.append(("special", special(square, told)))
    written = [square.in_both(f"utter_help_line_{name}", it=it) for name, it in known]
    return Text(
        zh="".join(f"\n{line.zh}" for line in written),
        en="".join(f"\n{line.en}" for line in written),
    )


def kin_name(kin_id: str) -> Text:
    """Return the word for somebody of the family, in both languages."""
    words = kin.KINDS[kin_id]
    in_english = next((word for word in words if word.isascii()), kin_id.replace("_", " "))
    return Text(zh=words[0], en=in_english)


def hours(square: Square, kind_id: str) -> dict[str, Any]:
    """Return the hours neighbours may be asked for a kind, as the responses speak of them."""
    begin, end = kinds.window(kind_in(square, kind_id))
    return {"kind": name_of(square, kind_id), "begin": begin, "end": end}


def read_back(words: str) -> str:
    """Return words as they are read back: without doors and numbers, and not too long."""
    masked = masking.mask(words).text
    return masked if len(masked) <= SHOWN else f"{masked[: SHOWN - 1]}…"


def _written(wording: Wording, start: datetime, end: datetime, language: str) -> str:
    if start == end:
        return wording.moment(start, language)
    last = end - timedelta(seconds=1)
    if start.date() == last.date():
        closing = "24:00" if end.date() > start.date() else f"{end:%H:%M}"
        return f"{wording.moment(start, language)}–{closing}"
    return f"{wording.day(start.date(), language)} – {wording.day(last.date(), language)}"
