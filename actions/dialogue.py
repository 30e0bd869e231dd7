"""Where Rasa and the domain meet: what an action knows of its turn, and how forms talk.

An `Answer` reads, a `DoDeed` changes something once, a `Form` asks for one thing at a time.
Each is an instance made with the `Ground` it stands on; `actions/__main__.py` registers them.
"""

import asyncio
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from rasa_sdk.events import ActionExecuted, ActiveLoop, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions import conversations, errands, outbox, own_phone, turns, wording
from actions import told as telling
from actions.clock import Clock
from actions.content import editions
from actions.content.editions import Shelf
from actions.conversations import Attachment, Author, Choice, Conversation, Draft, Message
from actions.db import Database, Db
from actions.errands import RESUMED, Errand
from actions.errors import Refusal, TurnLost
from actions.intents import DEEDS, INTERRUPTIONS, QUESTIONS, SURE
from actions.square import Square
from actions.told import MISHEARD, Told
from actions.turns import InboxEntry, TurnRow
from actions.wording import Wording
from knowledge.pack import Pack
from knowledge.sorting import Sorter

Events = list[dict[str, Any]]

SKIPPED = "skipped"  # the value of a slot this resident need not be asked for

# Forms that only ask back about a question: nothing is lost when the next wish replaces them.
PASSING_FORMS = frozenset({"ask_departure_form"})
# Forms we may have begun ourselves: they give way to a deed, and ask on after a question.
YIELDING_FORMS = frozenset({"add_to_request_form"})


@dataclass(frozen=True)
class Ground:
    """What every action stands on; made once when the server starts.

    A turn's ground has the pack of the edition that is active then, taken from the `shelf`;
    without a shelf the pack stays what it is. Without a `sorter` reports go by keywords alone.
    """

    database: Database
    clock: Clock
    wording: Wording
    pack: Pack
    shelf: Shelf | None = None
    sorter: Sorter | None = None


@dataclass(frozen=True)
class Entity:
    """Something of the content pack the message names: kind, the pack's id, the words used."""

    kind: str
    id: str
    words: str


@dataclass(frozen=True)
class Turn:
    """All an action needs to know of the message it answers."""

    db: Db
    row: TurnRow
    conversation: Conversation
    ground: Ground
    now: datetime
    language: str  # the language to answer in, zh or en
    elder: bool
    text: str
    intent: str
    confidence: float
    entities: tuple[Entity, ...]
    attachments: tuple[Attachment, ...]
    slots: Mapping[str, Any]
    dispatcher: CollectingDispatcher = field(repr=False)
    index_version: str | None = None  # of the active edition

    @property
    def pack(self) -> Pack:
        """The community's content, as it is now."""
        return self.ground.pack

    @property
    def wording(self) -> Wording:
        """What is said to residents."""
        return self.ground.wording

    @property
    def square(self) -> Square:
        """Where topics without a programme stand."""
        return Square(self.pack, self.wording)

    @property
    def local(self) -> datetime:
        """The present moment on the community's clock."""
        return self.now.astimezone(self.ground.pack.zone)

    @property
    def resident_id(self) -> str:
        """Who wrote."""
        return self.conversation.resident_id

    @property
    def choice(self) -> str | None:
        """The value of the choice that was tapped or named, if one was."""
        return self.row.choice["value"] if self.row.choice else None

    @property
    def interrupts(self) -> bool:
        """Whether the message surely is about something else than what a form asked."""
        return self.intent in INTERRUPTIONS | DEEDS and self.confidence >= SURE

    def entity(self, kind: str) -> str | None:
        """The pack's id of the first thing of this kind the message names."""
        return next((entity.id for entity in self.entities if entity.kind == kind), None)

    def say(
        self,
        response: str,
        *,
        choices: Sequence[Choice] = (),
        told: Told | None = None,
        **values: Any,
    ) -> None:
        """Answer now; nothing was changed. `told` marks what the answer tells."""
        said = self.ground.wording.render(
            response,
            language=self.language,
            elder=self.elder,
            choices=choices,
            values=values,
        )
        buttons = [
            {
                "title": choice.label,
                "payload": wording.write_payload(choice.intent, choice.value),
            }
            for choice in said.choices
        ]
        mark = {"told": telling.to_json(told)} if told else None
        self.dispatcher.utter_message(text=said.text, buttons=buttons, json_message=mark)

    def tell(self, response: str, *, choices: Sequence[Choice] = (), **values: Any) -> None:
        """Owe the resident the news of a deed: sent if, and only if, the deed is committed."""
        outbox.put(
            self.db,
            conversation_id=self.conversation.id,
            response=response,
            due_at=self.now,
            values=wording.to_json(values),
            choices=choices,
            turn_id=self.row.id,
        )


