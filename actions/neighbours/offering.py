"""offer_help_form: with what somebody would help, when, how far, and a read-back."""

import re
from typing import Any

from rasa_sdk.interfaces import Action

from actions.conversations import Choice
from actions.dialogue import SKIPPED, DoDeed, Events, Form, Ground, Step, Turn, clear
from actions.errors import Refusal
from actions.intents import WAYS_OUT
from actions.neighbours import claiming, needs, offer_showing, offer_words, offers, weekly_words
from actions.neighbours.model import HelpRequest
from actions.neighbours.offer_words import EVERYTHING
from actions.neighbours.offers import Terms
from actions.people import nicknames
from actions.relay import naming

ASKED = ("offer_kinds", "offer_hours", "offer_reach", "offer_name", "offer_confirm")
# What is taken when it is said, and never asked; what was tapped so far.
SKILLS, LANGUAGES, PER_WEEK, PICKED = (
    "offer_skills",
    "offer_languages",
    "offer_per_week",
    "offer_picked",
)
SLOTS = (*ASKED, SKILLS, LANGUAGES, PER_WEEK, PICKED)
ENOUGH = "enough"  # 就这些
ANY_TIME = ["any"]  # as the slot has it: an empty list would not be an answer
CHOICES, CHOICES_ELDER = 6, 3
NEEDS_SHOWN, NEEDS_SHOWN_ELDER = 4, 3
LONGEST_SKILLS = 200

# Who only wants to see what is needed is shown it, and asked nothing.
LOOKING = re.compile(
    r"看看|看一?下|有哪些|有什么新|求助列表|有人求助|[谁哪].{0,8}(?:需要|要)(?:人|帮)|现在.{0,4}求助"
    r"|\bshow me\b|\bwho needs\b|\bopen (?:help )?requests\b|\bany requests\b|\bdoes any"
)
ASKING = re.compile(r"[?？吗呢]|什么|哪|几点|\b(?:what|when|where|how|is|are|do|does)\b")
SHORT = 12  # characters: 周末上午 is an answer, whatever it was taken for
# What the read-back offers to say again.
CHANGES: dict[str, dict[str, Any]] = {
    "change_kinds": {"offer_kinds": None, PICKED: None},
    "change_hours": {"offer_hours": None},
    "change_reach": {"offer_reach": None},
}


class OfferHelpForm(Form):
    """Asks only what the message did not tell; who has an offer is asked nothing again."""

    form = "offer_help_form"

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step("offer_kinds", ask_kinds, read_kinds, prefill=read_kinds),
            Step("offer_hours", ask_hours, read_hours, prefill=read_hours),
            Step("offer_reach", ask_reach, read_reach, prefill=read_reach),
            Step("offer_name", ask_name, read_name, prefill=prefill_name),
            Step("offer_confirm", ask_confirm, read_confirm),
        )

    @property
    def slots(self) -> tuple[str, ...]:
        return SLOTS

    def _begin(self, turn: Turn) -> dict[str, Any]:
        offer = offers.of(turn.db, turn.resident_id)
        said = _terms(turn)
        if not said and (offer is not None or LOOKING.search(turn.text.lower())):
            return dict.fromkeys(ASKED, SKIPPED)
        known = _known(turn) if offer is not None else {}
        return super()._begin(turn) | {
            slot: value for slot, value in (known | said).items() if slot in SLOTS
        }

    def _listen(self, turn: Turn, asked: Step) -> dict[str, Any]:
        if turn.choice in CHANGES:
            return {asked.slot: None, **CHANGES[turn.choice]}
        if asked.slot == "offer_kinds" and turn.choice is not None:
            return _picked(turn, turn.choice)
        told = {} if turn.intent == "affirm" or _is_question(turn) else _terms(turn)
        if asked.slot == "offer_confirm" and told:
            return {asked.slot: None, **told}  # 改成周二下午
        changes = super()._listen(turn, asked)
        is_answer = bool(changes.get(asked.slot))
        # A name tells nothing else; what is no name may: 全镇都行.
        tells_more = not is_answer if asked.slot == "offer_name" else is_answer
        return changes | (_aside(told, asked) if tells_more else {})


