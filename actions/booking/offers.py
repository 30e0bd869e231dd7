"""action_answer_offer: a yes or a no in words, outside a form, while a place is kept."""

import re

from sqlalchemy import select

from actions import behalf, turns
from actions.booking import showing, taps, whose
from actions.booking.model import WaitlistEntry
from actions.conversations import Author, Message
from actions.dialogue import DialogueAction, Events, Turn
from actions.intents import SURE
from actions.taps import Done, Tap

# Words that say one does not want something; 不对 or 错了 only says that something is wrong.
WANTS_NOT = re.compile(
    r"不(?:要|用|去|想|需要|约|来|了)|别|算了|让给|^不$|勿要|\b(?:no|nope|nah|not)\b",
    re.IGNORECASE,
)


class AnswerOffer(DialogueAction):
    """Takes or declines an offer where a bare yes or no can mean nothing else.

    It acts only when one offer is open and that offer is the last thing the resident was told:
    then “好的” answers it, as 1 does. Had anything been said since, the yes may be meant for
    that; with several offers it says not which; and a place that is let go may be gone for
    good, so a no that does not say 不要 is not taken for one. In all these cases both answers
    are shown to be tapped, and nothing is done. Without an offer the yes answers nothing.
    """

    ends_passing_form = True

    def name(self) -> str:
        return "action_answer_offer"

    def claim(self, turn: Turn) -> None:
        turns.require_running(turn.db, turn.row)

    def act(self, turn: Turn) -> Events:
        offers = _open_offers(turn)
        if not offers:
            turn.say("utter_clarify")
            return []
        deed = _deed(turn) if len(offers) == 1 and _was_asked_last(turn, offers[0]) else None
        if deed is None:
            self._ask(turn, offers)
            return []
        turns.act(turn.db, turn.row, self.name(), now=turn.now)
        tap = Tap(turn.conversation, str(offers[0].id), turn.now)
        done: Done = taps.TAPS[deed](turn.db, showing.programme(turn), tap)
        turn.tell(done.response, **done.values)
        return []

    def _ask(self, turn: Turn, offers: list[WaitlistEntry]) -> None:
        lines = [
            showing.line(turn, "utter_offered_line", **showing.held_told(turn, one))
            for one in offers
        ]
        choices = showing.offer_choices(turn, offers)
        turn.say("utter_ask_offer", list="\n".join(lines), choices=choices)


def _open_offers(turn: Turn) -> list[WaitlistEntry]:
    """Return the offers this resident was asked about, whose time has not run out."""
    return [
        one
        for one in whose.within_reach(turn)
        if isinstance(one, WaitlistEntry)
        and behalf.reader_of(turn.db, one.conversation_id) == turn.resident_id
        and showing.is_offered(one)
        and one.offer_until is not None
        and one.offer_until > turn.now
    ]


def _deed(turn: Turn) -> str | None:
    """Return which tap the words stand for; None when they may mean something else."""
    if turn.confidence < SURE:
        return None
    if turn.intent == "affirm":
        return "accept_offer"
    declined = turn.intent == "deny" and WANTS_NOT.search(turn.text)
    return "decline_offer" if declined else None


def _was_asked_last(turn: Turn, offer: WaitlistEntry) -> bool:
    """Whether this offer was the last thing said to the resident before their words."""
    messages = turn.db.scalars(
        select(Message)
        .where(Message.conversation_id == turn.conversation.id)
        .order_by(Message.id.desc())
        .limit(8)
    )
    for message in messages:
        if message.author != Author.RESIDENT:
            asked = ("accept_offer", str(offer.id))
            return asked in {(choice.intent, choice.value) for choice in message.offered}
    return False
