"""The life of a message: kept, checked for an emergency, understood, answered or handed over.

Everything here holds for one conversation at a time: its messages are answered strictly in
order, one turn in flight; different conversations never wait for one another.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, Protocol, TypeVar
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import ColumnElement, exc, func, select
from starlette.concurrency import run_in_threadpool

from actions import conversations, outbox, told, turns, wording
from actions.clock import Clock
from actions.conversations import Author, Choice, Conversation, Draft, Message, Status
from actions.db import Database, Db
from actions.errors import kind_of
from actions.learning import misses
from actions.outbox import Notice
from actions.turns import EntryState, InboxEntry, Opening, TurnRow, TurnState
from actions.wording import Said, Wording
from bot import inbox, metrics
from bot.assistant import Assistant, AssistantSilent
from bot.choices import is_id, resolve
from bot.inbox import Kept
from bot.language import language_of
from bot.message import InboundMessage
from knowledge.pack import NeverRequest, Pack
from knowledge.text import normalise

log = structlog.get_logger()

T = TypeVar("T")
U = TypeVar("U")

# An entry with its conversation and its message, in one look at the store.
ENTRY = (
    select(InboxEntry, Conversation, Message)
    .outerjoin(Conversation, Conversation.id == InboxEntry.conversation_id)
    .outerjoin(Message, Message.id == InboxEntry.message_id)
)

PATIENCE = timedelta(seconds=60)  # what Rasa cannot answer for so long goes to a person
LONGEST_PAUSE = timedelta(seconds=8)  # between two tries
TRIES = 5  # a message that breaks us so often is quarantined
STALE = timedelta(seconds=10)  # a turn older than this has lost its gateway
AT_ONCE = 16  # conversations that are gone on with together after a breakdown
STORE_SECONDS = 1.8  # how long the store may take, before and again after the turn
SETTLING_SECONDS = 0.5  # how long a turn that ran out of time may take to say so
# The store's own troubles: no entry is to blame for them.
STORE_AWAY = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)
BACK_WORDS = frozenset({"回到小沥", "返回小沥", "回小沥", "back to xiaoli", "xiaoli"})


class StoreSlow(Exception):
    """The store did not answer in time; the message may or may not have been kept."""


class SafetyGate(Protocol):
    """Knows an emergency when it reads one."""

    def check(self, text: str) -> NeverRequest | None:
        """Return what kind of emergency a message tells of, None for everything else."""


@dataclass(frozen=True)
class Answered:
    """What came of a message: our replies so far, and who answers the conversation now."""

    replies: list[Message]
    status: str
    waiting: bool  # the last word on it is still to come

    @property
    def is_silent(self) -> bool:
        """Whether the resident has heard nothing yet of a message that waits."""
        return self.waiting and not self.replies


@dataclass
class Ground:
    """What the gateway stands on."""

    database: Database
    clock: Clock
    wording: Wording
    pack: Pack
    gate: SafetyGate
    assistant: Assistant
    turn_seconds: float = 4.0
    store_seconds: float = STORE_SECONDS


@dataclass(frozen=True)
class Work:
    """One entry to be answered by the assistant: its turn, and what Rasa shall read."""

    entry_id: int
    turn_id: str
    tracker_id: str
    text: str


@dataclass
class Gateway:
    """Answers messages; one instance serves all channels of a process."""

    ground: Ground
    _locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    _background: set[asyncio.Task[None]] = field(default_factory=set)

    async def receive(self, message: InboundMessage) -> Answered:
        """Keep a message and answer it, truthfully and within the turn's seconds.

        The same update again is answered with what came of it, and has no other effect.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the store is down, nothing was kept.
            StoreSlow: the same update has to be sent again.
        """
        arrived = monotonic()
        kept = await self._in_time(self._keep, message)
        metrics.MESSAGES.labels(message.channel).inc()
        if kept.waiting:
            draining = asyncio.create_task(self.drain(kept.conversation_id))
            self._background.add(draining)
            draining.add_done_callback(self._finished)
            left = self.ground.turn_seconds - (monotonic() - arrived)
            await asyncio.wait({draining}, timeout=max(left, 0) + SETTLING_SECONDS)
        answered = await self._in_time(self._answered, kept)
        metrics.ANSWERED_IN.observe(monotonic() - arrived)
        return answered

    async def _in_time(self, work: Callable[[T], U], about: T) -> U:
        within = self.ground.store_seconds
        try:
            return await asyncio.wait_for(run_in_threadpool(work, about), within)
        except TimeoutError:
            raise StoreSlow(f"no answer within {within} s") from None

    def _finished(self, draining: asyncio.Task[None]) -> None:
        self._background.discard(draining)
        if not draining.cancelled() and (error := draining.exception()):
            log.error("a conversation stopped half way", error=kind_of(error))

    async def drain(self, conversation_id: str) -> None:
        """Answer what waits in a conversation, in order, until nothing due is left."""
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        async with lock:
            while await self._answer_next(conversation_id):
                pass

    async def sweep(self) -> int:
        """Go on with whatever waits: after a failed try, or after a gateway that died."""
        waiting = await run_in_threadpool(self._waiting)
        room = asyncio.Semaphore(AT_ONCE)

        async def go_on(conversation_id: str) -> None:
            async with room:
                await self.drain(conversation_id)

        ended = await asyncio.gather(*map(go_on, waiting), return_exceptions=True)
        for error in filter(None, ended):
            log.error("a conversation stopped half way", error=kind_of(error))
        return len(waiting)

    async def _answer_next(self, conversation_id: str) -> bool:
        """Deal with the next entry, if one is due; whether to look for another."""
        try:
            more, work = await run_in_threadpool(self._prepare, conversation_id)
            return await self._take_turn(work) if work else more
        except STORE_AWAY:
            raise
        except Exception as error:
            log.error("an entry cannot be dealt with", error=kind_of(error))
            await run_in_threadpool(self._set_aside, conversation_id)
            return True

    async def _take_turn(self, work: Work) -> bool:
        try:
            said = await self.ground.assistant.reply(
                tracker_id=work.tracker_id,
                turn_id=work.turn_id,
                text=work.text,
                within=self.ground.turn_seconds,
            )
        except AssistantSilent as silent:
            log.warning("the assistant is silent", turn=work.turn_id, why=str(silent))
            said = []
        return await run_in_threadpool(self._settle, work, said)

    # What follows runs in worker threads: one short transaction each, none across a call.

    def _keep(self, message: InboundMessage) -> Kept:
        """Keep a message; an emergency is answered in the same moment, past every queue."""
        emergency = self._emergency(message.text)
        return inbox.keep(
            self.ground.database,
            message,
            now=self.ground.clock.now(),
            at_once=partial(self._answer_emergency, emergency) if emergency else None,
        )

    def _emergency(self, text: str) -> NeverRequest | None:
        if is_id(text):  # a tap
            return None
        try:
            return self.ground.gate.check(text)
        except Exception as error:  # a gate that is broken must not make us deaf
            log.error("the safety gate failed", error=kind_of(error))
            return None

    def _answer_emergency(self, emergency: NeverRequest, db: Db, entry: InboxEntry) -> None:
        """The number comes first, whichever form or person the conversation is with."""
        metrics.EMERGENCIES.inc()
        now = self.ground.clock.now()
        _, conversation, message = db.execute(ENTRY.where(InboxEntry.id == entry.id)).one()
        self._note_language(db, conversation, message.text)
        said = self.ground.wording.render(
            "utter_emergency",
            language=conversation.resident.language,
            elder=conversation.resident.elder,
            values={"number": emergency.number, "advice": emergency.first_sentence},
        )
        conversations.say(
            db, conversation, said.text, author=Author.ASSISTANT, now=now, inbox_id=entry.id
        )
        if conversation.status == Status.OPEN:
            conversation.unanswered_since = conversation.unanswered_since or now
        turns.close_entry(entry, EntryState.ANSWERED, now=now)

    def _prepare(self, conversation_id: str) -> tuple[bool, Work | None]:
        """Take the next entry: whether to look for another, and what to ask the assistant.

        What needs no understanding is answered here.
        """
        with self.ground.database.transaction() as db:
            due = db.execute(ENTRY.where(*self._next(conversation_id))).one_or_none()
            if due is None:
                return False, None
            entry, conversation, message = due
            self._note_language(db, conversation, message.text)
            if self._acted_before(db, entry, conversation):
                return True, None
            if self._needs_assistant(db, entry, conversation, message):
                return True, self._open(db, entry, conversation, message)
            turns.close_entry(entry, EntryState.ANSWERED, now=self.ground.clock.now())
            return _more_waits(db, entry), None

    def _acted_before(self, db: Db, entry: InboxEntry, conversation: Conversation) -> bool:
        """If the turn of a gateway that died had acted, say what it did."""
        if not entry.tries:
            return False
        acted = self._fence(db, entry)
        for turn_id in acted:
            self._say(db, entry, conversation, outbox.of_turn(db, turn_id), [])
            turns.close_entry(entry, EntryState.ANSWERED, now=self.ground.clock.now())
        db.flush()
        db.refresh(conversation)  # giving up began a new epoch
        return bool(acted)

    def _fence(self, db: Db, entry: InboxEntry) -> list[str]:
        """Give up the turns an entry still has; return those that had acted."""
        now = self.ground.clock.now()
        left = db.scalars(
            select(TurnRow.id).where(
                TurnRow.inbox_id == entry.id,
                TurnRow.state.in_([TurnState.RUNNING, TurnState.ACTING]),
            )
        ).all()
        acted = [turn_id for turn_id in left if not turns.give_up(db, turn_id, now=now)]
        for turn_id in acted:
            turns.finish(db, turn_id, now=now)
        return acted

    def _set_aside(self, conversation_id: str) -> None:
        """Try an entry that breaks us again later, but not for ever: the queue goes on."""
        now = self.ground.clock.now()
        with self.ground.database.transaction() as db:
            entry = db.scalar(select(InboxEntry).where(*self._next(conversation_id)))
            if entry is None:
                return
            entry.tries += 1
            entry.next_try_at = now + _pause(entry.tries)
            if entry.tries < TRIES:
                return
            acted = self._fence(db, entry)
            turns.close_entry(entry, EntryState.QUARANTINED, now=now)
            conversation = db.get_one(Conversation, conversation_id)
            conversations.open_for_staff(db, conversation, now=now)
        log.error("quarantined", entry=entry.id)
        if not acted:  # else the worker has news of what was done
            with self.ground.database.transaction() as db:
                self._reply(db, db.get_one(InboxEntry, entry.id), "utter_handed_over")

    def _next(self, conversation_id: str) -> tuple[ColumnElement[bool], ...]:
        """Say which entry is the oldest that waits, if it is due: nothing overtakes it."""
        oldest = (
            select(func.min(InboxEntry.id))
            .where(
                InboxEntry.conversation_id == conversation_id,
                InboxEntry.state == EntryState.WAITING,
            )
            .scalar_subquery()
        )
        return InboxEntry.id == oldest, InboxEntry.next_try_at <= self.ground.clock.now()

    def _needs_assistant(
        self, db: Db, entry: InboxEntry, conversation: Conversation, message: Message
    ) -> bool:
        """Answer what the gateway itself can; True when Rasa has to be asked."""
        if conversation.status == Status.OPEN:
            self._to_the_desk(db, entry, conversation, message)
        elif not message.text and not message.attachments:
            self._reply(db, entry, "utter_empty_message")
        elif is_id(message.text) and _was_offered(db, message, message.text):
            return True if self._choice(db, message) else self._refuse_old(db, entry)
        elif not message.text and db.get(Draft, conversation.id) is None:
            self._reply(db, entry, "utter_attachment_kept")
        else:
            return True
        return False

    def _refuse_old(self, db: Db, entry: InboxEntry) -> bool:
        self._reply(db, entry, "utter_old_choice")
        return False

    def _to_the_desk(
        self, db: Db, entry: InboxEntry, conversation: Conversation, message: Message
    ) -> None:
        """A person answers: one receipt, then silence, until the resident wants us back."""
        now = self.ground.clock.now()
        if normalise(message.text).strip("。.!！「」\"' ") in BACK_WORDS:
            conversations.return_to_assistant(db, conversation)
            self._reply(db, entry, "utter_returned")
            return
        if conversation.receipt_given_at is None:
            conversation.receipt_given_at = now
            self._reply(db, entry, "utter_receipt")
        conversation.unanswered_since = conversation.unanswered_since or now

    def _open(
        self, db: Db, entry: InboxEntry, conversation: Conversation, message: Message
    ) -> Work:
        choice = self._choice(db, message)
        turn = turns.open_turn(
            db,
            entry,
            Opening(
                conversation.resident.language,
                conversation.resident.elder,
                {"intent": choice.intent, "value": choice.value} if choice else None,
            ),
            now=self.ground.clock.now(),
        )
        return Work(
            entry_id=entry.id,
            turn_id=turn.id,
            tracker_id=conversation.tracker_id,
            text=_for_rasa(choice, message),
        )

    def _choice(self, db: Db, message: Message) -> Choice | None:
        return resolve(message.text, _offered_before(db, message))

    def _note_language(self, db: Db, conversation: Conversation, text: str) -> None:
        resident = conversation.resident
        language = resident.language if is_id(text) else language_of(text, resident.language)
        if language != resident.language:
            conversations.hold(db, conversation.id)  # before the resident, as an emergency does
            resident.language = language

    def _settle(self, work: Work, said: list[Said]) -> bool:
        """Say what was answered, or what was done, or the truth that neither happened yet.

        Where Rasa said nothing it may not know what was done: it starts afresh. Returns
        whether to look for another entry.
        """
        now = self.ground.clock.now()
        with self.ground.database.transaction() as db:
            found = db.execute(ENTRY.where(InboxEntry.id == work.entry_id))
            entry, conversation, _ = found.one()
            answered = bool(said) and turns.finish(db, work.turn_id, now=now)
            if not answered and turns.give_up(db, work.turn_id, now=now):
                metrics.TURNS.labels("given_up").inc()
                self._try_later(db, entry, conversation, now)
                return _more_waits(db, entry)
            if not answered and not turns.finish(db, work.turn_id, now=now):
                return False  # another gateway has taken the entry over, and goes on
            news = outbox.of_turn(db, work.turn_id)
            metrics.TURNS.labels("answered").inc()
            self._say(db, entry, conversation, news, said if answered else [])
            turns.close_entry(entry, EntryState.ANSWERED, now=now)
            return _more_waits(db, entry)

    def _say(
        self,
        db: Db,
        entry: InboxEntry,
        conversation: Conversation,
        news: list[Notice],
        said: list[Said],
    ) -> None:
        conversations.hold(db, conversation.id)  # before the notices, as the worker does
        for notice in news:
            if outbox.mark_sent(db, notice.id, now=self.ground.clock.now()):
                choices = [Choice(**choice) for choice in notice.choices]
                self._reply(db, entry, notice.response, values=notice.values, choices=choices)
        for reply in said:
            self._write(db, entry, conversation, reply)

    def _try_later(
        self, db: Db, entry: InboxEntry, conversation: Conversation, now: datetime
    ) -> None:
        """Say honestly that it takes longer; after enough tries a person gets it."""
        person = normalise(_text_of(db, entry)) in self._person_words()
        if person or now - entry.received_at >= PATIENCE:
            conversations.open_for_staff(db, conversation, now=now)
            conversation.receipt_given_at = now
            self._reply(db, entry, "utter_handed_over")
            turns.close_entry(entry, EntryState.HANDED_OVER, now=now)
            return
        if not _has_reply(db, entry):
            self._reply(db, entry, "utter_still_working")
        entry.next_try_at = now + _pause(entry.tries)

    def _person_words(self) -> set[str]:
        return {normalise(word) for word in self.ground.pack.bot.person_words}

    def _reply(
        self,
        db: Db,
        entry: InboxEntry,
        response: str,
        *,
        values: dict[str, Any] | None = None,
        choices: list[Choice] | None = None,
    ) -> None:
        conversation = db.get_one(Conversation, entry.conversation_id)
        said = self.ground.wording.render(
            response,
            language=conversation.resident.language,
            elder=conversation.resident.elder,
            values=values or {},
            choices=choices or (),
        )
        self._write(db, entry, conversation, said)

    def _write(self, db: Db, entry: InboxEntry, conversation: Conversation, said: Said) -> None:
        """Write a reply down; a resident's first one comes after who we are, said once."""
        now = self.ground.clock.now()
        if conversations.introduce(db, conversation, now=now):
            self._reply(db, entry, "utter_introduction")
        reply = conversations.say(
            db,
            conversation,
            said.text,
            author=Author.ASSISTANT,
            now=now,
            choices=said.choices,
            inbox_id=entry.id,
        )
        told.keep(db, reply, said.told, now=now)
        misses.note(db, conversation, reply, said.told, now=now)

    def _waiting(self) -> list[str]:
        """Return the conversations with something due that no living turn is at."""
        now = self.ground.clock.now()
        at_work = (
            select(TurnRow.id)
            .where(
                TurnRow.inbox_id == InboxEntry.id,
                TurnRow.state.in_([TurnState.RUNNING, TurnState.ACTING]),
                TurnRow.started_at > now - STALE,
            )
            .exists()
        )
        with self.ground.database.reading() as db:
            found = db.scalars(
                select(InboxEntry.conversation_id)
                .where(
                    InboxEntry.state == EntryState.WAITING,
                    InboxEntry.next_try_at <= now,
                    ~at_work,
                )
                .distinct()
            )
            return [conversation_id for conversation_id in found if conversation_id]

    def _answered(self, kept: Kept) -> Answered:
        """Return what came of an update; when that is nothing yet, say so first."""
        with self.ground.database.reading() as db:
            answered = _answer(db, kept)
        if not answered.is_silent:
            return answered
        with self.ground.database.transaction() as db:
            conversations.hold(db, kept.conversation_id)  # its turn may end this moment
            answered = _answer(db, kept)
            if not answered.is_silent:
                return answered
            self._reply(db, db.get_one(InboxEntry, kept.entry_id), "utter_still_working")
            return _answer(db, kept)


