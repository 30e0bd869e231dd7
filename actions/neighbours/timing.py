"""When help is wanted: read from a message, kept to what lies ahead and to the kind's hours."""

import re
from contextlib import suppress
from datetime import timedelta
from typing import Any

from actions.conversations import Choice
from actions.dialogue import Turn
from actions.errors import Refusal
from actions.neighbours import kinds, meaning, showing
from actions.neighbours.draft import READINGS, Wanted
from actions.neighbours.kinds import OTHER
from knowledge.dates import Grain, Unclear, When, read_when

CHOICES = 4
ANY = "any"  # the value of the choice for any time
# What elders may choose from, in words that are read like their own.
OFFERED = ("今天下午", "明天上午", "明天下午", "后天上午")

ANY_TIME = re.compile(
    r"随时|都行|都可以|尽快|马上|越快越好|现在就|不急"
    r"|asap|as soon as|any ?time|right (?:now|away)|no hurry",
    re.IGNORECASE,
)


def ask_when(turn: Turn) -> None:
    """Ask when, or which of the possible times was meant."""
    readings = [Wanted(**reading) for reading in turn.slots.get(READINGS) or ()]
    if not readings:
        turn.say("utter_ask_help_when", choices=_windows(turn) if turn.elder else ())
        return
    square = turn.square
    turn.say(
        "utter_ask_help_when_unclear",
        choices=[
            Choice(
                showing.shown(square, reading.moments).in_(turn.language),
                "choose",
                f"{reading.start}/{reading.end}",
            )
            for reading in readings[:CHOICES]
        ],
    )


def read_wanted(turn: Turn) -> dict[str, str] | None:
    """Take a tapped reading, any time, or the time the words name.

    Raises:
        Refusal: it is past, or outside the hours neighbours may be asked for this.
    """
    kind_id = str(turn.slots.get("help_kind") or OTHER)
    if turn.choice == ANY:
        return _fields(any_time(turn))
    if turn.choice is not None:
        start, slash, end = turn.choice.partition("/")
        return _checked(turn, kind_id, Wanted(start, end)) if slash else None
    when = _when(turn)
    if isinstance(when, When) and not _mentions_in_passing(turn, when):
        return _checked(turn, kind_id, wanted_of(turn, when))
    if ANY_TIME.search(turn.text) and not turn.interrupts:
        return _fields(any_time(turn))
    return None


def prefill_when(turn: Turn) -> dict[str, str] | None:
    """Take the time the first message names.

    Raises:
        Refusal: it is past, or outside the hours neighbours may be asked for this.
    """
    kind = meaning.guess(turn.pack, turn.text, turn.ground.sorter)
    when = _when(turn) if turn.choice is None else None
    if not isinstance(when, When):
        return None
    return _checked(turn, kind.id if kind else OTHER, wanted_of(turn, when))


def _windows(turn: Turn) -> list[Choice]:
    """Return the times neighbours may be asked for this kind, soonest first, then any."""
    kind_id, square = str(turn.slots.get("help_kind") or OTHER), turn.square
    offered = []
    for words in OFFERED:
        when = read_when(words, turn.now.astimezone(square.zone))
        with suppress(Refusal):
            if isinstance(when, When):
                wanted = Wanted(**_checked(turn, kind_id, wanted_of(turn, when)))
                label = showing.shown(square, wanted.moments).in_(turn.language)
                offered.append(Choice(label, "choose", f"{wanted.start}/{wanted.end}"))
    label = turn.wording.render("utter_label_any_time", language=turn.language).text
    return [*offered, Choice(label, "choose", ANY)]


def any_time(turn: Turn) -> Wanted:
    """As soon as somebody can: from now until the need expires."""
    start = turn.now.astimezone(turn.square.zone)
    end = start + timedelta(hours=turn.pack.help_policy.expires_after_hours)
    return Wanted(start.isoformat(), end.isoformat())


def _when(turn: Turn) -> When | Unclear | None:
    return read_when(turn.text, turn.now.astimezone(turn.square.zone))


def readings(turn: Turn) -> dict[str, Any]:
    """Keep what an unclear time may mean; times that are past are not offered."""
    when = _when(turn) if turn.choice is None else None
    if not isinstance(when, Unclear):
        return {}
    possible = [wanted_of(turn, reading) for reading in when.readings]
    coming = [_fields(wanted) for wanted in possible if not _past(turn, wanted)]
    return {READINGS: coming} if coming else {}


def wanted_of(turn: Turn, when: When) -> Wanted:
    """Keep a point in time as a point; of anything longer only what still lies ahead."""
    if when.grain == Grain.MINUTE and when.end - when.start <= timedelta(minutes=1):
        return Wanted(when.start.isoformat(), when.start.isoformat())
    now = turn.now.astimezone(when.start.tzinfo)
    start = now if when.start <= now < when.end else when.start
    return Wanted(start.isoformat(), when.end.isoformat())


def _checked(turn: Turn, kind_id: str, wanted: Wanted) -> dict[str, str]:
    square = turn.square
    if _past(turn, wanted):
        raise Refusal("utter_help_past", when=showing.shown(square, wanted.moments))
    fitting = kinds.within_window(showing.kind_in(square, kind_id), square.zone, wanted.moments)
    if fitting is None:
        raise Refusal("utter_help_not_then", **showing.hours(square, kind_id))
    return _fields(Wanted(fitting[0].isoformat(), fitting[1].isoformat()))


def _past(turn: Turn, wanted: Wanted) -> bool:
    return wanted.moments[1] <= turn.now


def when_that_still_fits(turn: Turn, kind_id: str) -> dict[str, Any]:
    """Forget a time that was told for another kind and is outside this one's hours."""
    told = turn.slots.get("help_when")
    square = turn.square
    fits = told is None or kinds.within_window(
        showing.kind_in(square, kind_id), square.zone, Wanted(**told).moments
    )
    return {} if fits else {"help_when": None}


def _mentions_in_passing(turn: Turn, when: When) -> bool:
    """A question that happens to name a time is still a question."""
    return about_something_else(turn) and 2 * len(when.words) < len(turn.text.strip())


def _fields(wanted: Wanted) -> dict[str, str]:
    return {"start": wanted.start, "end": wanted.end}


def about_something_else(turn: Turn) -> bool:
    """Whether a message is no answer, but another wish or a question."""
    return turn.interrupts and turn.intent != "request_help"
