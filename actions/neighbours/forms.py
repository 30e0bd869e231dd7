"""request_help_form: what kind of help, in which words, when, and a read-back."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from actions.conversations import Choice
from actions.dialogue import SKIPPED, Form, Ground, Step, Turn
from actions.errors import Refusal
from actions.neighbours import matching, service
from actions.neighbours.matching import OTHER
from actions.neighbours.service import Need, Square
from knowledge.dates import Grain, Unclear, When, read_when

SLOTS = ("help_kind", "help_what", "help_when", "help_confirm")
READINGS = "help_readings"  # what an unclear time may mean, offered to choose from

CHOICES, CHOICES_ELDER = 4, 3
SHOWN = 60  # characters of a long description that are read back

ANY_TIME = re.compile(
    r"随时|都行|都可以|尽快|马上|越快越好|现在就|不急"
    r"|asap|as soon as|any ?time|right (?:now|away)|no hurry",
    re.IGNORECASE,
)
NOTHING_MORE = "nothing_more"  # the choice of those who have no words to add
NO_ANSWER = frozenset({"affirm", "deny", "choose", "out_of_scope", "offer_help"})

# What the read-back offers to say again, and what that makes of the slots.
CHANGES: dict[str, dict[str, Any]] = {
    "change_what": {"help_kind": None, "help_what": None},
    "change_when": {"help_when": None},
}


@dataclass(frozen=True)
class Wanted:
    """A wanted time as the form keeps it: two ISO 8601 moments, equal for a point in time."""

    start: str
    end: str

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """Both as moments."""
        return datetime.fromisoformat(self.start), datetime.fromisoformat(self.end)


class RequestHelpForm(Form):
    """Asks what and when, says what to mind, reads it all back and asks for a yes."""

    form = "request_help_form"

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step("help_kind", ask_kind, read_kind, prefill=prefill_kind),
            Step("help_what", ask_what, read_what, prefill=prefill_what),
            Step("help_when", ask_when, read_wanted, prefill=prefill_when),
            Step("help_confirm", ask_confirm, read_confirm),
        )

    @property
    def slots(self) -> tuple[str, ...]:
        return (*SLOTS, READINGS)

    def _begin(self, turn: Turn) -> dict[str, Any]:
        return super()._begin(turn) | _readings(turn)

    def _listen(self, turn: Turn, asked: Step) -> dict[str, Any]:
        if turn.choice in CHANGES:
            return {asked.slot: None, READINGS: None, **CHANGES[turn.choice]}
        if asked.slot == "help_when" and (unclear := _readings(turn)):
            return {asked.slot: None, **unclear}
        changes = super()._listen(turn, asked)
        if changes.get("help_kind") and turn.choice is None:
            changes["help_what"] = turn.text.strip()  # the kind was told in words
        if changes.get("help_kind"):
            changes |= _when_that_still_fits(turn, str(changes["help_kind"]))
        return changes | ({READINGS: None} if changes else {})


def ask_kind(turn: Turn) -> None:
    """Ask what kind of help, offering the pack's first kinds and something else."""
    kinds = list(turn.pack.help_kinds.values())[: _limit(turn) - 1]
    offered = [Choice(kind.name.in_(turn.language), "choose", kind.id) for kind in kinds]
    turn.say("utter_ask_help_kind", choices=offered)


def read_kind(turn: Turn) -> str | None:
    """Take the tapped kind, the one the words fit, or anything else as something for staff.

    Raises:
        Refusal: no neighbour is asked for this.
    """
    if turn.choice is not None:
        return turn.choice if turn.choice in {*turn.pack.help_kinds, OTHER} else None
    if _about_something_else(turn) or turn.intent in NO_ANSWER or len(turn.text.strip()) < 2:
        return None
    _require_allowed(turn)
    kind = matching.kind_of(turn.pack, turn.text)
    return kind.id if kind else OTHER


def prefill_kind(turn: Turn) -> str | None:
    """Take the kind the first message tells.

    Raises:
        Refusal: no neighbour is asked for this.
    """
    if turn.choice is not None:
        return None
    _require_allowed(turn)
    kind = matching.kind_of(turn.pack, turn.text)
    return kind.id if kind else None


def ask_what(turn: Turn) -> None:
    """Ask for a few words; who has none says so."""
    optional = turn.slots.get("help_kind") != OTHER
    turn.say("utter_ask_help_what" if optional else "utter_ask_help_what_other")


def read_what(turn: Turn) -> str | None:
    """Take the resident's own words.

    Raises:
        Refusal: no neighbour is asked for this.
    """
    if turn.choice is not None:
        return SKIPPED if turn.choice == NOTHING_MORE else None
    if _about_something_else(turn) or len(turn.text.strip()) < 2:
        return None
    if turn.intent == "deny" and turn.slots.get("help_kind") != OTHER:
        return SKIPPED
    _require_allowed(turn)
    return turn.text.strip()


def prefill_what(turn: Turn) -> str | None:
    """Take the first message when it tells the kind: nothing is asked that was said."""
    if turn.choice is not None or matching.forbidden(turn.pack, turn.text):
        return None
    return turn.text.strip() if matching.kind_of(turn.pack, turn.text) else None


def ask_when(turn: Turn) -> None:
    """Ask when, or which of the possible times was meant."""
    readings = [Wanted(**reading) for reading in turn.slots.get(READINGS) or ()]
    if not readings:
        turn.say("utter_ask_help_when")
        return
    square = square_of(turn)
    turn.say(
        "utter_ask_help_when_unclear",
        choices=[
            Choice(
                service.shown(square, reading.moments).in_(turn.language),
                "choose",
                f"{reading.start}/{reading.end}",
            )
            for reading in readings[: _limit(turn)]
        ],
    )


