"""What the booking form asks a group that wants to visit: how many, whom to call, by coach?

Staff decide on a visit; what the form says yes to is only that it is asked for.
"""

import re
from collections.abc import Mapping
from typing import Any

from actions.booking import reading
from actions.booking.programme import VISIT
from actions.conversations import Choice
from actions.dialogue import SKIPPED, Step, Turn
from actions.errors import Refusal

HEADS, CONTACT, BUS = VISIT_SLOTS = ("visit_heads", "visit_contact", "visit_bus")

LONGEST_CONTACT = 120
PHONE = re.compile(r"\d(?:[\s-]?\d){6,14}")
BY_BUS = re.compile(r"大巴|大客车|客车|包车|旅游车|\b(?:coach|bus)\b", re.IGNORECASE)
NO_BUS = re.compile(
    r"不(?:要|用|坐|开|停)|没有|自己(?:来|开车|去)|走(?:过来|路)|小车|\b(?:no|not|by car|walk)",
    re.IGNORECASE,
)


def steps(offer: str) -> tuple[Step, ...]:
    """Return the steps; they are skipped unless the slot `offer` says it is a visit."""

    def is_none(slots: Mapping[str, Any]) -> bool:
        return slots.get(offer) != VISIT

    return (
        Step(HEADS, ask_heads, read_heads, unless=is_none),
        Step(CONTACT, ask_contact, read_contact, unless=is_none),
        Step(BUS, ask_bus, read_bus, unless=is_none),
    )


def wanted(slots: Mapping[str, Any]) -> dict[str, Any]:
    """Return the slots that are to be asked for, where they were skipped before."""
    return {slot: None for slot in VISIT_SLOTS if slots.get(slot) == SKIPPED}


def details(slots: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `visits.request` wants to know of a group."""
    return {
        "heads": int(slots[HEADS]),
        "contact": str(slots[CONTACT]),
        "bus": slots[BUS] == "yes",
    }


def ask_heads(turn: Turn) -> None:
    """Ask how many come."""
    turn.say("utter_ask_visit_heads", most=turn.pack.activity_rules.visit_heads)


def read_heads(turn: Turn) -> int | None:
    """Take a number.

    Raises:
        Refusal: nobody comes, or too many for one group.
    """
    heads = None if turn.choice else reading.read_number(turn.text)
    most = turn.pack.activity_rules.visit_heads
    if heads is not None and not 1 <= heads <= most:
        raise Refusal("utter_visit_heads", most=most)
    return heads


def ask_contact(turn: Turn) -> None:
    """Ask who comes and how to reach them."""
    turn.say("utter_ask_visit_contact")


def read_contact(turn: Turn) -> str | None:
    """Take words with a phone number in them.

    Raises:
        Refusal: there is no number in them.
    """
    said = " ".join(turn.text.split())[:LONGEST_CONTACT]
    if turn.choice or not said or turn.interrupts:
        return None
    if not PHONE.search(said):
        raise Refusal("utter_visit_no_phone")
    return said


def ask_bus(turn: Turn) -> None:
    """Ask whether a coach wants the bay."""
    yes, no = (
        turn.wording.render(label, language=turn.language).text
        for label in ("utter_label_visit_bus", "utter_label_visit_no_bus")
    )
    choices = [Choice(yes, "choose", "yes"), Choice(no, "choose", "no")]
    turn.say("utter_ask_visit_bus", choices=choices)


def read_bus(turn: Turn) -> str | None:
    """Take a yes or a no."""
    if turn.choice in ("yes", "no"):
        return turn.choice
    if turn.choice:
        return None
    if NO_BUS.search(turn.text) or turn.intent == "deny":
        return "no"
    return "yes" if BY_BUS.search(turn.text) or turn.intent == "affirm" else None
