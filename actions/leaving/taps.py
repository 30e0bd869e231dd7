"""Deeds of one tap about a resident's own data: consents, handing out, forgetting."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from actions import consenting, conversations
from actions.booking import service as booking
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.governance.model import ServiceRequest
from actions.leaving import ends, farewell
from actions.mydata import links, offering
from actions.people import consents
from actions.square import Square
from actions.taps import Deed, Done, Tap

SURE_FOR = timedelta(minutes=10)  # a yes to forgetting is a yes to what was just read back


def give(db: Db, _square: Square, tap: Tap) -> Done:
    """Write a consent down. The value is `consenting.ask`'s.

    Raises:
        Refusal: its text has changed since they were asked.
    """
    meant = consenting.read(tap.value)
    if meant is None:
        raise Refusal("utter_old_choice")
    channel = conversations.channel_of(db, tap.conversation)
    consents.give(db, tap.conversation.resident_id, meant.purpose, channel=channel, now=tap.now)
    return Done("utter_consent_given")


def refuse(db: Db, square: Square, tap: Tap) -> Done:
    """Take a no; one that is in force and asked for again is taken back with it."""
    meant = consenting.read(tap.value)
    if meant is None:
        raise Refusal("utter_old_choice")
    ends.take_back(db, square, tap.conversation.resident_id, meant.purpose, now=tap.now)
    return Done("utter_consent_refused")


def list_consents(db: Db, square: Square, tap: Tap) -> Done:
    """Show what is agreed to: one tap takes it back."""
    resident = tap.conversation.resident
    choices = offering.consents_in_force(db, square.wording, resident)
    response = "utter_mydata_consents" if choices else "utter_mydata_no_consents"
    return Done(response, choices=choices)


def take_back(db: Db, square: Square, tap: Tap) -> Done:
    """Take a consent back, and end what stood on it. The value is its purpose."""
    if tap.value not in consents.PURPOSES:
        raise Refusal("utter_old_choice")
    resident_id = tap.conversation.resident_id
    if not ends.take_back(db, square, resident_id, tap.value, now=tap.now):
        return Done("utter_consent_was_not_given")
    return Done(f"utter_consent_withdrawn_{tap.value}")


def hand_out(db: Db, _square: Square, tap: Tap) -> Done:
    """Give the secret link to everything we know of them."""
    secret = links.make(db, tap.conversation.resident_id, now=tap.now)
    minutes = int(links.LASTS.total_seconds() // 60)
    return Done("utter_mydata_link", {"path": f"/mydata/{secret}", "minutes": minutes})


def ask_to_forget(db: Db, _square: Square, tap: Tap) -> Done:
    """Read back what would go, and what would stay without them."""
    who = tap.conversation.resident_id
    coming = booking.bookings_of(db, resident_id=who, now=tap.now)
    requests = select(func.count()).where(ServiceRequest.resident_id == who)
    told = {
        "bookings": len([one for one in coming if one.session.starts_at > tap.now]),
        "requests": db.scalar(requests) or 0,
        "stamp": int(tap.now.timestamp()),
    }
    return Done("utter_mydata_forget_ask", told)


def forget(db: Db, square: Square, tap: Tap) -> Done:
    """Forget them; a yes that is old is asked for again. The value is when they were asked."""
    asked_at = datetime.fromtimestamp(int(tap.value), UTC)
    if not asked_at <= tap.now < asked_at + SURE_FOR:
        return ask_to_forget(db, square, tap)
    who = tap.conversation.resident_id
    talks = db.scalars(select(Conversation).where(Conversation.resident_id == who))
    trackers = [talk.tracker_id for talk in talks]
    farewell.begin_anew(db, tap.conversation, now=tap.now)
    farewell.leave(db, square, who, now=tap.now)
    return Done("utter_mydata_forgotten", trackers=trackers)


def keep(_db: Db, _square: Square, _tap: Tap) -> Done:
    """Leave everything as it is."""
    return Done("utter_mydata_kept")


# The intent of a choice → what a tap on it does.
TAPS: Mapping[str, Deed] = {
    "give_consent": give,
    "refuse_consent": refuse,
    "list_consents": list_consents,
    "withdraw_consent": take_back,
    "export_my_data": hand_out,
    "forget_me": ask_to_forget,
    "forget_me_surely": forget,
    "keep_my_data": keep,
}
