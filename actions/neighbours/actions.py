"""What Rasa may call for neighbours: the form, posting a need, taking one on."""

from rasa_sdk.interfaces import Action

from actions.conversations import Choice
from actions.dialogue import DoDeed, Events, Ground, Turn, clear
from actions.errors import Refusal
from actions.neighbours import service
from actions.neighbours.forms import (
    CHOICES,
    CHOICES_ELDER,
    READINGS,
    SLOTS,
    RequestHelpForm,
    need_of,
    square_of,
)
from actions.neighbours.model import HelpRequest, Status


class RequestHelp(DoDeed):
    """action_request_help: posts what the resident has confirmed."""

    form_slots = (*SLOTS, READINGS)

    def name(self) -> str:
        return "action_request_help"

    def act(self, turn: Turn) -> Events:
        if turn.slots.get("help_confirm") != "yes":
            raise Refusal("utter_help_not_confirmed")
        square = square_of(turn)
        request = service.post(
            turn.db,
            square=square,
            need=need_of(turn),
            conversation=turn.conversation,
            now=turn.now,
        )
        posted = request.status == Status.OPEN
        turn.tell(
            "utter_help_posted" if posted else "utter_help_in_review",
            **service.described(square, request),
            until=request.expires_at,
        )
        return clear(self.form_slots)


class OfferHelp(DoDeed):
    """action_offer_help: shows a willing neighbour what is needed; a tap takes it on."""

    def name(self) -> str:
        return "action_offer_help"

    def act(self, turn: Turn) -> Events:
        if turn.choice:
            self._take(turn, int(turn.choice))
        else:
            self._show(turn)
        return []

    def _take(self, turn: Turn, request_id: int) -> None:
        square = square_of(turn)
        taken = service.take(
            turn.db,
            square=square,
            request_id=request_id,
            helper=turn.conversation,
            now=turn.now,
        )
        turn.tell("utter_help_taken_on", **service.described(square, taken))

    def _show(self, turn: Turn) -> None:
        service.offer(turn.db, conversation=turn.conversation, now=turn.now)
        near = service.within_reach(
            turn.db,
            square=square_of(turn),
            neighbour_id=turn.resident_id,
            now=turn.now,
            limit=CHOICES_ELDER if turn.elder else CHOICES,
        )
        if near:
            turn.tell("utter_help_wanted", choices=[_offered(turn, need) for need in near])
        else:
            turn.tell("utter_help_none_wanted")


def actions(ground: Ground) -> list[Action]:
    """Make all of this topic's actions."""
    form = RequestHelpForm(ground)
    return [RequestHelp(ground), OfferHelp(ground), form, *form.questions()]


def _offered(turn: Turn, need: HelpRequest) -> Choice:
    """Kind and time only: the asker's own words go to whoever is introduced, through staff."""
    told = service.described(square_of(turn), need)
    label = f"{told['kind'].in_(turn.language)} · {told['when'].in_(turn.language)}"
    return Choice(label, "offer_help", str(need.id))
