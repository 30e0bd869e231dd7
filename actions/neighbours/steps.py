"""What request_help_form asks, and how each answer is read."""

from collections.abc import Mapping
from typing import Any

from actions.conversations import Choice
from actions.dialogue import SKIPPED, Turn
from actions.errors import Refusal
from actions.intents import WAYS_OUT
from actions.neighbours import admitting, details, meaning, safety, showing
from actions.neighbours.draft import Wanted
from actions.neighbours.kinds import OTHER
from actions.neighbours.need import Need
from actions.neighbours.timing import about_something_else
from actions.people import consents, kin, nicknames
from actions.people.model import Resident
from actions.relay import masking, naming
from knowledge.places import asks_about

KINDS = 3  # offered beside something else; elders turn pages
NOTHING_MORE = "nothing_more"  # the choice of those who have no words to add
DO_NOT_SAY = "do_not_say"  # … or do not know, or do not want to say
NO_ANSWER = frozenset({"affirm", "deny", "choose", "out_of_scope", "offer_help"})


def ask_kind(turn: Turn) -> None:
    """Ask what kind of help, offering the pack's first kinds and something else."""
    every = list(turn.pack.help_kinds.values())
    kinds = every if turn.elder else every[:KINDS]
    offered = [Choice(kind.name.in_(turn.language), "choose", kind.id) for kind in kinds]
    turn.say("utter_ask_help_kind", choices=offered)


def read_kind(turn: Turn) -> str | None:
    """Take the tapped kind, the one the words fit, or anything else as something for staff.

    Raises:
        Refusal: no neighbour is asked for this.
    """
    if turn.choice is not None:
        return turn.choice if turn.choice in {*turn.pack.help_kinds, OTHER} else None
    if about_something_else(turn) or turn.intent in NO_ANSWER or len(turn.text.strip()) < 2:
        return None
    safety.require_allowed(turn.pack, turn.text)
    kind = meaning.guess(turn.pack, turn.text, turn.ground.sorter)
    return kind.id if kind else OTHER


def prefill_kind(turn: Turn) -> str | None:
    """Take the kind the first message tells.

    Raises:
        Refusal: no neighbour is asked for this.
    """
    if turn.choice is not None:
        return None
    safety.require_allowed(turn.pack, turn.text)
    kind = meaning.guess(turn.pack, turn.text, turn.ground.sorter)
    return kind.id if kind else None


def ask_what(turn: Turn) -> None:
    """Ask for a few words; who has none says so."""
    optional = turn.slots.get("help_kind") != OTHER
    turn.say("utter_ask_help_what" if optional else "utter_ask_help_what_other")


def read_what(turn: Turn) -> str | None:
    """Take the resident's own words.

    Raises:
        Refusal: no neighbour is asked for this.
    """
    if turn.choice is not None:
        return SKIPPED if turn.choice == NOTHING_MORE else None
    if about_something_else(turn) or len(turn.text.strip()) < 2:
        return None
    if turn.intent == "deny" and turn.slots.get("help_kind") != OTHER:
        return SKIPPED
    safety.require_allowed(turn.pack, turn.text)
    return turn.text.strip()


def prefill_what(turn: Turn) -> str | None:
    """Take the first message when it tells something of it: nothing is asked that was said."""
    if turn.choice is not None:
        return None
    try:
        safety.require_allowed(turn.pack, turn.text)
    except Refusal:
        return None  # said by the kind
    kind = meaning.guess(turn.pack, turn.text, turn.ground.sorter)
    return turn.text.strip() if kind or _tells_something(turn) else None


def ask_where(turn: Turn) -> None:
    """Ask for a place everybody knows; it may be left open."""
    turn.say("utter_ask_help_where")


def read_where(turn: Turn) -> dict[str, str] | str | None:
    """Take a public place, or the resident's own words for it.

    Raises:
        Refusal: no neighbour is asked for this.
    """
    if _leaves_open(turn):
        return SKIPPED
    text = turn.text.strip()
    if turn.choice is not None or len(text) < 2:
        return None
    if details.is_a_place(turn.pack, text):  # and no question about it, whatever it sounds like
        return prefill_where(turn)
    if about_something_else(turn) or asks_about(text):
        return None
    safety.require_allowed(turn.pack, text)
    return prefill_where(turn) or {"words": text}


def prefill_where(turn: Turn) -> dict[str, str] | None:
    """Take the public place a message names."""
    found = details.place(turn.pack, turn.text) if turn.choice is None else None
    return {"place": found.id} if found else None


