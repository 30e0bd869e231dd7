"""report_problem_form: what, where, and a read-back before anything is filed."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from actions import behalf
from actions.conversations import Choice
from actions.dialogue import SKIPPED, Form, Ground, Step, Turn
from actions.errors import Refusal
from actions.governance import categories, details, draft, joining, places, service, sla
from actions.governance.service import Where
from actions.intents import SURE
from knowledge.pack import Category, Pack, Place
from knowledge.places import asks_about, is_where
from knowledge.records import Text

SLOTS = (
    *("problem_what", "problem_category", "problem_where"),
    *("problem_same", "problem_details", "problem_confirm"),
)
PHOTOS = "problem_photos"  # kept whenever they come, never asked for
MOST_PHOTOS = 6

PLACES = 4  # offered to choose from
SHOWN = 60  # characters of a long description that are read back

ASKS = re.compile(
    r"[?？]|[吗么呢]$|怎么|怎样|如何|几点|几路|多少|什么时候|哪里|哪儿|^(?:what|when|where|how|who|which|is|are|"
    r"can|do|does)\b",
    re.IGNORECASE,
)
ANONYMOUS = re.compile(r"匿名|别写我|不要写我|不留名|不要说是我|anonymous", re.IGNORECASE)

ANSWERED = "answered"  # the category wants to know no more
# These speak of a report; in the middle of one, of this one.
OF_REPORTS = frozenset({"report_problem", "add_to_request", "correct_place"})
# What was asked of one category or place is not asked of another.
ANEW: dict[str, Any] = {"problem_same": None, "problem_details": None, details.ANSWERS: None}

# What the read-back offers to say again, and what that makes of the slots.
CHANGES: dict[str, dict[str, Any]] = {
    "change_what": {"problem_what": None, "problem_category": None, **ANEW},
    "change_category": {"problem_category": None, "problem_confirm": draft.OBJECTED, **ANEW},
    "change_where": {"problem_where": None, "problem_same": None},
}
# Slots that no longer hold once another was filled anew.
DEPENDENT: dict[str, dict[str, Any]] = {
    "problem_what": {"problem_category": None, **ANEW},
    "problem_category": {"problem_confirm": None, **ANEW},
    "problem_where": {"problem_same": None},
}


class ReportProblemForm(Form):
    """Asks what is wrong and where, shows who will get it and by when, and asks for a yes."""

    form = "report_problem_form"

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step("problem_what", ask_what, read_what, prefill=prefill_what),
            Step("problem_category", ask_category, read_category, unless=self._clear),
            Step("problem_where", ask_where, read_where, prefill=prefill_where),
            Step("problem_same", joining.ask, joining.read),
            Step("problem_details", details.ask, details.read, unless=joining.joins),
            Step("problem_confirm", ask_confirm, read_confirm, unless=joining.joins),
        )

    @property
    def slots(self) -> tuple[str, ...]:
        return (*SLOTS, details.ANSWERS, PHOTOS, draft.ACTING)

    def _begin(self, turn: Turn) -> dict[str, Any]:
        changes = super()._begin(turn) | _photos(turn) | draft.for_whom(turn)
        return changes | self._settled(turn, changes)

    def _listen(self, turn: Turn, asked: Step) -> dict[str, Any]:
        if tapped := _tapped(turn, asked):
            return tapped | self._settled(turn, tapped)
        if asked.slot == "problem_confirm" and turn.intent == "correct_place":
            return {asked.slot: None, **CHANGES["change_where"]}
        if turn.attachments and not turn.text and asked.slot != "problem_where":
            kept = {asked.slot: None, **_kept(turn)}
            return kept | self._settled(turn, kept)
        changes = super()._listen(turn, asked) | _of_whom(turn, asked)
        if not changes:
            return {}
        if answer := changes.get("problem_details"):
            answers = {**(turn.slots.get(details.ANSWERS) or {}), **answer}
            changes |= {"problem_details": None, details.ANSWERS: answers}
        elif "problem_details" in changes and turn.intent == "go_back":
            changes[details.ANSWERS] = None
        if changes.get(asked.slot) is not None:
            changes |= DEPENDENT.get(asked.slot, {})
        changes |= _photos(turn)
        return changes | self._settled(turn, changes)

    def _settled(self, turn: Turn, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return what need not be asked: nothing is alike, or all is said already."""
        slots = {**turn.slots, **changes}
        if not all(slots.get(slot) for slot in ("problem_what", "problem_where")):
            return {}
        if not (slots.get("problem_category") or self._clear(slots)):
            return {}
        settled: dict[str, Any] = {}
        if slots.get("problem_same") is None and not joining.found(turn, slots):
            settled["problem_same"] = SKIPPED
        wanted = details.open_questions(turn.ground, slots)
        if slots.get("problem_details") is None and not wanted:
            settled["problem_details"] = ANSWERED if slots.get(details.ANSWERS) else SKIPPED
        return settled

    def _clear(self, slots: Mapping[str, Any]) -> bool:
        """Whether the category need not be asked for: the words say it, nobody objected."""
        said, ground = draft.what_of(slots), self.ground
        objected = slots.get("problem_confirm") == draft.OBJECTED
        return bool(
            said and not objected and categories.guess(ground.pack, said, ground.sorter)
        )