def read_wanted(turn: Turn) -> dict[str, str] | None:
    """Take a tapped reading, any time, or the time the words name.

    Raises:
        Refusal: it is past, or outside the hours neighbours may be asked for this.
    """
    kind_id = str(turn.slots.get("help_kind") or OTHER)
    if turn.choice is not None:
        start, slash, end = turn.choice.partition("/")
        return _checked(turn, kind_id, Wanted(start, end)) if slash else None
    when = _when(turn)
    if isinstance(when, When) and not _mentions_in_passing(turn, when):
        return _checked(turn, kind_id, _wanted(turn, when))
    if ANY_TIME.search(turn.text) and not turn.interrupts:
        return _fields(_any_time(turn))
    return None


def prefill_when(turn: Turn) -> dict[str, str] | None:
    """Take the time the first message names.

    Raises:
        Refusal: it is past, or outside the hours neighbours may be asked for this.
    """
    kind = matching.kind_of(turn.pack, turn.text)
    when = _when(turn) if turn.choice is None else None
    if not isinstance(when, When):
        return None
    return _checked(turn, kind.id if kind else OTHER, _wanted(turn, when))


def ask_confirm(turn: Turn) -> None:
    """Read everything back, with what to mind and whether staff look at it first."""
    need, square = need_of(turn), square_of(turn)
    kind = square.kind(need.kind_id)
    if kind is not None:
        sample = kind.level == "sample"
        turn.say(
            "utter_help_safety_sample" if sample else "utter_help_safety", safety=kind.safety
        )
    if matching.needs_review(kind):
        turn.say("utter_help_review_first")
    turn.say(
        "utter_ask_help_confirm",
        kind=square.name(need.kind_id),
        what=_shorten(need.what) or square.name(need.kind_id),
        when=service.shown(square, need.wanted),
    )


def read_confirm(turn: Turn) -> str | None:
    """Take a yes. A no is asked what is wrong."""
    if turn.choice == "yes" or (turn.choice is None and turn.intent == "affirm"):
        return "yes"
    if turn.intent == "deny":
        raise Refusal("utter_help_what_to_change")
    return None


def need_of(turn: Turn) -> Need:
    """Return the need as the form has it."""
    what = turn.slots.get("help_what")
    return Need(
        kind_id=str(turn.slots["help_kind"]),
        wanted=Wanted(**turn.slots["help_when"]).moments,
        what="" if what in (None, SKIPPED) else str(what),
    )


def square_of(turn: Turn) -> Square:
    """Return what the services of this topic stand on."""
    return Square(turn.pack, turn.wording)


def _when(turn: Turn) -> When | Unclear | None:
    return read_when(turn.text, turn.now.astimezone(square_of(turn).zone))


def _readings(turn: Turn) -> dict[str, Any]:
    """Keep what an unclear time may mean; times that are past are not offered."""
    when = _when(turn) if turn.choice is None else None
    if not isinstance(when, Unclear):
        return {}
    possible = [_wanted(turn, reading) for reading in when.readings]
    coming = [_fields(wanted) for wanted in possible if not _past(turn, wanted)]
    return {READINGS: coming} if coming else {}


def _wanted(turn: Turn, when: When) -> Wanted:
    """Keep a point in time as a point; of anything longer only what still lies ahead."""
    if when.grain == Grain.MINUTE and when.end - when.start <= timedelta(minutes=1):
        return Wanted(when.start.isoformat(), when.start.isoformat())
    now = turn.now.astimezone(when.start.tzinfo)
    start = now if when.start <= now < when.end else when.start
    return Wanted(start.isoformat(), when.end.isoformat())


def _checked(turn: Turn, kind_id: str, wanted: Wanted) -> dict[str, str]:
    square = square_of(turn)
    if _past(turn, wanted):
        raise Refusal("utter_help_past", when=service.shown(square, wanted.moments))
    fitting = matching.within_window(square.kind(kind_id), square.zone, wanted.moments)
    if fitting is None:
        raise Refusal("utter_help_not_then", **service.hours(square, kind_id))
    return _fields(Wanted(fitting[0].isoformat(), fitting[1].isoformat()))


def _past(turn: Turn, wanted: Wanted) -> bool:
    return wanted.moments[1] <= turn.now


def _any_time(turn: Turn) -> Wanted:
    """As soon as somebody can: from now until the need expires."""
    start = turn.now.astimezone(square_of(turn).zone)
    end = start + timedelta(hours=turn.pack.help_policy.expires_after_hours)
    return Wanted(start.isoformat(), end.isoformat())


def _when_that_still_fits(turn: Turn, kind_id: str) -> dict[str, Any]:
    """Forget a time that was told for another kind and is outside this one's hours."""
    told = turn.slots.get("help_when")
    square = square_of(turn)
    fits = told is None or matching.within_window(
        square.kind(kind_id), square.zone, Wanted(**told).moments
    )
    return {} if fits else {"help_when": None}


def _mentions_in_passing(turn: Turn, when: When) -> bool:
    """A question that happens to name a time is still a question."""
    return _about_something_else(turn) and 2 * len(when.words) < len(turn.text.strip())


def _about_something_else(turn: Turn) -> bool:
    return turn.interrupts and turn.intent != "request_help"


def _require_allowed(turn: Turn) -> None:
    if matching.forbidden(turn.pack, turn.text):
        raise Refusal("utter_help_never")


def _fields(wanted: Wanted) -> dict[str, str]:
    return {"start": wanted.start, "end": wanted.end}


def _limit(turn: Turn) -> int:
    return CHOICES_ELDER if turn.elder else CHOICES


def _shorten(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