class DialogueAction(Action, ABC):
    """An action that does its work in one transaction and turns a refusal into a response.

    `ends_passing_form`: a form that only asked back about an earlier question ends with it.
    """

    ends_passing_form = False

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    @abstractmethod
    def name(self) -> str:
        """Return the name the domain gives it."""

    @abstractmethod
    def act(self, turn: Turn) -> Events:
        """Do the work of one turn and return the events Rasa shall record."""

    def claim(self, turn: Turn) -> None:
        """Make sure this turn may still change something; an answer changes nothing."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Events:
        return await asyncio.to_thread(self._run, dispatcher, tracker)

    def _run(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        events = self._work(dispatcher, tracker)
        form = (tracker.active_loop or {}).get("name")
        intent = ((tracker.latest_message or {}).get("intent") or {}).get("name")
        if self.ends_passing_form and (form in PASSING_FORMS or gives_way(form, intent)):
            events = [*events, ActiveLoop(None), SlotSet("requested_slot", None)]
        return events

    def _work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        turn = None
        try:
            with self.ground.database.transaction() as db:
                turn = read_turn(self.ground, db, dispatcher, tracker)
                own_phone.refuse(db, turn.conversation, self.name())
                self.claim(turn)
                return self.act(turn)
        except TurnLost:
            dispatcher.messages.clear()
            return []
        except Refusal as refusal:
            if turn:
                turn.say(refusal.response, **refusal.details)
                self.after_refusal(_turn_id(tracker))
            return self.refused()

    def after_refusal(self, turn_id: str | None) -> None:
        """Tidy up in a transaction of its own; the one that was refused is rolled back."""

    def refused(self) -> Events:
        """Return the events after a refusal; none unless the action says otherwise."""
        return []


class Answer(DialogueAction, ABC):
    """Reads and answers; it never waits for, nor holds up, anybody who writes."""

    ends_passing_form = True

    def _work(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
        if not _turn_id(tracker):  # rasa shell: nobody has written the turn down yet
            return super()._work(dispatcher, tracker)
        with self.ground.database.reading() as db:
            turn = read_turn(self.ground, db, dispatcher, tracker)
            try:
                own_phone.refuse(db, turn.conversation, self.name())
                return self.act(turn)
            except Refusal as refusal:
                turn.say(refusal.response, **refusal.details)
                return self.refused()


class DoDeed(DialogueAction, ABC):
    """Changes something, exactly once for a message, and never after the turn was given up.

    The form it ends, if any, is forgotten either way; `form_slots` are emptied on a refusal.
    """

    ends_passing_form = True
    form_slots: tuple[str, ...] = ()

    def claim(self, turn: Turn) -> None:
        turns.act(turn.db, turn.row, self.name(), now=turn.now)
        conversations.drop_draft(turn.db, turn.conversation.id)

    def after_refusal(self, turn_id: str | None) -> None:
        with suppress(TurnLost), self.ground.database.transaction() as db:
            if turn_id and self.form_slots:
                row = db.get_one(TurnRow, turn_id)
                turns.require_running(db, row)
                conversations.drop_draft(db, row.conversation_id)

    def refused(self) -> Events:
        return clear(self.form_slots)


@dataclass(frozen=True)
class Step:
    """One thing a form asks for.

    `ask` puts the question; `read` returns the slot's JSON value, None when the message does
    not say it, or raises Refusal with what is wrong about it. `prefill` reads it from the
    message that started the form. `unless` says, from the slots so far, that it is not needed.
    """

    slot: str
    ask: Callable[[Turn], None]
    read: Callable[[Turn], Any]
    prefill: Callable[[Turn], Any] | None = None
    unless: Callable[[Mapping[str, Any]], bool] | None = None


class Form(DialogueAction, ABC):
    """validate_<form>: reads each answer, lets questions through, and keeps a draft.

    A message that answers nothing and is a question or a way out makes the form step aside
    (no events), so that a rule answers it and the form asks again. Anything else not
    understood is asked again. A passing form steps aside for good, and for a deed as well; a
    yielding one for a deed alone.
    """

    form: str
    steps: tuple[Step, ...]

    def name(self) -> str:
        return f"validate_{self.form}"

    def claim(self, turn: Turn) -> None:
        turns.require_running(turn.db, turn.row)

    def refused(self) -> Events:
        return [ActiveLoop(None), SlotSet("requested_slot", None)]

    def questions(self) -> list["Question"]:
        """Return the actions that ask for each slot, to be registered with the form."""
        return [Question(self.ground, self.form, step) for step in self.steps]

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of its slots, in order."""
        return tuple(step.slot for step in self.steps)

    def act(self, turn: Turn) -> Events:
        asked = next(
            (s for s in self.steps if s.slot == turn.slots.get("requested_slot")), None
        )
        changes = self._changes(turn, asked)
        if not changes:
            if self._passes(turn):
                conversations.drop_draft(turn.db, turn.conversation.id)
            return []
        filled = {slot: turn.slots.get(slot) for slot in self.slots} | changes
        changes |= self._skip(filled)
        conversations.keep_draft(
            turn.db, turn.conversation.id, self.form, filled | changes, now=turn.now
        )
        return [SlotSet(slot, value) for slot, value in changes.items()]

    def _changes(self, turn: Turn, asked: Step | None) -> dict[str, Any]:
        if asked is None:
            return self._begin(turn)
        return {asked.slot: None} if turn.choice == RESUMED else self._listen(turn, asked)

    def _begin(self, turn: Turn) -> dict[str, Any]:
        """Take from the first message whatever it says; always at least one slot is touched."""
        changes: dict[str, Any] = {self.steps[0].slot: None}
        if self.form in PASSING_FORMS:  # what an earlier one left behind was never answered
            turn = replace(turn, slots={**turn.slots, **dict.fromkeys(self.slots)})
        for step in self.steps:
            if step.prefill is None or turn.slots.get(step.slot) is not None:
                continue
            try:
                changes[step.slot] = step.prefill(turn)
            except Refusal as refusal:
                turn.say(refusal.response, **refusal.details)
        if turn.slots.get(self.steps[0].slot) is not None:
            changes.pop(self.steps[0].slot)
        return changes

    def _listen(self, turn: Turn, asked: Step) -> dict[str, Any]:
        if turn.intent == "start_over":
            return dict.fromkeys(self.slots)
        if turn.intent == "go_back":
            return {asked.slot: None, self._before(turn, asked): None}
        try:
            value = asked.read(turn)
        except Refusal as refusal:
            turn.say(refusal.response, **refusal.details)
            return {asked.slot: None}
        if value is not None:
            return {asked.slot: value}
        if (turn.intent in INTERRUPTIONS and turn.confidence >= SURE) or self._passes(turn):
            return {}
        if turn.interrupts:
            turn.say("utter_finish_first")
        else:
            turn.say("utter_ask_rephrase", told=Told(MISHEARD))
        return {asked.slot: None}

    def _passes(self, turn: Turn) -> bool:
        """Whether the form gives way to another wish, and is not asked on."""
        return turn.confidence >= SURE and gives_way(self.form, turn.intent)

    def _before(self, turn: Turn, asked: Step) -> str:
        filled = [
            step.slot
            for step in self.steps[: self.steps.index(asked)]
            if turn.slots.get(step.slot) not in (None, SKIPPED)
        ]
        return filled[-1] if filled else asked.slot

    def _skip(self, filled: Mapping[str, Any]) -> dict[str, Any]:
        return {
            step.slot: SKIPPED
            for step in self.steps
            if step.unless and filled.get(step.slot) is None and step.unless(filled)
        }


