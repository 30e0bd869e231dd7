"""What Rasa may call for booking: what is on, both forms and their deeds, what is theirs."""

from collections.abc import Callable, Iterator
from typing import Any

from rasa_sdk.interfaces import Action

from actions import behalf
from actions.booking import (
    bookings,
    codes,
    draw,
    own,
    service,
    showing,
    stages,
    taps,
    visiting,
    visits,
    waitlist,
    whose,
)
from actions.booking.bookings import Order
from actions.booking.cancelling import ACTING, CANCEL_SLOTS, NOTHING, CancelBookingForm, held
from actions.booking.changes import CHANGE_SLOTS
from actions.booking.changing import ChangeBookingForm
from actions.booking.clubs import MeetNeighbours
from actions.booking.forms import (
    CONFIRMED,
    HIDDEN,
    LOT,
    PLACE,
    SLOTS,
    WAIT,
    BookActivityForm,
    places_of,
)
from actions.booking.listing import ListActivities
from actions.booking.model import (
    Booking,
    BookingStatus,
    DrawEntry,
    Held,
    Session,
    WaitlistEntry,
)
from actions.booking.moving import ChangeBooking
from actions.booking.offers import AnswerOffer
from actions.booking.preferring import SetReminders
from actions.booking.programme import VISIT, values_of
from actions.booking.volunteering import ListVolunteerHours
from actions.booking.wishes import WHOM, acting_of
from actions.dialogue import Answer, DoDeed, Events, Ground, Turn, clear
from actions.errors import Refusal


class ListBookings(Answer):
    """action_list_bookings: what a resident has booked, waits for or may win, to cancel."""

    def name(self) -> str:
        return "action_list_bookings"

    def act(self, turn: Turn) -> Events:
        held, acting = self._asked_for(turn), whose.named(turn)
        lost = self._lost(turn, acting.principal_id if acting else turn.resident_id)
        lines = [*(self._line(turn, one) for one in held), *lost]
        who = behalf.called(behalf.read_whose(turn.text)) if acting else ""
        if not lines:
            turn.say("utter_no_bookings_of" if who else "utter_no_bookings", who=who)
            return []
        turn.say(
            "utter_bookings_of" if who else "utter_bookings",
            who=who,
            list="\n".join(lines),
            choices=showing.own_choices(turn, held),
        )
        return []

    def _asked_for(self, turn: Turn) -> list[Held]:
        """Return the one whose code is said, else everything of whom it is about.

        Raises:
            Refusal: none within reach has the code.
        """
        everything = whose.asked_for(turn)
        if turn.choice or not codes.read_code(turn.text):
            return everything
        if found := own.meant(turn, everything):
            return found
        raise Refusal("utter_no_such_booking")

    def _lost(self, turn: Turn, resident_id: str) -> Iterator[str]:
        """Yield what did not win, for as long as they may ask whether it has."""
        lost = stages.lost_of(turn.db, resident_id=resident_id, now=turn.now)
        for one in lost:
            told = stages.values_of(showing.programme(turn), one)
            yield showing.line(turn, "utter_draw_lost_line", **told)

    def _line(self, turn: Turn, one: Held) -> str:
        if isinstance(one, DrawEntry):
            told = stages.values_of(showing.programme(turn), one)
            return showing.line(turn, "utter_draw_line", **told)
        told = showing.held_told(turn, one)
        if isinstance(one, Booking):
            requested = one.status == BookingStatus.REQUESTED
            response = "utter_requested_line" if requested else "utter_booking_line"
            return showing.line(turn, response, **told)
        if showing.is_offered(one):
            return showing.line(turn, "utter_offered_line", **told)
        told |= {"number": showing.number(turn, one)}
        return showing.line(turn, "utter_waiting_line", **told)


# What is done for what the resident has confirmed.
DEEDS: dict[str, Callable[..., Any]] = {
    PLACE: service.book,
    WAIT: service.join_waitlist,
    LOT: draw.enter,
    VISIT: visits.request,
}


