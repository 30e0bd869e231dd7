"""withdraw_request_form: which request; after a yes it is taken back, or followed no more."""

import re
from functools import partial
from typing import Any

from rasa_sdk.interfaces import Action

from actions.dialogue import SKIPPED, DoDeed, Events, Form, Ground, Step, Turn, clear
from actions.errors import Refusal
from actions.governance import following, history, own, reporting, showing, workflow
from actions.governance.model import ServiceRequest, Status
from knowledge.text import normalise

WHICH, CONFIRM = "withdraw_which", "withdraw_confirm"
SLOTS = (WHICH, CONFIRM)
NOTHING = "nothing"  # there is nothing to take back

# Asked for a yes these are one, wherever else they mean to stop.
TAKE_BACK = re.compile(
    r"(?:确定|确认|对|是的?|好的?|我要|要|就|嗯|,|，| )*"
    r"(?:撤回|撤销|撤|取消|不用?(?:报|修|办)了|不再?关注)(?:掉|吧|它|了)*"
    r"|(?:yes,? ?)?(?:please )?(?:withdraw|take it back|unfollow)(?: it| that)?"
)


class WithdrawRequestForm(Form):
    """Finds the request meant; asks whether it shall be taken back."""

    form = "withdraw_request_form"

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step(WHICH, ask_which, read_which),
            Step(CONFIRM, ask_confirm, read_confirm),
        )

    def _begin(self, turn: Turn) -> dict[str, Any]:
        try:
            request = own.first_meant(turn, partial(fits, turn), partial(why, turn))
        except Refusal as refusal:
            turn.say(refusal.response, **refusal.details)
            return {WHICH: NOTHING, CONFIRM: SKIPPED}
        if request is None and not any(fits(turn, one) for one in own.everything(turn)):
            turn.say("utter_nothing_to_withdraw")
            return {WHICH: NOTHING, CONFIRM: SKIPPED}
        return {WHICH: str(request.id) if request else None, CONFIRM: None}


def fits(turn: Turn, request: ServiceRequest) -> bool:
    """Whether whoever writes may take it back, or stop following it."""
    if not own.reported(turn, request):
        return request.status in following.FOLLOWABLE
    others = following.followers(turn.db, request)
    return Status.WITHDRAWN in workflow.MOVES[Status(request.status)] and not others


def why(turn: Turn, request: ServiceRequest) -> Refusal:
    """Return why they may not."""
    told = showing.described(turn, request)
    if request.status not in workflow.UNFINISHED:
        return Refusal("utter_request_over", **told)
    taken_on = Status.WITHDRAWN not in workflow.MOVES[Status(request.status)]
    response = "utter_request_taken_on" if taken_on else "utter_request_followed_by_others"
    return Refusal(response, **told)


def ask_which(turn: Turn) -> None:
    """Ask which request, newest first."""
    those = (one for one in own.everything(turn) if fits(turn, one))
    showing.several(turn, those, "utter_ask_withdraw_which", "choose")


def read_which(turn: Turn) -> str | None:
    """Take the request that was tapped or named.

    Raises:
        Refusal: it is none of theirs, or cannot be taken back.
    """
    found = own.named(turn, partial(fits, turn), partial(why, turn))
    return str(found.id) if found else None


def ask_confirm(turn: Turn) -> None:
    """Say what would be taken back, and ask for a yes."""
    request = own.of_id(turn, turn.slots.get(WHICH))
    if request is None:
        turn.say("utter_request_gone")
        return
    reported = own.reported(turn, request)
    response = "utter_ask_withdraw_confirm" if reported else "utter_ask_leave_confirm"
    turn.say(response, **showing.described(turn, request))


def read_confirm(turn: Turn) -> str | None:
    """Take a yes or a no."""
    if turn.choice in ("yes", "no"):
        return turn.choice
    if turn.choice is not None:
        return None
    if turn.intent == "deny":
        return "no"
    return "yes" if turn.intent == "affirm" or _takes_back(turn) else None


class WithdrawRequest(DoDeed):
    """action_withdraw_request: takes it back, or has it followed no more, once confirmed."""

    form_slots = SLOTS

    def name(self) -> str:
        return "action_withdraw_request"

    def act(self, turn: Turn) -> Events:
        if turn.slots.get(WHICH) == NOTHING:  # why was said already
            return clear(self.form_slots)
        request = own.of_id(turn, turn.slots.get(WHICH))
        if request is None:
            raise Refusal("utter_request_gone")
        if turn.slots.get(CONFIRM) != "yes":
            raise Refusal("utter_nothing_withdrawn", **showing.described(turn, request))
        return self._take_back(turn, request)

    def _take_back(self, turn: Turn, request: ServiceRequest) -> Events:
        history.alone(turn.db, request)
        told = showing.described(turn, request)
        if own.reported(turn, request):
            reporting.withdraw(
                turn.db, turn.pack, request, resident_id=turn.resident_id, now=turn.now
            )
            turn.tell("utter_request_withdrawn", **told)
        else:
            reporting.leave(turn.db, request, resident_id=turn.resident_id)
            turn.tell("utter_request_left", **told)
        return clear(self.form_slots)


class KeepRequest(WithdrawRequest):
    """action_keep_request: nothing is taken back; but 取消吧, asked for a yes, is one."""

    def name(self) -> str:
        return "action_keep_request"

    def act(self, turn: Turn) -> Events:
        request = own.of_id(turn, turn.slots.get(WHICH))
        if request is None:
            turn.tell("utter_cancelled")
            return clear(self.form_slots)
        if _takes_back(turn):
            return self._take_back(turn, request)
        turn.tell("utter_nothing_withdrawn", **showing.described(turn, request))
        return clear(self.form_slots)


def actions(ground: Ground) -> list[Action]:
    """Make the form, its questions and its deeds."""
    form = WithdrawRequestForm(ground)
    return [form, *form.questions(), WithdrawRequest(ground), KeepRequest(ground)]


def _takes_back(turn: Turn) -> bool:
    return TAKE_BACK.fullmatch(normalise(turn.text).strip(" .!。！")) is not None
