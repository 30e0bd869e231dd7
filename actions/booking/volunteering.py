"""action_list_volunteer_hours: how long a resident has volunteered, and the certificates."""

from actions.booking import certificate, showing
from actions.booking.model import Booking
from actions.booking.programme import values_of
from actions.dialogue import Answer, Events, Turn


class ListVolunteerHours(Answer):
    """Tells the hours in all and the last tasks, each with the page of its certificate."""

    def name(self) -> str:
        return "action_list_volunteer_hours"

    def act(self, turn: Turn) -> Events:
        served = certificate.served_by(turn.db, showing.programme(turn), turn.resident_id)
        if not served.bookings:
            turn.say("utter_volunteer_hours_none")
            return []
        last = served.bookings[: showing.limit(turn)]
        turn.say(
            "utter_volunteer_hours",
            count=len(served.bookings),
            hours=certificate.hours(served.time, turn.language),
            list="\n".join(_line(turn, one) for one in last),
        )
        return []


def _line(turn: Turn, booking: Booking) -> str:
    told = values_of(showing.programme(turn), booking)
    hours = certificate.hours(certificate.time_of(booking.session), turn.language)
    return showing.line(turn, "utter_volunteer_line", **told, hours=hours)
