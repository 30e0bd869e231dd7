"""The life of a message: kept, checked for an emergency, understood, answered or handed over.

Everything here holds for one conversation at a time: its messages are answered strictly in
order, one turn in flight; different conversations never wait for one another.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import ColumnElement, exc, func, select
from starlette.concurrency import run_in_threadpool

from actions import conversations, errands, outbox, turns
from actions.conversations import Choice, Conversation, Message
from actions.db import Db
from actions.errands import Errand
from actions.errors import kind_of
from actions.people.model import Address
from actions.turns import EntryState, InboxEntry, Opening, TurnRow, TurnState
from actions.wording import Said
from bot import inbox, metrics, spoken, unread
from bot.assistant import AssistantSilent, Meant
from bot.choices import offered_before
from bot.errands import Errands
from bot.ground import Ground
from bot.inbox import Kept
from bot.media import Files, to_bring
from bot.message import InboundMessage
from bot.replies import Answered, Replies, has_reply, of_update
from bot.unaided import Unaided, note_language
from bot.work import Work, as_words, for_rasa
from knowledge.text import normalise

log = structlog.get_logger()

T = TypeVar("T")
U = TypeVar("U")

# An entry with its conversation, its message and its address, in one look at the store. While
# the row is held, whoever asks for one of them by its id is spared another look.
ENTRY = (
    select(InboxEntry, Conversation, Message, Address)
    .outerjoin(Conversation, Conversation.id == InboxEntry.conversation_id)
    .outerjoin(Message, Message.id == InboxEntry.message_id)
    .outerjoin(Address, Address.id == Conversation.address_id)
)

# What Rasa cannot answer for so long, and so often, goes to a person: one that had to wait
# behind many others may fail once.
PATIENCE, TRIES_AT_LEAST = timedelta(seconds=60), 3
LONGEST_PAUSE = timedelta(seconds=8)  # between two tries
TRIES = 5  # a message that breaks us so often is quarantined
STALE = timedelta(seconds=10)  # a turn older than this has lost its gateway
AT_ONCE = 16  # conversations that are gone on with together after a breakdown
# Messages that are with Rasa together. It works at one at a time: of more none would be ready
# in time, and all would be asked again.
WITH_RASA = 8
READING_SECONDS = 1.0  # until it is known what a message asks; later it is one thing
SETTLING_SECONDS = 0.5  # how long a turn that ran out of time may take to say so
RESTART, NO_TURN = "/restart", "none"  # Rasa's own word to forget; it answers no message
# The store's own troubles: no entry is to blame for them.
STORE_AWAY = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)


class StoreSlow(Exception):
    """The store did not answer in time; the message may or may not have been kept."""


@dataclass
class Gateway:
    """Answers messages; one instance serves all channels of a process."""

    ground: Ground
    replies: Replies = field(init=False)
    unaided: Unaided = field(init=False)
    errands: Errands = field(init=False)
    _locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    _background: set[asyncio.Task[None]] = field(default_factory=set)
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WITH_RASA))

    def __post_init__(self) -> None:
        self.replies = Replies(self.ground)
        self.unaided = Unaided(self.ground, self.replies)
        self.errands = Errands(self.ground, self.replies)

    async def receive(self, message: InboundMessage) -> Answered:
        """Keep a message and answer it, truthfully and within the turn's seconds.

        The same update again is answered with what came of it, and has no other effect.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the store is down, nothing was kept.
            StoreSlow: the same update has to be sent again.
        """
        arrived = monotonic()
        kept, draining = await self._accept(message)
        if draining:
            left = self.ground.turn_seconds - (monotonic() - arrived)
            await asyncio.wait({draining}, timeout=max(left, 0) + SETTLING_SECONDS)
        answered = await self._in_time(self._answered, kept)
        metrics.ANSWERED_IN.observe(monotonic() - arrived)
        return answered

    async def accept(self, message: InboundMessage, wait: float = 0) -> Kept:
        """Keep a message, and answer it in the background: the courier brings the answer.

        Returns once it is kept, or once it is dealt with if that takes no more than so many
        seconds.

        Raises: as `receive`.
        """
        began = monotonic()
        kept, draining = await self._accept(message)
        if draining:
            self._begin(self._answer_in_time(kept, draining))
            await asyncio.wait({draining}, timeout=max(0, wait - (monotonic() - began)))
        return kept

    async def _accept(self, message: InboundMessage) -> tuple[Kept, asyncio.Task[None] | None]:
        kept = await self._in_time(self._keep, message)
        metrics.MESSAGES.labels(message.channel).inc()
        if not kept.waiting:
            return kept, None
        return kept, self._begin(self.drain(kept.conversation_id))

    async def _answer_in_time(self, kept: Kept, draining: asyncio.Task[None]) -> None:
        """Say that it takes longer where the turn's seconds have passed in silence."""
        await asyncio.wait({draining}, timeout=self.ground.turn_seconds + SETTLING_SECONDS)
        await self._in_time(self._answered, kept)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Work on something in the background."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._finished)
        return task

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
            self._have_forgotten()
            if isinstance(work, Files):
                await self.ground.media.bring_in(work)
                return True
            return await self._take_turn(work) if work else more
        except STORE_AWAY:
            raise
        except Exception as error:
            log.error("an entry cannot be dealt with", error=kind_of(error))
            await run_in_threadpool(self._set_aside, conversation_id)
            return True

    def _have_forgotten(self) -> None:
        """Have Rasa forget whom we have forgotten; nobody waits for it."""
        while self.ground.to_forget:
            self._begin(self._forget(self.ground.to_forget.pop()))

    async def _forget(self, tracker_id: str) -> None:
        with suppress(AssistantSilent):  # it has nothing to say to that
            await self.ground.assistant.reply(
                tracker_id=tracker_id,
                turn_id=NO_TURN,
                text=RESTART,
                within=self.ground.turn_seconds,
            )

    async def _take_turn(self, work: Work) -> bool:
        """Have the assistant answer; where many wait, when it is this one's turn.

        Who asks for a person waits for nobody: one is called, if need be without Rasa.
        """
        person = self._asks_for_person(work.text)
        waits = self._room.locked() and not person
        async with nullcontext() if person else self._room:
            if waits and not await run_in_threadpool(self._begin_now, work):
                return False  # another gateway has taken the entry over, and goes on
            began = monotonic()
            work = await self._understood(work)
            said = await self._ask(work, work.within - (monotonic() - began))
        return await run_in_threadpool(self._settle, work, said)

    async def _ask(self, work: Work, within: float) -> list[Said]:
        """Return what the assistant says, nothing if it is silent for so many seconds."""
        try:
            return await self.ground.assistant.reply(
                tracker_id=work.tracker_id,
                turn_id=work.turn_id,
                text=work.text,
                within=within,
            )
        except AssistantSilent as silent:
            log.warning("the assistant is silent", turn=work.turn_id, why=str(silent))
            return []

    async def _understood(self, work: Work) -> Work:
        """Find out what a message asks that may ask several things; else it is one."""
        if not work.to_read or self.ground.reader is None:
            return work
        within = min(READING_SECONDS, work.within / 2)
        try:
            meant = await self.ground.reader.read(work.to_read, within=within)
        except AssistantSilent as silent:
            log.warning("a message is not understood", turn=work.turn_id, why=str(silent))
            return work
        return await run_in_threadpool(self._sort_out, work, meant)

    # What follows runs in worker threads: one short transaction each, none across a call.

    def _keep(self, message: InboundMessage) -> Kept:
        """Keep a message; an emergency is answered in the same moment, past every queue."""
        emergency = self.unaided.emergency(message.text)
        return inbox.keep(
            self.ground.database,
            message,
            now=self.ground.clock.now(),
            at_once=partial(self.unaided.answer_emergency, emergency) if emergency else None,
        )

    def _begin_now(self, work: Work) -> bool:
        """Let a turn begin now that waited; False if it has been given up meanwhile."""
        with self.ground.database.transaction() as db:
            return turns.begin(db, work.turn_id, now=self.ground.clock.now())

    def _sort_out(self, work: Work, meant: list[Meant]) -> Work:
        with self.ground.database.transaction() as db:
            return self.errands.sort_out(db, work, meant)

    def _prepare(self, conversation_id: str) -> tuple[bool, Work | Files | None]:
        """Take the next entry: whether to look for another, and what to ask the assistant.

        What needs no understanding is answered here. Files are brought in first.
        """
        with self.ground.database.transaction() as db:
            due = db.execute(ENTRY.where(*self._next(conversation_id))).one_or_none()
            if due is None:
                return False, None
            entry, conversation, message, _held = due
            if files := to_bring(db, entry, conversation, message):
                return True, files
            if self._acted_before(db, entry, conversation):
                return True, None
            if work := self._begin_turn(db, entry, conversation, message):
                return True, work
            self.errands.close(db, entry, conversation)
            return _more_waits(db, entry), None

    def _begin_turn(
        self, db: Db, entry: InboxEntry, conversation: Conversation, message: Message
    ) -> Work | None:
        """Open a turn for an entry, or for an errand of it; None when it is answered."""
        if errand := errands.due(db, entry.id):
            return self._open_errand(db, entry, conversation, errand)
        if not unread.is_all(message):
            note_language(db, conversation, message.text)
        meant = spoken.take(db, message, offered_before(db, message).meant(message.text))
        if len(meant) == 1:
            meant = self.errands.resumed(db, entry, conversation, meant[0])
            if errand := errands.due(db, entry.id):
                return self._open_errand(db, entry, conversation, errand)
        if self.unaided.answers(db, entry, conversation, message, meant):
            return None
        return self._open(db, entry, conversation, message, meant[0] if meant else None)

    def _acted_before(self, db: Db, entry: InboxEntry, conversation: Conversation) -> bool:
        """If the turn of a gateway that died had acted, say what it did."""
        if not entry.tries:
            return False
        acted = self._fence(db, entry)
        for turn_id in acted:
            self.replies.say(db, entry, conversation, outbox.of_turn(db, turn_id), [])
            self.errands.done(db, turn_id)
            self.errands.close(db, entry, conversation)
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
            of_staff = self.unaided.staff.is_of_staff(db, entry)
            turns.close_entry(entry, EntryState.QUARANTINED, now=now)
            errands.give_over(db, entry.id, now=now)
            if not of_staff:
                conversation = db.get_one(Conversation, conversation_id)
                conversations.open_for_staff(db, conversation, now=now)
        log.error("quarantined", entry=entry.id)
        if not acted:  # else the worker has news of what was done
            response = "utter_staff_broken" if of_staff else "utter_handed_over"
            with self.ground.database.transaction() as db:
                self.replies.reply(db, db.get_one(InboxEntry, entry.id), response)

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

    def _open(
        self,
        db: Db,
        entry: InboxEntry,
        conversation: Conversation,
        message: Message,
        choice: Choice | None,
    ) -> Work:
        opening = Opening(
            conversation.resident.language,
            conversation.resident.elder,
            {"intent": choice.intent, "value": choice.value} if choice else None,
        )
        turn = turns.open_turn(db, entry, opening, now=self.ground.clock.now())
        return Work(
            entry_id=entry.id,
            turn_id=turn.id,
            tracker_id=conversation.tracker_id,
            text=for_rasa(choice, message),
            within=self.ground.turn_seconds,
            to_read=() if choice else self.errands.to_read(db, message),
        )

    def _open_errand(
        self, db: Db, entry: InboxEntry, conversation: Conversation, errand: Errand
    ) -> Work:
        """Open the turn of one errand, in what is left of its entry's seconds."""
        who, now = conversation.resident, self.ground.clock.now()
        within = turns.left(db, entry, self.ground.turn_seconds, now=now)
        opening = Opening(who.language, who.elder, errand=errand)
        turn = turns.open_turn(db, entry, opening, now=now)
        text = as_words(errand.words)
        return Work(entry.id, turn.id, conversation.tracker_id, text, within)

    def _settle(self, work: Work, said: list[Said]) -> bool:
        """Say what was answered, or what was done, or the truth that neither happened yet.

        Where Rasa said nothing it may not know what was done: it starts afresh. Returns
        whether to look for another entry.
        """
        now = self.ground.clock.now()
        with self.ground.database.transaction() as db:
            found = db.execute(ENTRY.where(InboxEntry.id == work.entry_id))
            entry, conversation, *_held = found.one()
            answered = bool(said) and turns.finish(db, work.turn_id, now=now)
            if not answered and turns.give_up(db, work.turn_id, now=now):
                metrics.TURNS.labels("given_up").inc()
                self._try_later(db, entry, conversation, now)
                return _more_waits(db, entry)
            if not answered and not turns.finish(db, work.turn_id, now=now):
                return False  # another gateway has taken the entry over, and goes on
            news = outbox.of_turn(db, work.turn_id)
            metrics.TURNS.labels("answered").inc()
            self.replies.say(db, entry, conversation, news, said if answered else [])
            self.errands.done(db, work.turn_id)
            self.errands.close(db, entry, conversation)
            return _more_waits(db, entry)

    def _try_later(
        self, db: Db, entry: InboxEntry, conversation: Conversation, now: datetime
    ) -> None:
        """Say honestly that it takes longer; after enough tries a person gets it."""
        person = self._asks_for_person(_text_of(db, entry))
        enough = entry.tries >= TRIES_AT_LEAST and now - entry.received_at >= PATIENCE
        if person or enough:
            conversations.open_for_staff(db, conversation, now=now)
            conversation.receipt_given_at = now
            self.replies.reply(db, entry, "utter_handed_over")
            turns.close_entry(entry, EntryState.HANDED_OVER, now=now)
            errands.give_over(db, entry.id, now=now)
            return
        if not has_reply(db, entry):
            self.replies.reply(db, entry, "utter_still_working")
        entry.next_try_at = now + _pause(entry.tries)

    def _asks_for_person(self, text: str) -> bool:
        return normalise(text) in map(normalise, self.ground.pack.bot.person_words)

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
            answered = of_update(db, kept)
        if not answered.is_silent:
            return answered
        with self.ground.database.transaction() as db:
            conversations.hold(db, kept.conversation_id)  # its turn may end this moment
            answered = of_update(db, kept)
            if not answered.is_silent:
                return answered
            self.replies.reply(db, db.get_one(InboxEntry, kept.entry_id), "utter_still_working")
            return of_update(db, kept)


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
