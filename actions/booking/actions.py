"""What Rasa may call for booking: what is on, both forms and their deeds, what is theirs."""

from rasa_sdk.interfaces import Action

from actions.booking import service, showing
from actions.booking.cancelling import CANCEL_SLOTS, NOTHING, CancelBookingForm, held
from actions.booking.forms import (
    HIDDEN,
    PLACE,
    SLOTS,
    WAIT,
    BookActivityForm,
    places_of,
)
from actions.booking.listing import ListActivities
from actions.booking.model import Booking, WaitlistEntry
from actions.booking.service import Order
from actions.dialogue import Answer, DoDeed, Events, Ground, Turn, clear
from actions.errors import Refusal


class ListBookings(Answer):
    """action_list_bookings: what a resident has booked or waits for, with ways to cancel."""

    def name(self) -> str:
        return "action_list_bookings"

    def act(self, turn: Turn) -> Events:
        own = showing.held_by(turn)
        if not own:
            turn.say("utter_no_bookings")
            return []
        turn.say(
            "utter_bookings",
            list="\n".join(self._line(turn, one) for one in own),
            choices=showing.held_choices(turn, own),
        )
        return []

    def _line(self, turn: Turn, one: Booking | WaitlistEntry) -> str:
        told = {**showing.told(turn, one.session), "places": one.places}
        if isinstance(one, Booking):
            return showing.line(turn, "utter_booking_line", **told)
        number = service.ahead_of(turn.db, one) + 1
        return showing.line(turn, "utter_waiting_line", **told, number=number)


class BookActivity(DoDeed):
    """action_book_activity: books, or joins the line, as the resident has confirmed."""

    form_slots = (*SLOTS, *HIDDEN)

    def name(self) -> str:
        return "action_book_activity"

    def act(self, turn: Turn) -> Events:
        confirmed = turn.slots.get("booking_confirm")
        if confirmed not in (PLACE, WAIT) or not turn.slots.get("booking_session"):
            raise Refusal("utter_booking_not_confirmed")
        deed = service.book if confirmed == PLACE else service.join_waitlist
        made = deed(
            turn.db,
            showing.programme(turn),
            order=Order(int(turn.slots["booking_session"]), places_of(turn)),
            conversation=turn.conversation,
            now=turn.now,
        )
        self._tell(turn, made)
        return clear(self.form_slots)

    def _tell(self, turn: Turn, made: Booking | WaitlistEntry) -> None:
        told = {**showing.told(turn, made.session), "places": made.places}
        if isinstance(made, Booking):
            hours = turn.pack.activity_rules.cancel_free_hours
            turn.tell("utter_booked", **told, booking=made.id, hours=hours)
        else:
            turn.tell("utter_waiting", **told, number=service.ahead_of(turn.db, made) + 1)


class CancelBooking(DoDeed):
    """action_cancel_booking: gives places back, or leaves the line, once that is confirmed."""

    form_slots = CANCEL_SLOTS

    def name(self) -> str:
        return "action_cancel_booking"

    def act(self, turn: Turn) -> Events:
        one = held(turn)
        if turn.slots.get("cancel_which") == NOTHING:
            raise Refusal("utter_no_bookings")
        if one is None:
            raise Refusal("utter_no_such_booking")
        if turn.slots.get("cancel_confirm") != "yes":
            raise Refusal("utter_booking_kept", **showing.told(turn, one.session))
        self._cancel(turn, one)
        return clear(self.form_slots)

    def _cancel(self, turn: Turn, one: Booking | WaitlistEntry) -> None:
        told = showing.told(turn, one.session)
        if isinstance(one, WaitlistEntry):
            service.leave_waitlist(turn.db, entry_id=one.id, resident_id=turn.resident_id)
            turn.tell("utter_waiting_left", **told)
            return
        service.cancel(
            turn.db,
            showing.programme(turn),
            booking_id=one.id,
            resident_id=turn.resident_id,
            now=turn.now,
        )
        turn.tell("utter_booking_cancelled", **told)


class KeepBooking(DoDeed):
    """action_keep_booking: the cancellation is called off; what was booked stays."""

    form_slots = CANCEL_SLOTS

    def name(self) -> str:
        return "action_keep_booking"

    def act(self, turn: Turn) -> Events:
        turn.tell("utter_nothing_cancelled")
        return clear(self.form_slots)


def actions(ground: Ground) -> list[Action]:
    """Make all of booking's actions."""
    book, cancel = BookActivityForm(ground), CancelBookingForm(ground)
    return [
        *(ListActivities(ground), ListBookings(ground)),
        *(BookActivity(ground), CancelBooking(ground), KeepBooking(ground)),
        *(book, *book.questions()),
        *(cancel, *cancel.questions()),
    ]