class Question(Answer):
    """action_ask_<form>_<slot>: puts one question of a form, which goes on."""

    ends_passing_form = False

    def __init__(self, ground: Ground, form: str, step: Step) -> None:
        super().__init__(ground)
        self._name, self._step = f"action_ask_{form}_{step.slot}", step

    def name(self) -> str:
        return self._name

    def act(self, turn: Turn) -> Events:
        if not (turn.interrupts and self._is_put_later(turn)):
            self._step.ask(turn)
        return []

    def _is_put_later(self, turn: Turn) -> bool:
        """Whether the same message is gone on with, so that it is asked after that."""
        errand = turn.db.get(Errand, turn.row.errand_id) if turn.row.errand_id else None
        return errand is not None and errands.more_due(turn.db, errand)


class StartSession(DialogueAction):
    """action_session_start: a tracker that was lost is rebuilt from what we kept."""

    def name(self) -> str:
        return "action_session_start"

    def act(self, turn: Turn) -> Events:
        events = [
            SessionStarted(),
            SlotSet("language", turn.language),
            SlotSet("elder", turn.row.elder),
        ]
        draft = turn.db.get(Draft, turn.conversation.id)
        if draft is not None:
            events += [SlotSet(slot, value) for slot, value in draft.slots.items()]
            asked = next((slot for slot, value in draft.slots.items() if value is None), None)
            events += [
                ActionExecuted(draft.form),
                ActiveLoop(draft.form),
                SlotSet("requested_slot", asked),
            ]
        return [*events, ActionExecuted("action_listen")]