def _tapped(turn: Turn, asked: Step) -> dict[str, Any]:
    """Return what a choice that is no plain answer makes of the slots.

    The kind of thing stands for what is wrong, where nothing else is said.
    """
    if turn.choice in CHANGES:
        return {asked.slot: None, **CHANGES[turn.choice]}
    if asked.slot != "problem_what" or turn.choice not in turn.pack.categories:
        return {}
    kind = turn.pack.categories[turn.choice]
    changes = {"problem_what": kind.name.in_(turn.language), "problem_category": turn.choice}
    return DEPENDENT["problem_what"] | changes


def _of_whom(turn: Turn, asked: Step) -> dict[str, Any]:
    """Note for whom it is, where the read-back is answered with that; it is read back anew."""
    whom = draft.for_whom(turn) if asked.slot == "problem_confirm" else {}
    return whom and {asked.slot: None, **whom}


def ask_what(turn: Turn) -> None:
    """Ask what is wrong; elders may choose what kind of thing it is."""
    kinds = turn.pack.categories.values() if turn.elder else ()
    turn.say("utter_ask_problem_what", choices=[_category(turn, kind) for kind in kinds])


def read_what(turn: Turn) -> str | None:
    """Take the resident's own words, unless they are about something else."""
    text = turn.text.strip()
    if _about_something_else(turn) or len(text) < 2 or turn.choice is not None:
        return None
    return text


def prefill_what(turn: Turn) -> str | None:
    """Take the first message when it tells the problem already."""
    return (
        turn.text.strip()
        if categories.says_what(turn.pack, turn.text, turn.ground.sorter)
        else None
    )


def ask_category(turn: Turn) -> None:
    """Let the resident say which of the likely categories it is."""
    likely = draft.alternatives(turn)
    turn.say("utter_ask_problem_category", choices=[_category(turn, c) for c in likely])


def read_category(turn: Turn) -> str | None:
    """Take the tapped category, or the one the new words clearly fit."""
    pack = turn.pack
    if turn.choice in pack.categories:
        return turn.choice
    if turn.interrupts or not categories.tells(pack, turn.text, turn.ground.sorter):
        return None
    guessed = categories.guess(pack, turn.text, turn.ground.sorter)
    return guessed.service_code if guessed else None


def ask_where(turn: Turn) -> None:
    """Ask where, offering the places this resident and others speak of."""
    pack, most = turn.pack, len(turn.pack.places) if turn.elder else PLACES
    own = service.common_places(turn.db, resident_id=turn.resident_id, limit=most)
    offered = [pack.places[place] for place in own if place in pack.places]
    offered += [place for place in places.common(pack, most) if place not in offered]
    turn.say("utter_ask_problem_where", choices=[_place(turn, p) for p in offered[:most]])


def read_where(turn: Turn) -> dict[str, Any] | None:
    """Take a shared point, a tapped or named place, or the resident's own words.

    Raises:
        Refusal: the place is not in our area; who is responsible is told.
    """
    if point := _point(turn):
        return asdict(point)
    if turn.choice is not None:
        return asdict(Where(place_id=turn.choice)) if _known(turn, turn.choice) else None
    text = turn.text.strip()
    if not_ours := places.outside(turn.pack, text):
        raise Refusal("utter_problem_outside", say=not_ours.say)
    place = _named(turn)
    if place is None and (_about_something_else(turn) or len(text) < 2):
        return None
    if place is not None and (asks_about(text) or (turn.interrupts and ASKS.search(text))):
        return None
    return asdict(Where(place_id=place.id if place else None, words=text))


def prefill_where(turn: Turn) -> dict[str, Any] | None:
    """Take the place the first message names or comes with."""
    if point := _point(turn):
        return asdict(point)
    if not_ours := places.outside(turn.pack, turn.text):
        raise Refusal("utter_problem_outside", say=not_ours.say)
    place = _named(turn)
    return asdict(Where(place_id=place.id)) if place else None


