"""Alerts: residents who have to be looked after, taken by one of the staff, and closed.

Who it is, is shown as far as they have agreed to (`CONSENTED`). Where a life is in danger staff
say so and see it all the same: what to do comes first there, and the log has who said so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from starlette.responses import Response

from actions import alerts, conversations
from actions.alerts import Alert, AlertKind
from actions.conversations import Conversation
from actions.errors import Refusal
from actions.people import consents, nicknames, scope
from actions.people.model import Caller, Staff
from bot.desk.sessions import identity
from bot.desk.visit import Missing, Visit, go

# Kind → the purpose they must have agreed to before staff see who it is. None: they asked for
# help themselves, and for somebody to look after it.
CONSENTED: Mapping[AlertKind, str | None] = {
    AlertKind.NO_ANSWER: "check_in",
    AlertKind.NOT_WELL: "check_in",
    AlertKind.EMERGENCY: "check_in",
    AlertKind.WORRIED: "care",
    AlertKind.LATE_WITHDRAWAL: None,
    AlertKind.HELPER_MISSED: None,
    AlertKind.NOBODY_FOUND: None,
    AlertKind.TOO_MANY_NEEDS: None,
}


@dataclass(frozen=True)
class Person:
    """Whom an alert is about, as far as it may be shown."""

    called: str | None
    area_id: str | None
    caller: Caller | None


def see(visit: Visit) -> Response:
    """Show what waits, then what is seen to, then what was closed lately; nobody's name."""
    found = visit.db.execute(
        select(Alert, Staff.username)
        .outerjoin(Staff, Staff.id == Alert.staff_id)
        .order_by(
            Alert.closed_at.is_not(None),
            Alert.staff_id.is_not(None),
            Alert.closed_at.desc(),
            Alert.raised_at,
        )
        .limit(200)
    ).all()
    return visit.show("alerts.html", found=found)


def see_one(visit: Visit) -> Response:
    """Show an alert, and whom it is about as far as they have agreed to."""
    return _show(visit, _find(visit), in_danger=False)


def in_danger(visit: Visit) -> Response:
    """A life is in danger, somebody says: show what to do first, and who it is.

    Raises:
        Refusal: it is closed.
    """
    alert = _find(visit)
    if alert.closed_at is not None:
        raise Refusal("utter_desk_alert_closed")
    visit.note("read_in_danger", f"alert:{alert.id}")
    return _show(visit, alert, in_danger=True)


def take(visit: Visit) -> Response:
    """See to it; one does.

    Raises:
        Refusal: a colleague sees to it already.
    """
    alert = _find(visit)
    alerts.take(visit.db, alert, staff_id=visit.staff.id, now=visit.now)
    visit.note("cared_for", f"alert:{alert.id}")
    return go(f"/alerts/{alert.id}")


def close(visit: Visit) -> Response:
    """Say what came of it.

    Raises:
        Refusal: nothing was written, or it is closed.
    """
    alert, words = _find(visit), visit.words().strip()
    if not words:
        raise Refusal("utter_desk_no_words")
    alerts.close(visit.db, alert, staff_id=visit.staff.id, note=words, now=visit.now)
    visit.note("settled", f"alert:{alert.id}")
    return go("/alerts")


def talk(visit: Visit) -> Response:
    """Take over the conversation with them: they say themselves what they want to.

    Raises:
        Refusal: they have none, or not within this member of staff's scope.
    """
    alert = _find(visit)
    with scope.unlimited(visit.db):
        found = conversations.of_resident(visit.db, alert.resident_id)
        if found is not None and found.area_id is None:  # of the town, until somebody cares
            found.area_id = alert.area_id
            visit.db.flush()
    reached = visit.db.scalar(
        select(Conversation).where(Conversation.id == (found.id if found else ""))
    )
    if reached is None:
        raise Refusal("utter_desk_out_of_reach")
    conversations.open_for_staff(visit.db, reached, now=visit.now)
    visit.note("opened_for_alert", f"alert:{alert.id} conversation:{reached.id}")
    return go(f"/conversations/{reached.id}")


def may_be_shown(visit: Visit, alert: Alert) -> bool:
    """Whether they have agreed to be shown for a cause like this."""
    purpose = CONSENTED[AlertKind(alert.kind)]
    return purpose is None or consents.is_given(visit.db, alert.resident_id, purpose)


def _show(visit: Visit, alert: Alert, *, in_danger: bool) -> Response:
    visit.note("read_alert", f"alert:{alert.id}")
    shown = in_danger or may_be_shown(visit, alert)
    person = _person(visit, alert) if shown else None
    if person is not None and person.caller is not None:
        visit.note("read_caller", f"resident:{alert.resident_id}")
    by = visit.db.get(Staff, alert.staff_id) if alert.staff_id else None
    return visit.show(
        "alert.html",
        alert=alert,
        person=person,
        in_danger=in_danger,
        by=by and by.username,
        need=_need(alert),
    )


def _need(alert: Alert) -> str:
    """Return the number of the need an alert is about, where its asker told of it."""
    topic, _, number = alert.about.partition(":")
    is_theirs = CONSENTED[AlertKind(alert.kind)] is None
    return number if is_theirs and topic == "help" else ""


def _person(visit: Visit, alert: Alert) -> Person:
    with scope.unlimited(visit.db):
        area_id = alerts.area_of(visit.db, alert.resident_id)
    return Person(
        nicknames.called(visit.db, alert.resident_id),
        area_id,
        visit.db.get(Caller, alert.resident_id),
    )


def _find(visit: Visit) -> Alert:
    """Return the alert of the address; unknown and forbidden look the same."""
    found = visit.db.get(Alert, identity(visit.path["alert_id"]))
    if found is None:
        raise Missing
    return found
