"""The worker: says what is due, in order, and gives unanswered conversations back.

What is said on a platform is then owed to it: `bot/courier.py` brings it there.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from actions import budget, channels, conversations, outbox, told
from actions.channels import Reached
from actions.clock import Clock
from actions.conversations import Author, Choice, Conversation, Status
from actions.db import Database, Db
from actions.errors import kind_of
from actions.outbox import Notice, NoticeState
from actions.people.model import Words
from actions.sending import Priority, Way
from actions.turns import TurnRow
from actions.wording import Said, Wording
from bot import metrics, saying

log = structlog.get_logger()

TRIES = 8  # the pauses between them add up to a day and a half; then staff see it as dead
LONGEST_PAUSE = timedelta(hours=24)
TOGETHER = 5  # notices in one message
LOOKS_EVERY = 2.0  # seconds, for what comes due by the clock: nobody waits for it


@dataclass(frozen=True)
class Telling:
    """A notice and what is said for it."""

    notice: Notice
    said: Said

    @property
    def is_plain(self) -> bool:
        """Whether it can be a line among others: no photo, no mark, nobody's own words."""
        return not (self.said.photos or self.said.told or self.notice.words_id)


@dataclass
class Delivery:
    """Drains the outbox; one worker process runs one."""

    database: Database
    clock: Clock
    wording: Wording
    return_after: timedelta

    def run(
        self, upkeep: Callable[[], bool], over: threading.Event, every: float = 0.5
    ) -> None:
        """Deliver, and keep up what is daily, until it is over.

        `upkeep` tells whether it found anything: then it is asked again soon. An absent store
        is waited for.
        """
        look_at = 0.0
        while not over.is_set():
            try:
                busy = self.deliver_due()
                if time.monotonic() >= look_at:
                    found = self.return_unanswered() > 0 or upkeep()
                    look_at = time.monotonic() + (0 if found else LOOKS_EVERY)
            except Exception as error:
                log.error("the worker failed", error=kind_of(error))
                metrics.FAILURES.labels("worker").inc()
                busy = 0
            if not busy:
                over.wait(every)

    def deliver_due(self) -> int:
        """Send what is due now; returns how many notices were tried."""
        now = self.clock.now()
        with self.database.reading() as db:  # most often there is nothing, and nobody waits
            if not outbox.is_any_due(db, now=now):
                return 0
        with self.database.transaction() as db:
            leased = [notice.id for notice in outbox.lease_due(db, now=now)]
        for notice_id in leased:
            try:
                self._deliver(notice_id)
            except Exception as error:
                log.warning("not delivered", notice=notice_id, error=kind_of(error))
                self._try_later(notice_id)
        return len(leased)

    def return_unanswered(self) -> int:
        """Give back conversations nobody answered in time; they stay marked for the desk."""
        now = self.clock.now()
        unanswered = select(Conversation).where(
            Conversation.status == Status.OPEN,
            Conversation.unanswered_since < now - self.return_after,
        )
        with self.database.reading() as db:
            if db.scalar(unanswered.limit(1)) is None:
                return 0
        with self.database.transaction() as db:
            locked = unanswered.with_for_update(of=Conversation, skip_locked=True)
            waiting = db.scalars(locked).all()
            for conversation in waiting:
                since = conversation.unanswered_since
                conversations.return_to_assistant(db, conversation)
                conversation.unanswered_since = since
                outbox.put(
                    db,
                    conversation_id=conversation.id,
                    response="utter_returned_unanswered",
                    due_at=now,
                )
            return len(waiting)

    def _deliver(self, notice_id: int) -> None:
        now = self.clock.now()
        with self.database.transaction() as db:
            notice = db.get_one(Notice, notice_id)
            if not self._is_ours(notice):
                return
            if notice.stale_at is not None and notice.stale_at <= now:
                notice.state = NoticeState.CANCELLED
                notice.tries -= 1  # it was only looked at
                return
            conversation = db.get_one(Conversation, notice.conversation_id)
            channel = conversations.channel_of(db, conversation)
            if channels.reached(channel) == Reached.BY_STAFF:
                notice.state = NoticeState.TO_PHONE
                return
            if not budget.lets(db, notice, conversation, zone=self.wording.zone, now=now):
                return
            conversations.hold(db, conversation.id)  # before the notice, as the gateway does
            also = budget.told_with(db, notice, conversation, now=now)
            tellings = (self._telling(db, one, conversation) for one in (notice, *also))
            self._write(db, conversation, _that_go_together(*tellings))

    def _is_ours(self, notice: Notice) -> bool:
        """Whether it is still to be sent: its cause may be gone, or our lease."""
        leased = notice.lease_until is not None and notice.lease_until >= self.clock.now()
        return notice.state == NoticeState.WAITING and leased

    def _telling(self, db: Db, notice: Notice, conversation: Conversation) -> Telling:
        choices = tuple(Choice(**choice) for choice in notice.choices)
        photos = tuple(notice.photos)
        if notice.words_id is not None:
            words = db.get_one(Words, notice.words_id)
            return Telling(notice, Said(words.text, choices, photos=photos))
        said = self.wording.render(
            notice.response,
            language=conversation.resident.language,
            elder=conversation.resident.elder,
            values=notice.values,
            choices=choices,
        )
        mark = told.from_json(notice.told) if notice.told else None
        return Telling(notice, replace(said, told=mark, photos=photos))

    def _write(self, db: Db, conversation: Conversation, tellings: Sequence[Telling]) -> None:
        """Write what is said into the conversation, in the transaction that marks it sent."""
        now = self.clock.now()
        sent = [one for one in tellings if outbox.mark_sent(db, one.notice.id, now=now)]
        if not sent:
            return
        first, said = sent[0].notice, self._together(conversation, sent)
        turn = db.get(TurnRow, first.turn_id) if first.turn_id else None
        saying.write(
            db,
            conversation,
            self._as_heard(first, said, conversation),
            author=Author.STAFF if first.staff_id else Author.ASSISTANT,
            staff_id=first.staff_id,
            now=now,
            inbox_id=turn.inbox_id if turn else None,
            kept=db.get_one(Words, first.words_id) if first.words_id else None,
            way=Way(Priority(first.priority), stale_at=_first_end(sent)),
        )

    def _as_heard(self, first: Notice, said: Said, conversation: Conversation) -> list[Said]:
        """Return the messages in which it is told; what a person wrote is one."""
        if first.words_id is not None:
            return saying.as_written(said, conversation, self.wording)
        return saying.as_heard(said, conversation, self.wording)

    def _together(self, conversation: Conversation, sent: Sequence[Telling]) -> Said:
        """Return one thing said, or several as the numbered lines of one."""
        if len(sent) == 1:
            return sent[0].said
        lines = (f"{number}. {one.said.text}" for number, one in enumerate(sent, 1))
        together = self.wording.render(
            "utter_told_together",
            language=conversation.resident.language,
            elder=conversation.resident.elder,
            values={"count": len(sent), "lines": "\n".join(lines)},
        )
        return replace(
            together,
            choices=tuple(choice for one in sent for choice in one.said.choices),
            photos=tuple(photo for one in sent for photo in one.said.photos),
        )

    def _try_later(self, notice_id: int) -> None:
        now = self.clock.now()
        with self.database.transaction() as db:
            notice = db.get_one(Notice, notice_id)
            if not self._is_ours(notice):
                return
            if notice.tries >= TRIES:
                notice.state = NoticeState.DEAD
                return
            notice.due_at = _later(now, notice.tries)
            notice.lease_until = None


def _later(now: datetime, tries: int) -> datetime:
    pause: timedelta = timedelta(seconds=30) * 4 ** (tries - 1)
    return now + min(pause, LONGEST_PAUSE)


def _that_go_together(first: Telling, *others: Telling) -> list[Telling]:
    """Return what one message can tell; the rest is told the next time.

    One of them at most is to be answered: else nobody knew what a number means.
    """
    together = [first]
    for one in others if first.is_plain else ():
        asked = one.said.choices and any(other.said.choices for other in together)
        if one.is_plain and not asked and len(together) < TOGETHER:
            together.append(one)
    return together


def _first_end(sent: Sequence[Telling]) -> datetime | None:
    ends = [one.notice.stale_at for one in sent if one.notice.stale_at is not None]
    return min(ends, default=None)