def ask_long(turn: Turn) -> None:
    """Ask about how long it takes; it may be left open."""
    turn.say("utter_ask_help_long")


def read_long(turn: Turn) -> int | str | None:
    """Take a duration."""
    if _leaves_open(turn):
        return SKIPPED
    if turn.choice is not None:
        return int(turn.choice) if turn.choice.isdecimal() else None
    return details.answered_minutes(turn.text)


def prefill_long(turn: Turn) -> int | None:
    """Take the duration a message names."""
    return details.minutes(turn.text) if turn.choice is None else None


def ask_name(turn: Turn) -> None:
    """Ask once how neighbours may call them."""
    turn.say("utter_ask_help_name", most=nicknames.LONGEST)


def read_name(turn: Turn) -> str | None:
    """Take what neighbours may call them; who does not want to say is not asked again.

    Raises:
        Refusal: it is a phone or a door number, or too long.
    """
    if _leaves_open(turn):
        return SKIPPED
    if turn.choice is not None or turn.intent in WAYS_OUT:
        return None
    name = naming.read(turn.text)
    if name is not None and safety.judge(turn.pack, name).refused is not None:
        raise Refusal("utter_nickname_telling")
    return name


def ask_confirm(turn: Turn) -> None:
    """Read everything back: what to mind, for whom, who sees what, who looks at it first."""
    need, square = need_of(turn), turn.square
    kind = showing.kind_in(square, need.kind_id)
    looked = admitting.look(square, need)
    if kind is not None and not looked.warned:
        sample = kind.level == "sample"
        turn.say(
            "utter_help_safety_sample" if sample else "utter_help_safety", safety=kind.safety
        )
    warning = safety.judge(turn.pack, need.words).warned
    if warning is not None:
        turn.say("utter_help_warned", why=warning.say)
    elif looked.reasons:
        turn.say("utter_help_review_first")
    if masking.mask(need.words).kinds:
        turn.say("utter_help_masked")
    if not consents.is_given(turn.db, turn.resident_id, admitting.PURPOSE):
        turn.say("utter_help_consent")
    turn.say(
        "utter_ask_help_confirm",
        kind=showing.name_of(square, need.kind_id),
        what=showing.read_back(need.what) or showing.name_of(square, need.kind_id),
        when=showing.shown(square, need.wanted),
        more=showing.lines(square, need, kin_of(turn, need)),
    )


def read_confirm(turn: Turn) -> str | None:
    """Take a yes. A no is asked what is wrong."""
    if turn.choice == "yes" or (turn.choice is None and turn.intent == "affirm"):
        return "yes"
    if turn.intent == "deny":
        raise Refusal("utter_help_what_to_change")
    return None


def need_of(turn: Turn) -> Need:
    """Return the need as the form has it."""
    slots = turn.slots
    what, where, long = (_told(slots, f"help_{name}") for name in ("what", "where", "long"))
    where = where or {}
    words = f"{what or ''} {where.get('words', '')}".strip()
    principal = principal_of(turn, words)
    return Need(
        kind_id=str(slots["help_kind"]),
        wanted=Wanted(**slots["help_when"]).moments,
        what=str(what or ""),
        place_id=where.get("place"),
        where=where.get("words", ""),
        minutes=long,
        resident_id=principal.id if principal else None,
        meaning=meaning.vector_of(turn.ground.sorter, words),
        doubtful=meaning.calls_for_care(turn.pack, words, turn.ground.sorter),
    )


def principal_of(turn: Turn, words: str) -> Resident | None:
    """Return for whom it is, if not for who writes."""
    return details.whom(turn.db, turn.resident_id, words)


def kin_of(turn: Turn, need: Need) -> str | None:
    """Return what who writes calls the one it is for: a kind of `kin.KINDS`."""
    return kin.kind_of(need.words) if need.resident_id else None


def _leaves_open(turn: Turn) -> bool:
    """Whether somebody does not know, or does not want to say."""
    return turn.choice == DO_NOT_SAY or (turn.choice is None and turn.intent == "deny")


def _tells_something(turn: Turn) -> bool:
    """Whether a message without a kind tells more than that somebody needs help."""
    place, long = details.place(turn.pack, turn.text), details.minutes(turn.text)
    return bool(place or long or details.special(turn.text))


def _told(slots: Mapping[str, Any], slot: str) -> Any:
    value = slots.get(slot)
    return None if value == SKIPPED else value
