"""correct_place_form: which request, and where it really is."""

import re
from functools import partial
from typing import Any

from rasa_sdk.interfaces import Action

from actions import confirming
from actions.dialogue import SKIPPED, DoDeed, Events, Form, Ground, Step, Turn, clear
from actions.errors import Refusal
from actions.governance import adding, history, own, reporting, showing, workflow
from actions.governance.forms import ask_where, prefill_where, read_where, where_shown
from actions.governance.model import ServiceRequest
from actions.governance.service import Where

WHICH, WHERE = "place_which", "place_where"
CONFIRM = "place_confirm"  # asked of elders alone
SLOTS = (WHICH, WHERE, CONFIRM)
NOTHING = "nothing"  # there is nothing to put right

WHERE_NOT = re.compile(r"不[在是对]|错|\b(?:not|wrong)\b", re.IGNORECASE)  # which is named?


class CorrectPlaceForm(Form):
    """Asks for the right place the way the report did."""

    form = "correct_place_form"

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step(WHICH, ask_which, read_which),
            Step(WHERE, ask_where, read_where),
            Step(CONFIRM, ask_confirm, confirming.read),
        )

    def _begin(self, turn: Turn) -> dict[str, Any]:
        if not any(fits(turn, one) for one in own.everything(turn)):
            return {WHICH: NOTHING, WHERE: SKIPPED, CONFIRM: SKIPPED}
        try:
            request = own.first_meant(turn, partial(fits, turn), partial(adding.why, turn))
            where = None if WHERE_NOT.search(turn.text) else prefill_where(turn)
        except Refusal as refusal:
            turn.say(refusal.response, **refusal.details)
            request = where = None
        begun = {WHICH: str(request.id) if request else None, WHERE: where, CONFIRM: None}
        return begun | confirming.step(turn, CONFIRM)

    def _listen(self, turn: Turn, asked: Step) -> dict[str, Any]:
        heard = super()._listen(turn, asked)
        return heard | confirming.step(turn, CONFIRM) if heard else {}


def fits(turn: Turn, request: ServiceRequest) -> bool:
    """Whether whoever writes may still say where it is."""
    return own.reported(turn, request) and request.status in workflow.UNFINISHED


def ask_which(turn: Turn) -> None:
    """Ask of which request, newest first."""
    those = (one for one in own.everything(turn) if fits(turn, one))
    showing.several(turn, those, "utter_ask_place_which", "choose")


def read_which(turn: Turn) -> str | None:
    """Take the request that was tapped or named.

    Raises:
        Refusal: it is none of theirs, or over.
    """
    found = own.named(turn, partial(fits, turn), partial(adding.why, turn))
    return str(found.id) if found else None


def ask_confirm(turn: Turn) -> None:
    """Read an elder back which place it is put to."""
    request, where = own.of_id(turn, turn.slots.get(WHICH)), turn.slots.get(WHERE)
    if request is None or not isinstance(where, dict):
        turn.say("utter_request_gone")
        return
    shown = {"where": where_shown(turn.pack, Where(**where))}
    turn.say("utter_ask_place_confirm", **showing.described(turn, request) | shown)


class CorrectPlace(DoDeed):
    """action_correct_place: puts the place right; its team is told."""

    form_slots = SLOTS

    def name(self) -> str:
        return "action_correct_place"

    def act(self, turn: Turn) -> Events:
        request = own.of_id(turn, turn.slots.get(WHICH))
        where = turn.slots.get(WHERE)
        if request is None or not isinstance(where, dict):
            raise Refusal("utter_nothing_to_put_right")
        if turn.slots.get(CONFIRM) == confirming.NO:
            raise Refusal("utter_nothing_put_right")
        history.alone(turn.db, request)
        reporting.put_right(
            turn.db,
            turn.pack,
            request,
            resident_id=turn.resident_id,
            where=Where(**where),
            now=turn.now,
        )
        turn.tell("utter_place_put_right", **showing.described(turn, request))
        return clear(self.form_slots)


def actions(ground: Ground) -> list[Action]:
    """Make the form, its questions and its deed."""
    form = CorrectPlaceForm(ground)
    return [form, *form.questions(), CorrectPlace(ground)]