def _terms(turn: Turn) -> dict[str, Any]:
    """Return all that a message tells of an offer, as slots."""
    if turn.choice is not None:
        return {}
    said: dict[str, Any] = {
        "offer_kinds": read_kinds(turn),
        "offer_hours": read_hours(turn),
        "offer_reach": read_reach(turn),
        LANGUAGES: offer_words.languages_in(turn.text) or None,
        PER_WEEK: offer_words.per_week_in(turn.text),
    }
    if said["offer_kinds"] and offer_words.SKILL.search(turn.text.lower()):
        said[SKILLS] = turn.text.strip()[:LONGEST_SKILLS]
    return {slot: value for slot, value in said.items() if value is not None}


def _aside(told: dict[str, Any], asked: Step) -> dict[str, Any]:
    """Return what was said beside the answer: 取快递，一周最多一次."""
    kinds = () if asked.slot == "offer_kinds" else ("offer_kinds", SKILLS)
    return {slot: value for slot, value in told.items() if slot not in (asked.slot, *kinds)}


def _is_question(turn: Turn) -> bool:
    """Whether a message surely asks something else, and only happens to name a time."""
    other = turn.interrupts and turn.intent not in ("offer_help", "manage_offer")
    return other and (len(turn.text) > SHORT or ASKING.search(turn.text.lower()) is not None)


def _known(turn: Turn) -> dict[str, Any]:
    """Return the slots of an offer that stands."""
    offer = offers.require(turn.db, turn.resident_id)
    return {
        "offer_kinds": offers.given(turn.db, offer) or [EVERYTHING],
        "offer_hours": list(offer.hours) or ANY_TIME,
        "offer_reach": offer.reach,
        LANGUAGES: list(offer.languages),
        PER_WEEK: offer.per_week,
        SKILLS: offer.skills.text if offer.skills else None,
    }


def _picked(turn: Turn, choice: str) -> dict[str, Any]:
    """Take one more kind, or be content with those that were tapped."""
    before = list(turn.slots.get(PICKED) or ())
    if choice == EVERYTHING:
        return {"offer_kinds": [EVERYTHING], PICKED: None}
    if choice == ENOUGH and before:
        return {"offer_kinds": before, PICKED: None}
    if offer_words.may_be_offered(turn.pack, choice):
        return {"offer_kinds": None, PICKED: list(dict.fromkeys([*before, choice]))}
    return {"offer_kinds": None}


def ask_kinds(turn: Turn) -> None:
    """Ask with what; several may be tapped, or said in words."""
    before = list(turn.slots.get(PICKED) or ())
    left = [
        kind
        for kind in turn.pack.help_kinds.values()
        if kind.id not in before and offer_words.may_be_offered(turn.pack, kind.id)
    ]
    most = (CHOICES_ELDER if turn.elder else CHOICES) - 1
    offered = [Choice(kind.name.in_(turn.language), "choose", kind.id) for kind in left[:most]]
    if before:
        names = offers.names_of(turn.square, before)
        turn.say("utter_ask_offer_more_kinds", choices=offered, kinds=names)
    else:
        turn.say("utter_ask_offer_kinds", choices=offered)


def read_kinds(turn: Turn) -> list[str] | None:
    """Take the kinds the words tell; taps are taken one after the other."""
    if turn.choice is not None or _is_question(turn):
        return None
    return offer_words.kinds_in(turn.pack, turn.text, turn.ground.sorter)


def ask_hours(turn: Turn) -> None:
    """Ask when they have time."""
    turn.say("utter_ask_offer_hours")


def read_hours(turn: Turn) -> list[str] | None:
    """Take a tapped window, or the hours of the week the words name."""
    if turn.choice is not None:
        window = offers.WINDOWS.get(turn.choice)
        return None if window is None else list(window) or ANY_TIME
    hours = None if _is_question(turn) else weekly_words.read(turn.text)
    return None if hours is None else list(hours) or ANY_TIME


def ask_reach(turn: Turn) -> None:
    """Ask how far they go."""
    turn.say("utter_ask_offer_reach")


def read_reach(turn: Turn) -> str | None:
    """Take the farthest step."""
    if turn.choice is not None:
        return turn.choice if turn.choice in offer_words.REACHES else None
    return None if _is_question(turn) else offer_words.reach_in(turn.text)


