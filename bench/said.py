"""What a message says, read as the actions read it: slots as names and values.

A reader asks the very functions the forms and answers of its intent ask. Values are ids of the
pack, dates as `2026-11-28` (`first/last` of more days), times as `14:00`; what may mean several
things is written `a|b`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Tracker
from sqlalchemy import select

from actions import behalf, conversations, dialogue, smalltalk, turns
from actions.answers import bus_questions, departures, hours_asked, which_facility
from actions.booking import changes, codes, matching, preferring, query, reading
from actions.booking.forms import ASKED, BookActivityForm
from actions.booking.model import Session
from actions.care import check_in_taps, check_in_words
from actions.conversations import Author, Choice
from actions.db import Db
from actions.dialogue import Form, Ground, Turn
from actions.errors import Refusal
from actions.governance import categories, forms, placing, reference
from actions.neighbours import offer_words, offering, steps
from actions.neighbours.forms import RequestHelpForm
from actions.news import wishes
from actions.people import kin
from actions.turns import EntryState, InboxEntry, Opening
from bot import choices
from knowledge.dates import Grain, Unclear, When, read_when

Parsed = Mapping[str, Any]  # what the pipeline made of a message
Pair = tuple[str, str]  # a slot and its value
Reader = Callable[[Turn], Iterator[Pair]]

SHOWN = 9  # choices of a menu that stands above every message
SELF = "self"
FORMS: tuple[type[Form], ...] = (
    *(BookActivityForm, forms.ReportProblemForm, RequestHelpForm),
    departures.AskDepartureForm,
)
# What was said of a form before it asked for this.
BEFORE: Mapping[str, Mapping[str, Any]] = {
    "booking_session": {"booking_activity": "club-calligraphy"},
    "booking_places": {"booking_activity": "club-calligraphy", "booking_confirm": ASKED},
    "problem_where": {"problem_what": "路灯坏了"},
    "help_when": {"help_kind": "company", "help_what": "陪我说说话"},
    "help_where": {"help_kind": "go-to-clinic", "help_what": "陪我看病"},
    "help_long": {"help_kind": "borrow-tools", "help_what": "借梯子"},
}


@dataclass(frozen=True)
class Asking:
    """What a form has just asked: `report_problem_form.problem_where`."""

    form: str
    slot: str

    @classmethod
    def of(cls, written: str) -> "Asking":
        """Read it as it is written."""
        return cls(*written.split("."))


class Residents:
    """Writes messages down as the gateway does, each of another resident, and reads them."""

    def __init__(self, ground: Ground, db: Db) -> None:
        self._ground, self._db = ground, db
        self._forms = {form.form: form(ground) for form in FORMS}
        self._session_id = db.scalars(
            select(Session.id)
            .where(Session.activity_id == BEFORE["booking_places"]["booking_activity"])
            .order_by(Session.starts_at)
        ).first()
        self._count = 0

    def said(self, text: str, parsed: Parsed, *, intent: str, asking: str = "") -> list[Pair]:
        """Return the slots a message says, to who reads it with this intent.

        With `asking` (`form.slot`) it is said to a form that waits for an answer, with the
        intent the model gave it; `answers` tells whether it fills the slot.
        """
        asked = Asking.of(asking) if asking else None
        turn = self._turn(text, parsed, asked)
        pairs = list(_chosen(text))
        if asked is None:
            turn = replace(turn, intent=intent)
        elif self._answers(turn, asked):
            pairs.append(("answers", "yes"))
        for reader in _readers(intent, asked):
            with suppress(Refusal):  # it cannot be; what was read before stays
                for pair in reader(turn):
                    pairs.append(pair)
        return list(dict.fromkeys(pairs))

    def _answers(self, turn: Turn, asked: Asking) -> bool:
        """Whether a form takes a message for the answer to what it asked."""
        events = self._forms[asked.form].act(turn)
        return any(
            event["event"] == "slot" and event["name"] == asked.slot and event["value"]
            for event in events
        )

    def _turn(self, text: str, parsed: Parsed, asked: Asking | None) -> Turn:
        self._count += 1
        db, now = self._db, self._ground.clock.now()
        conversation = conversations.at_address(
            db, channel="webchat", address=f"resident-{self._count}", now=now
        )
        message = conversations.say(db, conversation, text, author=Author.RESIDENT, now=now)
        entry = InboxEntry(
            channel="webchat",
            bot="bench",
            update_id=str(self._count),
            conversation_id=conversation.id,
            message_id=message.id,
            state=EntryState.WAITING,
            tries=0,
            received_at=now,
            next_try_at=now,
        )
        db.add(entry)
        db.flush()
        row = turns.open_turn(db, entry, Opening("zh", elder=False, choice=None), now=now)
        slots = self._before(asked) if asked else {}
        latest = {"text": text, **parsed, "metadata": {"turn_id": row.id}}
        form = {"name": asked.form} if asked else {}
        tracker = Tracker("bench", slots, latest, [], False, None, form, "action_listen")
        return dialogue.read_turn(self._ground, db, CollectingDispatcher(), tracker)

    def _before(self, asked: Asking) -> dict[str, Any]:
        session = {
            "booking_session": self._session_id if asked.slot == "booking_places" else None
        }
        return {"requested_slot": asked.slot, **BEFORE.get(asked.slot, {}), **session}


def _readers(intent: str, asked: Asking | None) -> tuple[Reader, ...]:
    if asked and asked.form == f"{intent}_form":
        return ANSWERS[asked.slot]
    return READERS.get(intent, ())


def _chosen(text: str) -> Iterator[Pair]:
    """Yield the choice of a menu a message takes; a number that is none must not be one."""
    menu = [Choice(label="", intent="choose", value=str(n + 1)) for n in range(SHOWN)]
    if taken := choices.resolve(text, menu):
        yield "choice", taken.value


def _either(values: Iterable[str]) -> str:
    return "|".join(dict.fromkeys(values))


def _activity(turn: Turn, text: str) -> Iterator[Pair]:
    if named := matching.named(turn.pack, text):
        yield "activity", _either(activity.id for activity in named)


def _days(start: datetime, end: datetime) -> str:
    first, last = start.date(), (max(end - timedelta(seconds=1), start)).date()
    return f"{first}" if first == last else f"{first}/{last}"


def _windows(windows: Iterable[reading.Window]) -> Iterator[Pair]:
    possible = tuple(windows)
    if possible:
        yield "date", _either(_days(w.start, w.end) for w in possible)
    if possible and all(w.exact for w in possible):
        yield "time", _either(f"{w.start:%H:%M}" for w in possible)


def _booking_time(turn: Turn, text: str) -> Iterator[Pair]:
    return _windows(reading.read_possible(text, turn.now, turn.wording.zone))


def _moment(turn: Turn) -> Iterator[Pair]:
    """Yield the time whose reading is all a message is asked for: of a bus, of help."""
    when = read_when(turn.text, turn.local)
    possible = when.readings if isinstance(when, Unclear) else (when,) if when else ()
    return _windows(
        reading.Window(each.start, each.end, each.grain == Grain.MINUTE) for each in possible
    )


def _whose(turn: Turn) -> Iterator[Pair]:
    if whose := behalf.read_whose(turn.text):
        yield "who", behalf.called(whose)


def book(turn: Turn) -> Iterator[Pair]:
    """Activity, time, places, for whom."""
    yield from _activity(turn, turn.text)
    yield from _booking_time(turn, turn.text)
    if places := reading.read_places(turn.text):
        yield "count", str(places)
    whom = kin.read_whom(turn.text)
    if whom is not None:
        yield "who", behalf.called(whom) if whom else SELF


def list_activities(turn: Turn) -> Iterator[Pair]:
    """Activity, time and all filters."""
    asked = query.read_query(turn)
    if asked.named:
        yield "activity", _either(asked.named)
    if asked.timed:
        yield from ((name, value) for name, value in _windows(asked.windows) if name == "date")
    for one in asked.filters:
        name = {"venue": "facility"}.get(one.name, one.name)
        yield name, one.value.replace(",", "|") or "yes"


def cancel_booking(turn: Turn) -> Iterator[Pair]:
    """Code, or activity and time; whose."""
    if code := codes.read_code(turn.text):
        yield "code", code
    yield from _activity(turn, turn.text)
    yield from _booking_time(turn, turn.text)
    yield from _whose(turn)


def change_booking(turn: Turn) -> Iterator[Pair]:
    """Which booking, and what is to become of it."""
    about, new = changes.split(turn.text)
    if code := codes.read_code(about):
        yield "code", code
    yield from _activity(turn, about)
    yield from _booking_time(turn, new)
    more = reading.read_more(new)
    places = reading.read_places(new) if more is None else None
    yield from [("more", str(more))] if more is not None else ()
    yield from [("count", str(places))] if places else ()
    yield from _whose(turn)


def ask_departure(turn: Turn) -> Iterator[Pair]:
    """Lines, from where, to where, first or last, when."""
    said = bus_questions.asked(turn)
    yield from (("line", line) for line in said.get("lines", ()))
    if stop := departures.read_stop(turn):
        yield "stop", stop
    if to := said.get("to"):
        yield "to", _either(to)
    if which := said.get("which"):
        yield "which", which
    if isinstance(read_when(turn.text, turn.local), When):
        yield from _moment(turn)


def ask_hours(turn: Turn) -> Iterator[Pair]:
    """Facility, and the time or the holiday."""
    for named in which_facility.facilities_named(turn):
        yield "facility", _either(facility.id for facility in named)
    asked = hours_asked.read_asked(turn.text, turn.local)
    if asked.holiday:
        yield "holiday", asked.holiday.name.zh
    if asked.start and asked.end:
        exact = asked.moment is not None
        yield from _windows([reading.Window(asked.start, asked.end, exact)])


def problem(turn: Turn) -> Iterator[Pair]:
    """What kind of problem, for whom."""
    if forms.prefill_what(turn):
        guessed = categories.guess(turn.pack, turn.text, turn.ground.sorter)
        yield from [("category", guessed.service_code)] if guessed else ()
    if whom := behalf.read_for(turn.text):
        yield "who", behalf.called(whom)


def problem_place(turn: Turn) -> Iterator[Pair]:
    """Where a problem is."""
    yield from _place(forms.prefill_where(turn))


def own_request(turn: Turn) -> Iterator[Pair]:
    """Which of their requests: by number, or by its kind; whose."""
    yield from _whose(turn)
    if named := reference.read_reference(turn.pack, turn.text):
        yield "reference", named
    elif ranked := categories.rank(turn.pack, turn.text):
        yield "category", ranked[0][0].service_code


def correct_place(turn: Turn) -> Iterator[Pair]:
    """Where it really is, unless the wrong place may be the one that is named."""
    if not placing.WHERE_NOT.search(turn.text):
        yield from problem_place(turn)


def _place(where: Mapping[str, Any] | None) -> Iterator[Pair]:
    place = where.get("place_id") or where.get("place") if where else None
    if place:
        yield "place", str(place)


def help_kind(turn: Turn) -> Iterator[Pair]:
    """The kind of help."""
    if kind := steps.prefill_kind(turn):
        yield "kind", kind


def help_details(turn: Turn) -> Iterator[Pair]:
    """When, where and for how long help is wanted."""
    yield from _moment(turn)
    yield from _place(steps.prefill_where(turn))
    if minutes := steps.prefill_long(turn):
        yield "minutes", str(minutes)


def offer_help(turn: Turn) -> Iterator[Pair]:
    """With what, how far, how often, in which languages."""
    yield from (("kind", kind) for kind in offering.read_kinds(turn) or ())
    if reach := offering.read_reach(turn):
        yield "reach", reach
    if often := offer_words.per_week_in(turn.text):
        yield "week", str(often)
    yield from (("languages", language) for language in offer_words.languages_in(turn.text))


def check_in(turn: Turn) -> Iterator[Pair]:
    """When to be asked, when not to be, or not any more."""
    if pause := check_in_words.read_pause(turn.text, turn.local):
        first, last = pause
        yield "pause", f"{first}/{last}"
    elif check_in_words.wants_end(turn.text):
        yield "end", "yes"
    elif not check_in_taps.is_change(turn.text):
        at = check_in_words.read_time(turn.text, turn.local)
        yield from [("time", f"{at:%H:%M}")] if at else ()


def news_of(turn: Turn) -> Iterator[Pair]:
    """Which topics, of which area."""
    yield from (("topic", topic) for topic in wishes.topics_in(turn.pack, turn.text))
    if area := wishes.area_in(turn.pack, turn.text):
        yield "area", area


def news_wish(turn: Turn) -> Iterator[Pair]:
    """What is to become of subscriptions, and how often news is wanted."""
    wish = wishes.read(turn.pack, turn.text)
    yield "want", wish.want
    if wish.rhythm:
        yield "rhythm", wish.rhythm


def language(turn: Turn) -> Iterator[Pair]:
    """The language that is wanted."""
    if wanted := smalltalk.wanted_language(turn.text):
        yield "language", wanted


def elder_mode(turn: Turn) -> Iterator[Pair]:
    """Whether elder mode is to be on."""
    yield "elder", "on" if smalltalk.wants_elder_mode(turn.text) else "off"


def reminders(turn: Turn) -> Iterator[Pair]:
    """Which reminders are wanted."""
    yield "reminders", preferring.wanted_reminders(turn.text)


# An intent without readers has no slots, but for a choice that is taken.
READERS: Mapping[str, tuple[Reader, ...]] = {
    "book_activity": (book,),
    "list_activities": (list_activities,),
    "cancel_booking": (cancel_booking,),
    "change_booking": (change_booking,),
    "ask_departure": (ask_departure,),
    "ask_hours": (ask_hours,),
    "report_problem": (problem, problem_place),
    "check_request": (own_request,),
    "add_to_request": (own_request,),
    "withdraw_request": (own_request,),
    "correct_place": (own_request, correct_place),
    "request_help": (help_kind, help_details),
    "offer_help": (offer_help,),
    "manage_checkin": (check_in,),
    "ask_news": (news_of,),
    "manage_news": (news_of, news_wish),
    "set_language": (language,),
    "set_elder_mode": (elder_mode,),
    "set_reminders": (reminders,),
}
# An answer to what a form asked says nothing of what was said before.
ANSWERS: Mapping[str, tuple[Reader, ...]] = {
    "booking_session": (book,),
    "booking_places": (book,),
    "departure_stop": (ask_departure,),
    "problem_what": (problem,),
    "problem_where": (problem_place,),
    "help_when": (help_details,),
    "help_where": (help_details,),
    "help_long": (help_details,),
}
