"""What Rasa may call for governance: the form, the deed that files, the answer on requests."""

from rasa_sdk.interfaces import Action

from actions.dialogue import Answer, DoDeed, Events, Ground, Turn, clear
from actions.errors import Refusal
from actions.governance import (
    details,
    draft,
    history,
    joining,
    reporting,
    service,
    similar,
    taps,
    telling,
)
from actions.governance.forms import PHOTOS, SLOTS, ReportProblemForm, wants_no_name
from actions.governance.model import Kind, ServiceRequest
from actions.governance.reference import read_reference
from actions.governance.service import Report
from actions.taps import Tap


class ReportProblem(DoDeed):
    """action_report_problem: files what the resident has confirmed, or joins what they met."""

    form_slots = (*SLOTS, details.ANSWERS, PHOTOS)

    def name(self) -> str:
        return "action_report_problem"

    def act(self, turn: Turn) -> Events:
        if joined := joining.joined(turn.slots):
            done = taps.follow(turn.db, turn.pack, Tap(turn.conversation, joined, turn.now))
            turn.tell(done.response, **done.values)
            return clear(self.form_slots)
        if turn.slots.get("problem_confirm") != "yes":
            raise Refusal("utter_problem_not_confirmed")
        request = service.file(
            turn.db,
            pack=turn.pack,
            report=_report(turn),
            conversation=turn.conversation,
            now=turn.now,
        )
        if answers := details.answered(turn.ground, turn.slots, turn.language):
            history.record(turn.db, request, Kind.ADDED, now=turn.now, words=answers)
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
        return [reporting.own(turn.db, reference=reference, resident_id=turn.resident_id)]


def actions(ground: Ground) -> list[Action]:
    """Make all of governance's actions."""
    form = ReportProblemForm(ground)
    return [ReportProblem(ground), CheckRequest(ground), form, *form.questions()]


def _report(turn: Turn) -> Report:
    what = draft.what_of(turn.slots)
    return Report(
        category_id=draft.category_of(turn.ground, turn.slots).service_code,
        what=what,
        where=draft.where_of(turn.slots),
        photos=tuple(turn.slots.get(PHOTOS) or ()),
        anonymous=wants_no_name(what),
        meaning=similar.meaning_of(turn.ground.sorter, what),
    )
