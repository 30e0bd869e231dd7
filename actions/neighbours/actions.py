"""What Rasa may call for neighbours: the forms, posting a need, offering help."""

from rasa_sdk.interfaces import Action

from actions import conversations
from actions.conversations import Choice
from actions.dialogue import SKIPPED, Answer, DoDeed, Events, Ground, Turn, clear
from actions.errors import Refusal
from actions.neighbours import admitting, changing, checking, listing, needs, offering
from actions.neighbours.admitting import PURPOSE
from actions.neighbours.draft import CHANGED, READINGS, SLOTS
from actions.neighbours.forms import RequestHelpForm
from actions.neighbours.model import HelpRequest, Status
from actions.neighbours.need import Need
from actions.neighbours.steps import need_of
from actions.people import consents, nicknames

LISTED, LISTED_ELDER = 4, 3  # needs of theirs, at once


class RequestHelp(DoDeed):
    """action_request_help: posts what the resident has confirmed, or changes what waits."""

    form_slots = (*SLOTS, READINGS, CHANGED)

    def name(self) -> str:
        return "action_request_help"

    def act(self, turn: Turn) -> Events:
        if turn.slots.get("help_confirm") != "yes":
            raise Refusal("utter_help_not_confirmed")
        changed = turn.slots.get(CHANGED)
        if changed:
            self._change(turn, str(changed))
        elif admitting.is_too_fast(turn.db, turn.square, turn.conversation, now=turn.now):
            most = turn.pack.help_policy.max_per_hour
            admitting.tell_of_pace(turn.db, turn.conversation, now=turn.now)
            turn.tell("utter_help_too_fast", most=most)
        else:
            self._post(turn)
        return clear(self.form_slots)

    def _post(self, turn: Turn) -> None:
        need = need_of(turn)
        admitting.hold(turn.db, need.resident_id or turn.resident_id, turn.conversation)
        _agree(turn, need)
        _be_called(turn)
        posted = needs.post(
            turn.db,
            square=turn.square,
            need=need,
            conversation=turn.conversation,
            now=turn.now,
        )
        _tell(turn, posted, "utter_help_posted")

    def _change(self, turn: Turn, need_id: str) -> None:
        request = listing.own(turn.db, need_id, turn.conversation)
        changed = changing.change(
            turn.db, square=turn.square, request=request, need=need_of(turn), now=turn.now
        )
        _tell(turn, changed, "utter_help_changed")


class CheckHelp(Answer):
    """action_check_help: the resident's own needs, how far each has come, and what to do."""

    def name(self) -> str:
        return "action_check_help"

    def act(self, turn: Turn) -> Events:
        told = checking.own(
            turn.db,
            turn.square,
            turn.resident_id,
            now=turn.now,
            most=LISTED_ELDER if turn.elder else LISTED,
        )
        choices = [
            Choice(label.in_(turn.language), intent, value)
            for label, intent, value in told.offered
        ]
        turn.say(told.response, choices=choices, **told.values)
        return []


def actions(ground: Ground) -> list[Action]:
    """Make all of this topic's actions."""
    form = RequestHelpForm(ground)
    own = [RequestHelp(ground), CheckHelp(ground), form, *form.questions()]
    return [*own, *offering.actions(ground)]


def _agree(turn: Turn, need: Need) -> None:
    """Write down that the yes was also one to what neighbours are told, of all it is about."""
    channel = conversations.channel_of(turn.db, turn.conversation)
    consents.give(turn.db, turn.resident_id, PURPOSE, channel=channel, now=turn.now)
    if need.resident_id:
        consents.give(turn.db, need.resident_id, PURPOSE, channel="acting", now=turn.now)


def _be_called(turn: Turn) -> None:
    name = turn.slots.get("help_name")
    if name not in (None, SKIPPED):
        nicknames.call(turn.db, turn.resident_id, str(name), now=turn.now)


def _tell(turn: Turn, request: HelpRequest, response: str) -> None:
    """Tell what came of a need: as the response says, or that staff look at it first."""
    opened = request.status == Status.OPEN
    turn.tell(
        response if opened else "utter_help_in_review",
        **needs.described(turn.square, request),
        until=request.expires_at,
    )