def _answer(db: Db, kept: Kept) -> Answered:
    state, status = db.execute(
        select(InboxEntry.state, Conversation.status)
        .join(Conversation, Conversation.id == InboxEntry.conversation_id)
        .where(InboxEntry.id == kept.entry_id)
    ).one()
    replies = conversations.replies_to(db, kept.entry_id)
    return Answered(replies, status, waiting=state == EntryState.WAITING)


def _pause(tries: int) -> timedelta:
    return min(timedelta(seconds=2 ** min(tries - 1, 10)), LONGEST_PAUSE)


def _more_waits(db: Db, entry: InboxEntry) -> bool:
    """Whether the conversation has an entry that waits, this one or a later."""
    waiting = select(InboxEntry.id).where(
        InboxEntry.conversation_id == entry.conversation_id,
        InboxEntry.state == EntryState.WAITING,
    )
    return db.scalar(waiting.limit(1)) is not None


def _text_of(db: Db, entry: InboxEntry) -> str:
    return db.get_one(Message, entry.message_id).text


def _has_reply(db: Db, entry: InboxEntry) -> bool:
    return bool(conversations.replies_to(db, entry.id))


def _offered_before(db: Db, message: Message) -> list[Choice]:
    """Return the choices offered last, between the resident's message before and this one."""
    earlier = db.scalars(
        select(Message)
        .where(Message.conversation_id == message.conversation_id, Message.id < message.id)
        .order_by(Message.id.desc())
        .limit(8)
    )
    for said in earlier:
        if said.author == Author.RESIDENT:
            break
        if said.choices:
            return said.offered
    return []


