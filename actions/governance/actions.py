"""What Rasa may call for governance: the form, the deed that files, the answer on requests."""

from rasa_sdk.interfaces import Action

from actions.dialogue import Answer, DoDeed, Events, Ground, Turn, clear
from actions.errors import Refusal
from actions.governance import service, telling
from actions.governance.forms import (
    PHOTOS,
    SLOTS,
    ReportProblemForm,
    category_of,
    wants_no_name,
    where_of,
)
from actions.governance.model import ServiceRequest
from actions.governance.reference import read_reference
from actions.governance.service import Report


class ReportProblem(DoDeed):
    """action_report_problem: files what the resident has confirmed."""

    form_slots = (*SLOTS, PHOTOS)

    def name(self) -> str:
        return "action_report_problem"

    def act(self, turn: Turn) -> Events:
        if turn.slots.get("problem_confirm") != "yes":
            raise Refusal("utter_problem_not_confirmed")
        request = service.file(
            turn.db,
            pack=turn.pack,
            report=_report(turn),
            conversation=turn.conversation,
            now=turn.now,
        )
        turn.tell("utter_request_filed", **telling.described(turn.pack, request))
        return clear(self.form_slots)


class CheckRequest(Answer):
    """action_check_request: how far a request is, by its reference or the latest ones."""

    def name(self) -> str:
        return "action_check_request"

    def act(self, turn: Turn) -> Events:
        found = self._asked_for(turn)
        if not found:
            turn.say("utter_no_requests")
        for request in found:
            turn.say(
                f"utter_request_{request.status}",
                **telling.described(turn.pack, request),
            )
        return []

    def _asked_for(self, turn: Turn) -> list[ServiceRequest]:
        reference = read_reference(turn.pack, turn.choice or turn.text)
        if reference is None:
            return service.requests_of(turn.db, resident_id=turn.resident_id)
        return [service.status_of(turn.db, reference=reference, resident_id=turn.resident_id)]


def actions(ground: Ground) -> list[Action]:
    """Make all of governance's actions."""
    form = ReportProblemForm(ground)
    return [ReportProblem(ground), CheckRequest(ground), form, *form.questions()]


def _report(turn: Turn) -> Report:
    what = str(turn.slots["problem_what"])
    return Report(
        category_id=category_of(turn).service_code,
        what=what,
        where=where_of(turn),
        photos=tuple(turn.slots.get(PHOTOS) or ()),
        anonymous=wants_no_name(what),
    )
