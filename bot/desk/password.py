"""Changing one's own password: the old one is asked for, and every session ends."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from actions.errors import Refusal
from actions.people import staff
from actions.people.model import Staff
from actions.people.staff import GUESSES_WITHIN, SHORTEST_PASSWORD, Guess, StaffUnfit
from bot.desk.visit import Desk, Visit, go


@dataclass(frozen=True)
class Chosen:
    """A new password to be set: the guess at the old one was right."""

    guess_number: int
    before: str
    after: str


def see(visit: Visit) -> Response:
    """Show the form."""
    return visit.show("password.html", shortest=SHORTEST_PASSWORD)


def look_at(desk: Desk, who: Staff, sent: Mapping[str, str]) -> Chosen:
    """Compare the old password, as a guess like any other, and hash the new one.

    Raises:
        Refusal: too many guesses, the old one is wrong, the new one is weak or typed in two
            ways.
    """
    new = sent.get("new", "")
    if new != sent.get("again", ""):
        raise Refusal("utter_desk_password_differs")
    now, guess = desk.clock.now(), Guess(who.username, f"staff {who.id}")
    with desk.database.transaction() as db:
        number = staff.count_guess(db, guess, key=desk.secret_key, now=now)
    if number is None:
        minutes = int(GUESSES_WITHIN.total_seconds() // 60)
        raise Refusal("utter_desk_too_many_guesses", minutes=minutes)
    if not staff.fits(who, sent.get("password", "")):
        raise Refusal("utter_desk_password_wrong")
    try:
        return Chosen(number, who.password_hash, staff.hashed(new))
    except StaffUnfit as unfit:
        raise Refusal(unfit.response, least=SHORTEST_PASSWORD) from None


def change(visit: Visit) -> Response:
    """Set the new password; whoever is signed in with the old one, this browser too, is out.

    Raises:
        Refusal: it was changed elsewhere at the same moment.
    """
    chosen: Chosen = visit.prepared
    done = staff.change(
        visit.db,
        visit.staff,
        chosen.guess_number,
        before=chosen.before,
        after=chosen.after,
    )
    if not done:
        raise Refusal("utter_desk_password_wrong")
    visit.note("changed_password", f"staff:{visit.staff.id}")
    return go("/sign-in")
