"""Elder mode: who has it, who switches it, and when it is offered. Never guessed from an age.

What it means for what is said is `plain`, and for what is done `READ_BACK` of the bot's taps.
"""

from datetime import datetime, timedelta

from actions import conversations, outbox
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.people import acting
from actions.people.model import Acting, Resident
from actions.quiet import quiet_ends
from actions.square import Square
from actions.taps import Done, Tap
from actions.wording import to_json

MISSED_IN_A_ROW = 2  # messages that were not understood: then it is offered
OFFERED_AGAIN_AFTER = timedelta(days=180)


def switch(db: Db, resident: Resident, *, on: bool) -> bool:
    """Switch it for a resident; False when it was so already."""
    if resident.elder == on:
        return False
    resident.elder = on
    db.flush()
    return True


def switch_for(db: Db, square: Square, one: Acting, *, on: bool, now: datetime) -> Done:
    """Switch it for somebody whom the resident acts for; that one is told, and may change it.

    Raises:
        Refusal: nobody acts for them any more.
    """
    if not acting.may_act(db, one.actor_id, one.principal_id):
        raise Refusal("utter_acting_over")
    word = "on" if on else "off"
    talk = conversations.of_resident(db, one.principal_id)
    if switch(db, db.get_one(Resident, one.principal_id), on=on) and talk is not None:
        who = square.in_both(f"utter_kin_to_{one.kin}")
        outbox.put(
            db,
            conversation_id=talk.id,
            response=f"utter_elder_mode_{word}_by_family",
            due_at=quiet_ends(now, square.zone),
            values=to_json({"who": who}),
        )
    whom = square.in_both(f"utter_kin_{one.kin}")
    return Done(f"utter_elder_mode_{word}_for", {"whom": whom})


def heard(db: Db, conversation: Conversation, *, understood: bool) -> None:
    """Count the messages in a row that were not understood."""
    missed = 0 if understood else conversation.not_understood + 1
    if conversation.not_understood != missed:
        conversation.not_understood = missed
        db.flush()


def is_to_be_offered(conversation: Conversation, *, now: datetime) -> bool:
    """Whether to offer it at this moment: it goes badly, and it was not offered for long."""
    resident = conversation.resident
    if resident.elder or conversation.not_understood < MISSED_IN_A_ROW:
        return False
    offered = resident.elder_offered_at
    return offered is None or offered <= now - OFFERED_AGAIN_AFTER


def begin(db: Db, square: Square, tap: Tap) -> Done:
    """Take a yes to the offer."""
    switch(db, tap.conversation.resident, on=True)
    return Done("utter_elder_mode_on")


def decline(db: Db, square: Square, tap: Tap) -> Done:
    """Take a no: everything stays, and it is not offered for long."""
    return Done("utter_elder_mode_declined")


TAPS = {"elder_on": begin, "elder_no": decline}