class CancelForm(DialogueAction):
    """action_cancel_form: forget the form somebody is in the middle of."""

    def name(self) -> str:
        return "action_cancel_form"

    def claim(self, turn: Turn) -> None:
        turns.require_running(turn.db, turn.row)

    def act(self, turn: Turn) -> Events:
        draft = turn.db.get(Draft, turn.conversation.id)
        slots = tuple(draft.slots) if draft else ()
        conversations.drop_draft(turn.db, turn.conversation.id)
        turn.say("utter_cancelled" if draft else "utter_nothing_to_cancel")
        return clear(slots)


def gives_way(form: str | None, intent: str | None) -> bool:
    """Whether a form is given up for a wish that is surely this."""
    if intent in QUESTIONS:
        return form in PASSING_FORMS
    return intent in DEEDS and form in PASSING_FORMS | YIELDING_FORMS


def clear(slots: Sequence[str]) -> Events:
    """Return the events that empty these slots."""
    return [SlotSet(slot, None) for slot in slots]


def read_turn(
    ground: Ground, db: Db, dispatcher: CollectingDispatcher, tracker: Tracker
) -> Turn:
    """Load the turn Rasa speaks of, with the message as the resident wrote it."""
    turn_id = _turn_id(tracker) or _shell_turn(ground, db, tracker).id
    row, message, conversation, errand = turns.load(db, turn_id)
    text = errand.words if errand else message.text
    active = editions.active(db)
    latest = tracker.latest_message or {}
    intent = latest.get("intent") or {}
    return Turn(
        db=db,
        row=row,
        conversation=conversation,
        ground=replace(ground, pack=ground.shelf.open(db, active)) if ground.shelf else ground,
        now=ground.clock.now(),
        language=row.language,
        elder=row.elder,
        text=text,
        intent=str(intent.get("name") or ""),
        confidence=_confidence(latest),
        entities=tuple(
            Entity(str(e["entity"]), str(e["value"]), text[e["start"] : e["end"]])
            for e in latest.get("entities", ())
            if "start" in e
        ),
        attachments=_attached(message, errand),
        slots=dict(tracker.slots),
        dispatcher=dispatcher,
        index_version=active.index_version if active else None,
    )


def _attached(message: Message, errand: Errand | None) -> tuple[Attachment, ...]:
    """Return what came with a message; a question asked beside it has nothing to do with it."""
    if errand and errand.intent in QUESTIONS:
        return ()
    return tuple(Attachment(**attachment) for attachment in message.attachments)


def _confidence(latest: Mapping[str, Any]) -> float:
    """Return how sure the intent is; of a question, how surely it is a question at all."""
    intent = latest.get("intent") or {}
    alone = float(intent.get("confidence") or 0.0)
    if intent.get("name") not in QUESTIONS:
        return alone
    ranking = latest.get("intent_ranking") or ()
    asking = (float(one["confidence"]) for one in ranking if one["name"] in QUESTIONS)
    return max(alone, sum(asking))


def _turn_id(tracker: Tracker) -> str | None:
    """Return the turn's id, from the message or, when a session starts, from its metadata."""
    latest = (tracker.latest_message or {}).get("metadata") or {}
    started = tracker.slots.get("session_started_metadata") or {}
    found = latest.get("turn_id") or started.get("turn_id")
    return str(found) if found else None


def _shell_turn(ground: Ground, db: Db, tracker: Tracker) -> TurnRow:
    """`rasa shell` speaks to Rasa directly: write its message down as a channel would."""
    now = ground.clock.now()
    conversation = conversations.at_address(
        db, channel="shell", address=str(tracker.sender_id), now=now
    )
    text = str((tracker.latest_message or {}).get("text") or "")
    message = conversations.say(db, conversation, text, author=Author.RESIDENT, now=now)
    entry = InboxEntry(
        channel="shell",
        bot="",
        update_id=secrets.token_hex(8),
        conversation_id=conversation.id,
        message_id=message.id,
        state=turns.EntryState.ANSWERED,
        tries=0,
        received_at=now,
        next_try_at=now,
    )
    db.add(entry)
    db.flush()
    tapped = _shell_choice(tracker) if text.startswith("/") else None
    return turns.open_turn(db, entry, turns.Opening("zh", elder=False, choice=tapped), now=now)


def _shell_choice(tracker: Tracker) -> dict[str, str] | None:
    """Return what a button of `rasa shell` stands for: there is no gateway to resolve it."""
    latest = tracker.latest_message or {}
    value = next(
        (e["value"] for e in latest.get("entities", ()) if e["entity"] == "choice"), ""
    )
    return {"intent": str((latest.get("intent") or {}).get("name")), "value": str(value)}
