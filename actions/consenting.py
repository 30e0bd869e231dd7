"""How a resident is asked for a consent: its text, and two taps that answer it.

Any topic may ask; the taps (`give_consent`, `refuse_consent`) are done by `actions.leaving`.
"""

from dataclasses import dataclass

from actions.conversations import Choice
from actions.people.consents import PURPOSES
from actions.taps import Done

BETWEEN = "|"  # a purpose, and what goes on after the yes


@dataclass(frozen=True)
class Meant:
    """What a yes or no is about, and the choice that is done at once after a yes."""

    purpose: str
    then: Choice | None = None


def ask(purpose: str, then: Choice | None = None) -> Done:
    """Ask for a consent. `then`: the tap that is done as soon as they agree.

    Raises:
        KeyError: there is no such purpose.
    """
    version = PURPOSES[purpose]
    after = f"{BETWEEN}{then.intent}{BETWEEN}{then.value}" if then else ""
    return Done(f"utter_consent_{purpose}", {"purpose": f"{purpose}:{version}{after}"})


def read(value: str) -> Meant | None:
    """Read what a tap of `ask` stands for; None when its text has changed meanwhile."""
    named, _, after = value.partition(BETWEEN)
    purpose, _, version = named.partition(":")
    if PURPOSES.get(purpose) != version:
        return None
    intent, _, meant = after.partition(BETWEEN)
    return Meant(purpose, Choice("", intent, meant) if intent else None)
