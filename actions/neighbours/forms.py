"""request_help_form: what kind of help, in which words, when and where, and a read-back."""

from collections.abc import Mapping
from typing import Any

from actions.dialogue import SKIPPED, Form, Ground, Step, Turn
from actions.errors import Refusal
from actions.neighbours import draft, listing, steps, timing
from actions.neighbours.draft import CHANGED, READINGS, SLOTS
from actions.people import nicknames

# What the read-back offers to say again, and what that makes of the slots.
CHANGES: dict[str, dict[str, Any]] = {
    "change_what": dict.fromkeys(("help_kind", "help_what", "help_where", "help_long")),
    "change_when": {"help_when": None},
}
# What the kind of help wants to know beside what and when → its slot.
ASKS = {"where": "help_where", "how_long": "help_long"}


class RequestHelpForm(Form):
    """Asks what and when, says what to mind, reads it all back and asks for a yes."""

    form = draft.FORM

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step("help_kind", steps.ask_kind, steps.read_kind, prefill=steps.prefill_kind),
            Step("help_what", steps.ask_what, steps.read_what, prefill=steps.prefill_what),
            Step("help_when", timing.ask_when, timing.read_wanted, prefill=timing.prefill_when),
            Step("help_where", steps.ask_where, steps.read_where, prefill=steps.prefill_where),
            Step("help_long", steps.ask_long, steps.read_long, prefill=steps.prefill_long),
            Step("help_name", steps.ask_name, steps.read_name),
            Step("help_confirm", steps.ask_confirm, steps.read_confirm),
        )

    @property
    def slots(self) -> tuple[str, ...]:
        return (*SLOTS, READINGS, CHANGED)

    def _begin(self, turn: Turn) -> dict[str, Any]:
        changes = super()._begin(turn) | timing.readings(turn)
        return changes | _settled(turn, changes)

    def _listen(self, turn: Turn, asked: Step) -> dict[str, Any]:
        if turn.choice in CHANGES:
            return {asked.slot: None, READINGS: None, **CHANGES[turn.choice]}
        if asked.slot == "help_when" and (unclear := timing.readings(turn)):
            return {asked.slot: None, **unclear}
        changes = super()._listen(turn, asked)
        if not changes:
            return {}
        if changes.get("help_kind") and turn.choice is None:
            changes["help_what"] = _with_what_was_said(turn)  # the kind was told in words
        if changes.get("help_kind"):
            changes |= timing.when_that_still_fits(turn, str(changes["help_kind"]))
            changes |= {slot: None for slot in ASKS.values() if turn.slots.get(slot) == SKIPPED}
        if asked.slot in ("help_kind", "help_what") and turn.choice is None:
            changes |= self._said_along(turn, changes)
        return {READINGS: None} | changes | _settled(turn, changes)

    def _said_along(self, turn: Turn, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Take what an answer tells of the questions still to come."""
        if not changes.get("help_what"):
            return {}
        found: dict[str, Any] = {}
        for step in self.steps:
            asked = step.slot in ("help_when", "help_where", "help_long")
            if not asked or step.prefill is None or turn.slots.get(step.slot) is not None:
                continue
            try:
                found[step.slot] = step.prefill(turn)
            except Refusal as refusal:
                turn.say(refusal.response, **refusal.details)
        return {slot: value for slot, value in found.items() if value is not None}


def _with_what_was_said(turn: Turn) -> str:
    before = turn.slots.get("help_what")
    kept = "" if before in (None, SKIPPED) else f"{before} "
    return f"{kept}{turn.text.strip()}"


def _settled(turn: Turn, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what need not be asked: what the kind does not want to know, a known name."""
    slots = {**turn.slots, **changes}
    settled: dict[str, Any] = {}
    if slots.get("help_kind") is not None:
        kind = turn.pack.help_kinds.get(str(slots["help_kind"]))
        asks = kind.asks if kind else ()
        unasked = [slot for what, slot in ASKS.items() if what not in asks]
        settled |= {slot: SKIPPED for slot in unasked if slots.get(slot) is None}
    if slots.get("help_name") is None and not _wants_a_name(turn, slots):
        settled["help_name"] = SKIPPED
    return settled


def _wants_a_name(turn: Turn, slots: Mapping[str, Any]) -> bool:
    """Whether to ask how neighbours may call them: once, before their first need."""
    if slots.get(CHANGED) or nicknames.called(turn.db, turn.resident_id):
        return False
    return not listing.has_asked(turn.db, turn.resident_id)