def _was_offered(db: Db, message: Message, choice_id: str) -> bool:
    """Whether we ever gave out this choice in this conversation."""
    offers = db.scalars(
        select(Message.choices)
        .where(
            Message.conversation_id == message.conversation_id,
            Message.author != Author.RESIDENT,
        )
        .order_by(Message.id.desc())
        .limit(500)
    )
    return any(choice["id"] == choice_id for choices in offers for choice in choices)


# What Rasa reads for a message that is only a photo or a place.
ATTACHMENT_SIGNS = {"photo": "📷", "location": "📍"}


def _for_rasa(choice: Choice | None, message: Message) -> str:
    """Return our own payload for a choice; for words the words, which never become one."""
    if choice is not None:
        return wording.write_payload(choice.intent, choice.value)
    if not message.text:
        return ATTACHMENT_SIGNS.get(message.attachments[0]["kind"], "📎")
    return f"／{message.text[1:]}" if message.text.startswith("/") else message.text


def background(gateway: Gateway, every: float = 2.0) -> Callable[[], Any]:
    """Return the loop that goes on with what waits, for as long as the process lives."""

    async def loop() -> None:
        while True:
            try:
                await gateway.sweep()
            except Exception as error:  # the store may be away for a while: try again
                log.error("the sweep failed", error=kind_of(error))
            await asyncio.sleep(every)

    return loop