class BookActivity(DoDeed):
    """action_book_activity: books, joins the line or enters the draw, as confirmed."""

    form_slots = (*SLOTS, *HIDDEN)

    def name(self) -> str:
        return "action_book_activity"

    def act(self, turn: Turn) -> Events:
        confirmed = turn.slots.get("booking_confirm")
        if confirmed not in CONFIRMED or not turn.slots.get("booking_session"):
            raise Refusal("utter_booking_not_confirmed")
        details = visiting.details(turn.slots) if confirmed == VISIT else {}
        whom = turn.slots.get(WHOM) or ""
        order = Order(
            int(turn.slots["booking_session"]),
            places_of(turn),
            whom,
            acting_id=acting_of(turn.slots),
        )
        try:
            with turn.db.begin_nested():
                made = DEEDS[confirmed](
                    turn.db,
                    showing.programme(turn),
                    order=order,
                    conversation=turn.conversation,
                    now=turn.now,
                    **details,
                )
        except Refusal as refusal:
            if refusal.response == "utter_visit_full":
                self._tell_taken(turn, refusal, order)
            elif whom and refusal.response == "utter_session_full":
                self._tell_full(turn, refusal, order)
            else:
                raise
            return clear(self.form_slots)
        if confirmed == VISIT:
            told = values_of(showing.programme(turn), made) | {"heads": details["heads"]}
            turn.tell("utter_visit_requested", **told)
        else:
            self._tell(turn, made)
        return clear(self.form_slots)

    def _tell_taken(self, turn: Turn, refusal: Refusal, order: Order) -> None:
        """Tell that another group was faster, with the nearest slots to ask for."""
        session, programme = turn.db.get_one(Session, order.session_id), showing.programme(turn)
        others = visits.choices(turn.db, programme, session, turn.language, now=turn.now)
        turn.tell(refusal.response, choices=others, **refusal.details)

    def _tell_full(self, turn: Turn, refusal: Refusal, order: Order) -> None:
        """Tell that others were faster; a tap for the line keeps for whom it is."""
        kept = bookings.keep_whom(turn.db, order.whom, turn.conversation, now=turn.now)
        told = refusal.details | {"for_whom": bookings.for_whom(kept, order.acting_id)}
        turn.tell(refusal.response, **told)

    def _tell(self, turn: Turn, made: Held) -> None:
        if isinstance(made, Booking):
            done = taps.booked(showing.programme(turn), made, now=turn.now)
            turn.tell(done.response, **done.values)
        elif isinstance(made, DrawEntry):
            turn.tell("utter_draw_entered", **stages.values_of(showing.programme(turn), made))
        else:
            done = taps.waiting(turn.db, showing.programme(turn), made)
            turn.tell(done.response, **done.values)


class CancelBooking(DoDeed):
    """action_cancel_booking: gives places back, leaves the line or the draw, once confirmed."""

    form_slots = (*CANCEL_SLOTS, ACTING)

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

    def _cancel(self, turn: Turn, one: Held) -> None:
        told = showing.told(turn, one.session)
        if isinstance(one, DrawEntry):
            draw.leave(
                turn.db,
                showing.programme(turn),
                entry_id=one.id,
                resident_id=turn.resident_id,
                now=turn.now,
            )
            turn.tell("utter_draw_left", **told)
            return
        if isinstance(one, WaitlistEntry):
            waitlist.leave(
                turn.db,
                showing.programme(turn),
                entry_id=one.id,
                resident_id=turn.resident_id,
                now=turn.now,
            )
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
    """action_keep_booking: a cancellation or a change is called off; what was booked stays."""

    form_slots = (*CANCEL_SLOTS, ACTING, *CHANGE_SLOTS)

    def name(self) -> str:
        return "action_keep_booking"

    def act(self, turn: Turn) -> Events:
        turn.tell("utter_nothing_cancelled")
        return clear(self.form_slots)


def actions(ground: Ground) -> list[Action]:
    """Make all of booking's actions."""
    book, cancel = BookActivityForm(ground), CancelBookingForm(ground)
    change = ChangeBookingForm(ground)
    return [
        *(ListActivities(ground), ListBookings(ground), ListVolunteerHours(ground)),
        MeetNeighbours(ground),
        *(BookActivity(ground), CancelBooking(ground), KeepBooking(ground)),
        *(ChangeBooking(ground), AnswerOffer(ground), SetReminders(ground)),
        *(book, *book.questions()),
        *(cancel, *cancel.questions()),
        *(change, *change.questions()),
    ]