def ask_confirm(turn: Turn) -> None:
    """Read everything back, with who gets it and by when, and what to mind until then."""
    pack, category = turn.pack, draft.category_of(turn.ground, turn.slots)
    acting_id, whom = draft.acting_of(turn.slots)
    if acting_id is not None:
        turn.say("utter_problem_on_behalf", who=behalf.called(whom))
    if category.emergency_notice:
        turn.say("utter_problem_notice", notice=category.emergency_notice)
    if category.restricted:
        turn.say("utter_problem_restricted", team=service.team_name(pack, category))
    if wants_no_name(draft.what_of(turn.slots)):
        allowed = category.anonymous_allowed
        turn.say("utter_problem_anonymous" if allowed else "utter_problem_not_anonymous")
    turn.say(
        "utter_ask_problem_confirm",
        what=_shorten(draft.what_of(turn.slots)),
        category=category.name,
        where=where_shown(pack, draft.where_of(turn.slots)),
        team=service.team_name(pack, category),
        due=sla.due_at(pack, category, turn.now),
    )


def read_confirm(turn: Turn) -> str | None:
    """Take a yes. A no is asked what is wrong, with the choices of the read-back."""
    if turn.choice == "yes" or (turn.choice is None and turn.intent == "affirm"):
        return "yes"
    if turn.intent == "deny" or turn.choice == "no":
        raise Refusal("utter_problem_what_to_change")
    return None


def where_shown(pack: Pack, where: Where) -> Text | str:
    """Return how to write a place: the resident's words, its name, or the point."""
    place = pack.places.get(where.place_id or "")
    if where.words or place is None:
        return where.words or f"{where.lat or 0:.5f}, {where.lon or 0:.5f}"
    return place.name


def wants_no_name(text: str) -> bool:
    """Whether the resident asks not to be named."""
    return ANONYMOUS.search(text) is not None


def _about_something_else(turn: Turn) -> bool:
    """A problem told as a question-like sentence is still a problem; a real question is not."""
    if turn.intent == "out_of_scope":
        asks = turn.confidence >= SURE and ASKS.search(turn.text) is not None
        return asks and not _tells(turn)
    if turn.intent in OF_REPORTS or not turn.interrupts:
        return turn.intent in {"affirm", "deny"} and turn.confidence >= SURE
    if turn.intent == "ask_knowledge":
        return ASKS.search(turn.text) is not None or not _tells(turn)
    return True


def _tells(turn: Turn) -> bool:
    return categories.tells(turn.pack, turn.text, turn.ground.sorter)


def _named(turn: Turn) -> Place | None:
    """Return the place a message names; a building with its number before all others."""
    facilities = (e for e in turn.entities if e.kind == "facility")
    inside = next((e.id for e in facilities if is_where(e.words, turn.text)), None)
    entity = places.named(turn.pack, turn.entity("place"), inside)
    return (
        places.building(turn.pack, turn.text) or entity or places.by_words(turn.pack, turn.text)
    )


def _known(turn: Turn, place_id: str) -> bool:
    return place_id in turn.pack.places


def _point(turn: Turn) -> Where | None:
    """Return the point shared with the message, told by the place it is at.

    Raises:
        Refusal: the point is far from every place of ours.
    """
    shared = next((a for a in turn.attachments if a.kind == "location"), None)
    if shared is None or shared.lat is None or shared.lon is None:
        return None
    near = places.nearest(turn.pack, shared.lat, shared.lon)
    if near and near[1] > places.OURS_METRES:
        raise Refusal("utter_problem_far")
    at = near[0].id if near and near[1] <= places.NEAR_METRES else None
    return Where(place_id=at, lat=shared.lat, lon=shared.lon)


def _photos(turn: Turn) -> dict[str, Any]:
    sent = [a.upload_id for a in turn.attachments if a.kind == "photo" and a.upload_id]
    kept = list(turn.slots.get(PHOTOS) or ())
    return {PHOTOS: (kept + sent)[:MOST_PHOTOS]} if sent else {}


def _kept(turn: Turn) -> dict[str, Any]:
    """Keep what came without words: photos, and a point as the place of the problem."""
    try:
        point = _point(turn)
    except Refusal as refusal:
        turn.say(refusal.response, **refusal.details)
        return _photos(turn)
    turn.say("utter_location_kept" if point else "utter_photo_kept")
    return _photos(turn) | ({"problem_where": asdict(point)} if point else {})


def _category(turn: Turn, category: Category) -> Choice:
    return Choice(category.name.in_(turn.language), "choose", category.service_code)


def _place(turn: Turn, place: Place) -> Choice:
    return Choice(place.name.in_(turn.language), "choose", place.id)


def _shorten(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
