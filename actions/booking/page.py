"""The page of one activity: what, when, where, fee, what to bring, and its next sessions."""

from collections.abc import Iterator

from actions.booking import showing
from actions.booking.filters import KINDS
from actions.booking.model import Session
from actions.booking.programme import told_of
from actions.booking.wishes import upcoming
from actions.conversations import Choice
from actions.dialogue import Turn
from actions.told import Told
from actions.wording import WEEKDAYS
from knowledge.pack import Activity, Text

NEXT = 3  # sessions shown to book
# The kind of an activity, as the filter of that kind is told.
KIND_OF = {"sport": "sport", "volunteer_task": "volunteer"}


def tell_page(turn: Turn, activity: Activity) -> None:
    """Tell all there is to know of an activity; its next sessions are choices to book."""
    sessions = upcoming(turn, [activity])[:NEXT]
    lines = [*_what(turn, activity), _join(turn, activity, sessions)]
    turn.say(
        "utter_programme_page",
        told=Told("activity", activity.id, activity.fingerprint),
        lines="\n".join(lines),
        origin=told_of(showing.programme(turn), activity)["origin"],
        choices=[_choice(turn, session) for session in sessions],
    )


def _what(turn: Turn, activity: Activity) -> Iterator[str]:
    told = told_of(showing.programme(turn), activity)
    kind = showing.line(turn, KINDS[KIND_OF.get(activity.kind, activity.kind)].response)
    yield showing.line(turn, "utter_programme_name", **told, kind=kind)
    if activity.about and not turn.row.elder:
        yield activity.about.in_(turn.language)
    yield _when(turn, activity)
    yield showing.line(turn, "utter_programme_venue", **told)
    yield showing.line(turn, "utter_programme_fee", **told)
    if _age(activity):
        yield showing.line(turn, _age(activity), min=activity.age.min, max=activity.age.max)


def _when(turn: Turn, activity: Activity) -> str:
    """Say on which weekdays it is, or that it is not every week."""
    days = Text(
        zh="、".join(WEEKDAYS["zh"][day] for day in activity.weekdays),
        en=", ".join(WEEKDAYS["en"][day] for day in activity.weekdays),
    )
    return showing.line(
        turn,
        "utter_programme_weekly" if activity.weekdays else "utter_programme_once",
        weekdays=days,
        start=f"{activity.start:%H:%M}",
        end=f"{activity.end:%H:%M}",
    )


def _age(activity: Activity) -> str:
    """Return the response that tells who may come; none when everybody may."""
    if activity.age.min and activity.age.max:
        return "utter_programme_ages"
    if activity.age.min:
        return "utter_programme_age_from"
    return "utter_programme_age_up_to" if activity.age.max else ""


def _join(turn: Turn, activity: Activity, sessions: list[Session]) -> str:
    if not sessions:
        return showing.line(turn, "utter_programme_nothing_planned")
    how = "utter_programme_draw" if activity.draw else "utter_programme_join"
    return showing.line(turn, how, activity=activity.name)


def _choice(turn: Turn, session: Session) -> Choice:
    return showing.session_choice(turn, session, "book_activity", "utter_label_session_left")
