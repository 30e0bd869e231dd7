"""action_change_booking: does to a booking what was read back, or leaves it as it is."""

from actions.booking import bookings, changes, on_behalf, service, showing, taps
from actions.booking.bookings import Order
from actions.booking.changes import (
    CHANGE_SLOTS,
    CONFIRM,
    NO,
    NOTHING,
    PLACES,
    TO,
    WAIT,
    WHAT,
    WHICH,
    WITH,
    YES,
)
from actions.booking.model import Booking, WaitlistEntry
from actions.booking.programme import values_of
from actions.dialogue import DoDeed, Events, Turn, clear
from actions.errors import Refusal


class ChangeBooking(DoDeed):
    """action_change_booking: changes a booking as it was read back; the old one or the new."""

    form_slots = CHANGE_SLOTS

    def name(self) -> str:
        return "action_change_booking"

    def act(self, turn: Turn) -> Events:
        if turn.slots.get(WHICH) == NOTHING:
            raise Refusal(_nothing(turn))
        booking = changes.chosen(turn)
        confirmed = turn.slots.get(CONFIRM)
        if booking is None:
            raise Refusal(
                "utter_nothing_cancelled" if confirmed == NO else "utter_no_such_booking"
            )
        if confirmed not in (YES, WAIT):
            raise Refusal("utter_booking_unchanged", **showing.held_told(turn, booking))
        if turn.slots.get(WHAT) == PLACES:
            self._change_places(turn, booking)
        else:
            self._change_session(turn, booking)
        return clear(self.form_slots)

    def _change_places(self, turn: Turn, booking: Booking) -> None:
        before, programme = booking.places, showing.programme(turn)
        changed = service.change_places(
            turn.db,
            programme,
            booking_id=booking.id,
            resident_id=turn.resident_id,
            wanted=int(turn.slots[TO]),
            now=turn.now,
        )
        told = values_of(programme, changed) | {"places_before": before}
        turn.tell("utter_booking_places_changed", **told)

    def _change_session(self, turn: Turn, booking: Booking) -> None:
        """Move it; where it was read back that the other is full, wait if it still is."""
        before, programme = changes.before(turn, booking), showing.programme(turn)
        session_id, places = int(turn.slots[TO]), changes.places_in(turn.slots, booking)
        try:
            with turn.db.begin_nested():
                moved = service.move_booking(
                    turn.db,
                    programme,
                    booking_id=booking.id,
                    to_session_id=session_id,
                    wanted=turn.slots.get(WITH),
                    conversation=turn.conversation,
                    now=turn.now,
                )
        except Refusal as refusal:
            if refusal.response != "utter_session_full":
                raise
            if turn.slots.get(CONFIRM) != WAIT:
                kept, acting_id = self._behalf(turn, booking)
                told = refusal.details | {"for_whom": bookings.for_whom(kept, acting_id)}
                raise Refusal("utter_change_full", **told) from None
            whom = on_behalf.words_in(booking, turn.conversation)
            _, acting_id = self._behalf(turn, booking)
            self._wait(turn, Order(session_id, places, whom, acting_id=acting_id))
            return
        turn.tell("utter_booking_moved", **values_of(programme, moved) | before)

    def _behalf(self, turn: Turn, booking: Booking) -> tuple[int | None, int | None]:
        """Return whose words say for whom it is, and by what it is asked for another."""
        said = on_behalf.words_in(booking, turn.conversation)
        acting_id = on_behalf.acting_in(turn.db, booking, turn.conversation)
        return (booking.whom_id if said else None), acting_id

    def _wait(self, turn: Turn, order: Order) -> None:
        made = service.join_waitlist(
            turn.db,
            showing.programme(turn),
            order=order,
            conversation=turn.conversation,
            now=turn.now,
        )
        if isinstance(made, WaitlistEntry):
            done = taps.waiting(turn.db, showing.programme(turn), made)
            turn.tell(done.response, **done.values)


def _nothing(turn: Turn) -> str:
    """Return what is said to somebody who has nothing they may change alone."""
    held = service.bookings_of(turn.db, resident_id=turn.resident_id, now=turn.now)
    by_staff = any(changes.by_staff(turn, one) for one in held)
    return "utter_change_by_staff" if by_staff else "utter_no_bookings"