def ask_name(turn: Turn) -> None:
    """Ask how neighbours may call them."""
    turn.say("utter_ask_offer_name")


def read_name(turn: Turn) -> str | None:
    """Take what may be said to a neighbour: no number, no address; who has none leaves it.

    Raises:
        Refusal: it is a phone number, an address, or too long.
    """
    if turn.choice is not None:
        return SKIPPED if turn.choice == "no_name" else None
    if turn.intent == "deny":
        return SKIPPED
    if turn.intent in WAYS_OUT | {"affirm", "choose"}:
        return None
    return naming.read(turn.text)


def prefill_name(turn: Turn) -> str | None:
    """Ask nobody who has said it before."""
    return SKIPPED if nicknames.called(turn.db, turn.resident_id) else None


def ask_confirm(turn: Turn) -> None:
    """Read everything back, with what neighbours are told of them, to agree to."""
    terms = terms_of(turn.slots)
    turn.say(
        "utter_ask_offer_confirm",
        **offers.shown(turn.square, terms),
        skills=terms.skills or "—",
        consent=turn.square.in_both("utter_help_consent"),
    )


def read_confirm(turn: Turn) -> str | None:
    """Take a yes. A no is asked what is wrong."""
    if turn.choice == "yes" or (turn.choice is None and turn.intent == "affirm"):
        return "yes"
    if turn.intent == "deny":
        raise Refusal("utter_offer_what_to_change")
    return None


def terms_of(slots: Any) -> Terms:
    """Return the terms as the form has them."""
    kinds, hours = slots.get("offer_kinds") or [], slots.get("offer_hours") or []
    return Terms(
        kinds=tuple(one for one in kinds if one != EVERYTHING),
        hours=() if hours == ANY_TIME else tuple(hours),
        reach=str(slots.get("offer_reach") or "village"),
        languages=tuple(slots.get(LANGUAGES) or ()),
        skills=str(slots.get(SKILLS) or ""),
        per_week=int(slots.get(PER_WEEK) or offers.PER_WEEK),
    )


class OfferHelp(DoDeed):
    """action_offer_help: writes down what was agreed to, and shows what neighbours need."""

    form_slots = SLOTS

    def name(self) -> str:
        return "action_offer_help"

    def act(self, turn: Turn) -> Events:
        confirmed = turn.slots.get("offer_confirm")
        if confirmed == "yes":
            self._write(turn)
        elif confirmed != SKIPPED:
            raise Refusal("utter_offer_not_confirmed")
        self._show(turn)
        return clear(self.form_slots)

    def _write(self, turn: Turn) -> None:
        terms, square = terms_of(turn.slots), turn.square
        if terms.skills and turn.ground.sorter:
            terms = offers.with_meaning(terms, turn.ground.sorter.embed(terms.skills))
        name = turn.slots.get("offer_name")
        offer = offers.write(
            turn.db,
            conversation=turn.conversation,
            terms=terms,
            name="" if name in (None, SKIPPED) else str(name),
            now=turn.now,
        )
        turn.tell("utter_offer_written", **offers.described(turn.db, square, offer))
        if offers.waits_for_staff(turn.db, square, offer):
            turn.tell("utter_offer_waits")

    def _show(self, turn: Turn) -> None:
        """Tell of needs nearby that this neighbour may take on."""
        square = turn.square
        most = NEEDS_SHOWN_ELDER if turn.elder else NEEDS_SHOWN
        near = claiming.within_reach(
            turn.db, square, turn.conversation, now=turn.now, limit=most
        )
        if near:
            choices = [offered(turn, need) for need in near]
            turn.tell("utter_help_wanted", choices=choices)
        else:
            turn.tell("utter_help_none_wanted")


def offered(turn: Turn, need: HelpRequest) -> Choice:
    """Kind and time only: the asker's own words go to whoever is introduced, through staff."""
    told = needs.described(turn.square, need)
    label = f"{told['kind'].in_(turn.language)} · {told['when'].in_(turn.language)}"
    return Choice(label, "claim_help", str(need.id))


def actions(ground: Ground) -> list[Action]:
    """Make what Rasa may call for those who help."""
    form = OfferHelpForm(ground)
    return [OfferHelp(ground), offer_showing.ManageOffer(ground), form, *form.questions()]
