"""The life of a message: kept, checked for an emergency, understood, answered or handed over.

Everything here holds for one conversation at a time: its messages are answered strictly in
order, one turn in flight; different conversations never wait for one another. Where there are
several gateways a conversation is held by one of them until nothing is due in it
(`bot/presence.py`); a message that came in at another is answered by the one that holds it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from time import monotonic
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import ColumnElement, and_, exc, func, or_, select
from starlette.concurrency import run_in_threadpool

from actions import conversations, errands, outbox, tracing, turns
from actions.conversations import Choice, Conversation, Message
from actions.db import Db
from actions.errands import Errand
from actions.errors import kind_of
from actions.people.model import Address
from actions.turns import EntryState, InboxEntry, Opening, TurnRow, TurnState
from actions.wording import Said
from bot import inbox, metrics, spoken, unread
from bot.assistant import NO_TURN, AssistantAway, AssistantSilent, Meant
from bot.awaiting import Awaiting
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
# Messages that are with a Rasa together, of all gateways that ask it. It works at one at a
# time: of more none would be ready in time, and all would be asked again.
WITH_RASA = 8
READING_SECONDS = 1.0  # until it is known what a message asks; later it is one thing
SETTLING_SECONDS = 0.5  # how long a turn that ran out of time may take to say so
RESTART = "/restart"  # Rasa's own word to forget
# The store's own troubles: no entry is to blame for them.
STORE_AWAY = (exc.OperationalError, exc.InterfaceError, exc.TimeoutError)


class Left(Enum):
    """What is left of a conversation after a step in it."""

    MORE = "more"  # to look for
    NOTHING = "nothing"  # that is due
    ELSEWHERE = "elsewhere"  # it is another gateway's


@dataclass(frozen=True)
class Step:
    """What comes next in a conversation: to ask the assistant, to bring files in, to look on.

    `lost` is an entry whose gateway died in the middle of it.
    """

    left: Left
    work: Work | Files | None = None
    lost: int | None = None


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
    _rooms: dict[str, asyncio.Semaphore] = field(init=False)  # by seat
    _leaving: bool = False

    def __post_init__(self) -> None:
        share = max(1, WITH_RASA // self.ground.gateways)
        self._rooms = defaultdict(lambda: asyncio.Semaphore(share))
        self._awaiting = Awaiting(self.ground.database)
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
            self._begin(self._answer_in_time(kept, draining, began))
            await asyncio.wait({draining}, timeout=max(0, wait - (monotonic() - began)))
        return kept

    async def _accept(self, message: InboundMessage) -> tuple[Kept, asyncio.Task[None] | None]:
        kept = await self._in_time(self._keep, message)
        metrics.MESSAGES.labels(message.channel).inc()
        if not kept.waiting:
            return kept, None
        return kept, self._begin(self._see_through(kept))

    async def _see_through(self, kept: Kept) -> None:
        """Answer what waits in a conversation, or wait for the gateway that is at it."""
        if await self.drain(kept.conversation_id) is Left.ELSEWHERE:
            within = self.ground.turn_seconds + SETTLING_SECONDS
            await self._awaiting.until_dealt_with(kept.entry_id, within)

    async def _answer_in_time(
        self, kept: Kept, draining: asyncio.Task[None], arrived: float
    ) -> None:
        """Say that it takes longer where the turn's seconds have passed in silence."""
        await asyncio.wait({draining}, timeout=self.ground.turn_seconds + SETTLING_SECONDS)
        await self._in_time(self._answered, kept)
        metrics.ANSWERED_IN.observe(monotonic() - arrived)

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Work on something in the background."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._finished)
        return task

    async def _in_time(self, work: Callable[[T], U], about: T) -> U:
        within = self.ground.store_seconds
        try:
            async with asyncio.timeout(within):  # wait_for may swallow that we are to end
                return await run_in_threadpool(work, about)
        except TimeoutError:
            raise StoreSlow(f"no answer within {within} s") from None

    def _finished(self, draining: asyncio.Task[None]) -> None:
        self._background.discard(draining)
        if not draining.cancelled() and (error := draining.exception()):
            log.error("a conversation stopped half way", error=kind_of(error))

    async def drain(self, conversation_id: str) -> Left:
        """Answer what waits in a conversation, in order, until nothing due is left.

        Nothing is done where another gateway is at it, or where we are about to leave.
        """
        lock = self._locks.setdefault(conversation_id, asyncio.Lock())
        async with lock:
            while (left := await self._answer_next(conversation_id)) is Left.MORE:
                pass
        return left

    async def sweep(self) -> int:
        """Go on with whatever waits: after a failed try, or after a gateway that died."""
        waiting = await run_in_threadpool(self._waiting)
        room = asyncio.Semaphore(AT_ONCE)

        async def go_on(conversation_id: str) -> None:
            async with room:
                await self.drain(conversation_id)

        if waiting:
            await asyncio.wait([self._begin(go_on(each)) for each in waiting])
        return len(waiting)

    @property
    def is_leaving(self) -> bool:
        """Whether nothing more is taken up."""
        return self._leaving

    async def leave(self, within: float) -> None:
        """Take up nothing more, and finish what is under way, in so many seconds.

        What waits is left to the other gateways, or to the next.
        """
        self._leaving = True
        if self._background:
            await asyncio.wait(self._background, timeout=within)

    async def _answer_next(self, conversation_id: str) -> Left:
        """Deal with the next entry, if one is due."""
        try:
            step = await run_in_threadpool(self._prepare, conversation_id)
            self._have_forgotten()
            match step.work:
                case Files() as files:
                    await self.ground.media.bring_in(files)
                case Work() as work:
                    with tracing.turn(work.turn_id):
                        return await self._take_turn(work)
                case None if step.lost is not None:
                    await run_in_threadpool(self._take_over, step.lost)
            return step.left
        except STORE_AWAY:
            raise
        except Exception as error:
            log.error("an entry cannot be dealt with", error=kind_of(error))
            await run_in_threadpool(self._set_aside, conversation_id)
            return Left.MORE

    def _have_forgotten(self) -> None:
        """Have Rasa forget whom we have forgotten; nobody waits for it."""
        while self.ground.to_forget:
            self._begin(self._forget(self.ground.to_forget.pop()))

    async def _forget(self, tracker_id: str) -> None:
        for seat in self.ground.seats.all if self.ground.seats else ("",):
            with suppress(AssistantSilent):  # it has nothing to say to that
                await self.ground.assistant.reply(
                    seat=seat,
                    tracker_id=tracker_id,
                    turn_id=NO_TURN,
                    text=RESTART,
                    within=self.ground.turn_seconds,
                )

    async def _take_turn(self, work: Work) -> Left:
        """Have the assistant answer; where many wait, when it is this one's turn.

        Who asks for a person waits for nobody: one is called, if need be without Rasa.
        """
        room, person = self._rooms[work.seat], self._asks_for_person(work.text)
        waits = room.locked() and not person
        async with nullcontext() if person else room:
            if waits and not await run_in_threadpool(self._begin_now, work):
                return Left.ELSEWHERE
            began = monotonic()
            work = await self._understood(work)
            said = await self._ask(work, work.within - (monotonic() - began))
        return await run_in_threadpool(self._settle, work, said)

    async def _ask(self, work: Work, within: float) -> list[Said]:
        """Return what the assistant says, nothing if it is silent for so many seconds."""
        try:
            return await self._ask_where_it_sits(work, within)
        except AssistantSilent as silent:
            log.warning("the assistant is silent", turn=work.turn_id, why=str(silent))
            return []

    async def _ask_where_it_sits(self, work: Work, within: float) -> list[Said]:
        """Ask the Rasa process that knows the conversation; where it is away, another one."""
        began = monotonic()
        try:
            return await self._asked(work, within)
        except AssistantAway:
            moved = await run_in_threadpool(self._move, work)
            if moved.seat == work.seat:
                raise
            return await self._asked(moved, within - (monotonic() - began))

    async def _asked(self, work: Work, within: float) -> list[Said]:
        return await self.ground.assistant.reply(
            seat=work.seat,
            tracker_id=work.tracker_id,
            turn_id=work.turn_id,
            text=work.text,
            within=within,
        )

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

    def _prepare(self, conversation_id: str) -> Step:
        """Take the next entry. What needs no understanding is answered here."""
        with self.ground.database.transaction() as db:
            if not self.ground.presence.claim(db, conversation_id):
                return Step(Left.ELSEWHERE)
            due = db.execute(ENTRY.where(*self._next(conversation_id))).one_or_none()
            if due is None or self._leaving:
                self.ground.presence.let_go(db, conversation_id)
                return Step(Left.NOTHING)
            entry, conversation, message, _held = due
            if files := to_bring(db, entry, conversation, message):
                return Step(Left.MORE, work=files)
            if entry.tries and self._unfinished(db, entry.id):
                return Step(Left.MORE, lost=entry.id)
            if work := self._begin_turn(db, entry, conversation, message):
                return Step(Left.MORE, work=work)
            self.errands.close(db, entry, conversation)
            return Step(self._go_on_or_let_go(db, entry))

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

    def _take_over(self, entry_id: int) -> None:
        """Give up the turn of a gateway that died; if it had acted, say what it did.

        The turn is held before the conversation, as by its own deeds.
        """
        with self.ground.database.transaction() as db:
            acted = self._fence(db, entry_id)
            if not acted:
                return
            entry, conversation, *_held = db.execute(
                ENTRY.where(InboxEntry.id == entry_id)
            ).one()
            for turn_id in acted:
                self.replies.say(db, entry, conversation, outbox.of_turn(db, turn_id), [])
                self.errands.done(db, turn_id)
                self.errands.close(db, entry, conversation)

    def _fence(self, db: Db, entry_id: int) -> list[str]:
        """Give up the turns an entry still has; return those that had acted."""
        now, left = self.ground.clock.now(), self._unfinished(db, entry_id)
        acted = [turn_id for turn_id in left if not turns.give_up(db, turn_id, now=now)]
        for turn_id in acted:
            turns.finish(db, turn_id, now=now)
        return acted

    def _unfinished(self, db: Db, entry_id: int) -> Sequence[str]:
        return db.scalars(
            select(TurnRow.id).where(
                TurnRow.inbox_id == entry_id,
                TurnRow.state.in_([TurnState.RUNNING, TurnState.ACTING]),
            )
        ).all()

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
            acted = self._fence(db, entry.id)
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
            seat=self._seat(db, conversation),
            tracker_id=conversation.tracker_id,
            text=for_rasa(choice, message),
            within=self.ground.turn_seconds,
            to_read=() if choice else self.errands.to_read(db, message),
        )

    def _seat(self, db: Db, conversation: Conversation) -> str:
        """Return which Rasa process a conversation is with from now on."""
        seat = self.ground.seats.of(conversation.id) if self.ground.seats else ""
        conversations.sit(db, conversation, seat)
        return seat

    def _move(self, work: Work) -> Work:
        """Return the work as another Rasa process can do it; unchanged if there is none."""
        here = select(TurnRow.conversation_id).where(TurnRow.id == work.turn_id)
        held = select(Conversation).where(Conversation.id == here.scalar_subquery())
        with self.ground.database.transaction() as db:
            conversation = db.scalars(
                held.with_for_update(of=Conversation, key_share=True)
            ).one()
            seat = self._seat(db, conversation)
            return replace(work, seat=seat, tracker_id=conversation.tracker_id)

    def _open_errand(
        self, db: Db, entry: InboxEntry, conversation: Conversation, errand: Errand
    ) -> Work:
        """Open the turn of one errand, in what is left of its entry's seconds."""
        who, now = conversation.resident, self.ground.clock.now()
        within = turns.left(db, entry, self.ground.turn_seconds, now=now)
        opening = Opening(who.language, who.elder, errand=errand)
        turn = turns.open_turn(db, entry, opening, now=now)
        return Work(
            entry_id=entry.id,
            turn_id=turn.id,
            seat=self._seat(db, conversation),
            tracker_id=conversation.tracker_id,
            text=as_words(errand.words),
            within=within,
        )

    def _settle(self, work: Work, said: list[Said]) -> Left:
        """Say what was answered, or what was done, or the truth that neither happened yet.

        Where Rasa said nothing it may not know what was done: it starts afresh.
        """
        now = self.ground.clock.now()
        with self.ground.database.transaction() as db:
            found = db.execute(ENTRY.where(InboxEntry.id == work.entry_id))
            entry, conversation, *_held = found.one()
            answered = bool(said) and turns.finish(db, work.turn_id, now=now)
            if not answered and turns.give_up(db, work.turn_id, now=now):
                metrics.TURNS.labels("given_up").inc()
                tracing.note(outcome="given_up")
                self._try_later(db, entry, conversation, now)
                return self._go_on_or_let_go(db, entry)
            if not answered and not turns.finish(db, work.turn_id, now=now):
                return Left.ELSEWHERE  # another gateway has taken the entry over, and goes on
            news = outbox.of_turn(db, work.turn_id)
            metrics.TURNS.labels("answered").inc()
            tracing.note(outcome="answered")
            self.replies.say(db, entry, conversation, news, said if answered else [])
            self.errands.done(db, work.turn_id)
            self.errands.close(db, entry, conversation)
            return self._go_on_or_let_go(db, entry)

    def _go_on_or_let_go(self, db: Db, entry: InboxEntry) -> Left:
        """Let a conversation go unless an entry of it waits, this one or a later.

        Whoever calls this has written in the conversation's row, and keeping a message locks
        it: none can come in unseen between the look and the letting go.
        """
        waiting = select(InboxEntry.id).where(
            InboxEntry.conversation_id == entry.conversation_id,
            InboxEntry.state == EntryState.WAITING,
        )
        if db.scalar(waiting.limit(1)) is not None:
            return Left.MORE
        self.ground.presence.let_go(db, str(entry.conversation_id))
        return Left.NOTHING

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
            others = self.ground.presence.others(db)
            found = db.scalars(
                select(InboxEntry.conversation_id)
                .join(Conversation, Conversation.id == InboxEntry.conversation_id)
                .where(
                    InboxEntry.state == EntryState.WAITING,
                    InboxEntry.next_try_at <= now,
                    or_(
                        and_(Conversation.held_by.is_(None), ~at_work),
                        and_(
                            Conversation.held_by.is_not(None),
                            Conversation.held_by.not_in(others),
                        ),
                    ),
                )
                .distinct()
            )
            return [each for each in found if each and each not in self._locks]

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


def _text_of(db: Db, entry: InboxEntry) -> str:
    return db.get_one(Message, entry.message_id).text


def background(gateway: Gateway, every: float = 2.0) -> Callable[[], Any]:
    """Return the loop that goes on with what waits, for as long as the process lives."""

    async def loop() -> None:
        while not gateway.is_leaving:
            try:
                await gateway.sweep()
            except Exception as error:  # the store may be away for a while: try again
                log.error("the sweep failed", error=kind_of(error))
            await asyncio.sleep(every)

    return loop
