"""A resident's own needs as they are shown: how far each has come, and what can be done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from actions.db import Db
from actions.neighbours import listing, showing
from actions.neighbours.model import WAITING, HelpRequest, Status
from actions.square import Square
from knowledge.pack import Text

LATELY = timedelta(days=30)  # what is over longer is not shown
SHOW = "need_show"


@dataclass(frozen=True)
class Told:
    """A response with its values; `offered` are labels with what a tap on each means."""

    response: str
    values: Mapping[str, Any] = field(default_factory=dict)
    offered: tuple[tuple[Text, str, str], ...] = ()


def own(db: Db, square: Square, resident_id: str, *, now: datetime, most: int) -> Told:
    """Return what is told of a resident's needs: of one all of it, of several a list."""
    found = listing.of_resident(db, resident_id, since=now - LATELY, limit=most)
    if not found:
        return Told("utter_help_none_own")
    if len(found) == 1:
        return one(square, found[0], now=now)
    lines = [_line(square, need, now) for need in found]
    offered = tuple((_label(square, need), SHOW, str(need.id)) for need in found)
    listed = Text(
        zh="\n".join(line.zh for line in lines), en="\n".join(line.en for line in lines)
    )
    return Told("utter_help_own_list", {"needs": listed}, offered)


def one(square: Square, need: HelpRequest, *, now: datetime) -> Told:
    """Return what is told of one need, with what its asker can do about it."""
    values = showing.described(square, need) | {"state": state(square, need, now=now)}
    if need.status == Status.MATCHED:
        return Told("utter_help_own_matched", values)
    if need.status not in WAITING or need.expires_at <= now:
        return Told("utter_help_own_over", values)
    for_a_moment = need.wanted_from == need.wanted_until
    return Told(
        "utter_help_own_waiting" if for_a_moment else "utter_help_own_waiting_on", values
    )


def state(square: Square, need: HelpRequest, *, now: datetime) -> Text:
    """Say how far a need has come; one whose time has gone has expired."""
    late = need.status in WAITING and need.expires_at <= now
    status = Status.EXPIRED if late else Status(need.status)
    return square.in_both(f"utter_help_state_{status}")


def _line(square: Square, need: HelpRequest, now: datetime) -> Text:
    values = showing.described(square, need) | {"state": state(square, need, now=now)}
    return square.in_both("utter_help_own_line", **values)


def _label(square: Square, need: HelpRequest) -> Text:
    values = showing.described(square, need)
    return square.in_both("utter_help_own_label", **values)
