"""What Rasa may call for governance: forms, the deed that files, the answer on requests."""

from rasa_sdk.interfaces import Action

from actions import behalf
from actions.dialogue import Answer, DoDeed, Events, Ground, Turn, clear
from actions.errors import Refusal
from actions.governance import (
    adding,
    details,
    draft,
    history,
    joining,
    own,
    placing,
    service,
    showing,
    similar,
    taps,
    telling,
    withdrawing,
)
from actions.governance.forms import PHOTOS, SLOTS, ReportProblemForm, wants_no_name
from actions.governance.model import Kind
from actions.governance.service import Report
from actions.taps import Tap

CHECK = "check_request"  # the intent of who chooses one of the list


class ReportProblem(DoDeed):
    """action_report_problem: files what the resident has confirmed, or joins what they met."""

    form_slots = (*SLOTS, details.ANSWERS, PHOTOS, draft.ACTING)

    def name(self) -> str:
        return "action_report_problem"

    def act(self, turn: Turn) -> Events:
        if joined := joining.joined(turn.slots):
            tap = Tap(turn.conversation, joined, turn.now)
            acting_id, _ = draft.acting_of(turn.slots)
            done = taps.join(turn.db, turn.pack, tap, acting_id)
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
    """action_check_request: how far a request is, and what can be done; or a list of them."""

    def name(self) -> str:
        return "action_check_request"

    def act(self, turn: Turn) -> Events:
        everything = own.everything(turn)
        meant = own.meant(turn, everything)
        if not everything and own.named_other(turn):
            turn.say("utter_no_requests_of", who=behalf.called(behalf.read_whose(turn.text)))
        elif not everything:
            turn.say("utter_no_requests")
        elif meant or len(everything) == 1:
            showing.one(turn, meant or everything[0])
        else:
            showing.several(turn, everything, "utter_requests", CHECK)
        return []


def actions(ground: Ground) -> list[Action]:
    """Make all of governance's actions."""
    form = ReportProblemForm(ground)
    return [
        *(ReportProblem(ground), CheckRequest(ground), form, *form.questions()),
        *(*adding.actions(ground), *placing.actions(ground), *withdrawing.actions(ground)),
    ]


def _report(turn: Turn) -> Report:
    what = draft.what_of(turn.slots)
    return Report(
        category_id=draft.category_of(turn.ground, turn.slots).service_code,
        what=what,
        where=draft.where_of(turn.slots),
        photos=tuple(turn.slots.get(PHOTOS) or ()),
        anonymous=wants_no_name(what),
        meaning=similar.meaning_of(turn.ground.sorter, what),
        acting_id=draft.acting_of(turn.slots)[0],
    )
