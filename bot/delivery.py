"""The worker: sends what is due, in order, and gives unanswered conversations back."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import select

from actions import conversations, outbox, told
from actions.clock import Clock
from actions.conversations import Attachment, Author, Choice, Conversation, Status
from actions.db import Database, Db
from actions.errors import kind_of
from actions.outbox import Notice, NoticeState
from actions.people.model import Address, Words
from actions.turns import TurnRow
from actions.wording import Said, Wording

log = structlog.get_logger()

TRIES = 8  # the pauses between them add up to a day and a half; then staff see it as dead
LONGEST_PAUSE = timedelta(hours=24)


class Channel(Protocol):
    """Sends to an address. `sends_by_row`: the written row is the delivery (the web page).

    `told_by_staff`: nothing is sent, it waits for staff to tell it (the desk's own channel).
    """

    name: str
    sends_by_row: bool
    told_by_staff: bool

    def send(self, address: str, said: Said) -> None:
        """Bring a message to a resident; raises when it did not arrive."""


@dataclass
class Delivery:
    """Drains the outbox; one worker process runs one."""

    database: Database
    clock: Clock
    wording: Wording
    channels: dict[str, Channel]
    return_after: timedelta

    def run(self, upkeep: Callable[[], object], every: float = 0.5) -> None:
        """Deliver, and keep up what is daily, for as long as the process lives.

        An absent store is waited for.
        """
        while True:
            try:
                busy = self.deliver_due()
                self.return_unanswered()
                upkeep()
            except Exception as error:
                log.error("the worker failed", error=kind_of(error))
                busy = 0
            if not busy:
                time.sleep(every)

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
        with self.database.transaction() as db:
            notice = db.get_one(Notice, notice_id)
            if not self._is_ours(notice):
                return
            if notice.stale_at is not None and notice.stale_at <= self.clock.now():
                notice.state = NoticeState.CANCELLED
                notice.tries -= 1  # it was only looked at
                return
            conversation = db.get_one(Conversation, notice.conversation_id)
            address = db.get_one(Address, conversation.address_id)
            channel = self.channels[address.channel]
            if channel.told_by_staff:
                notice.state = NoticeState.TO_PHONE
                return
            said = self._said(db, notice, conversation)
            if channel.sends_by_row:
                self._write(db, notice, conversation, said)
                return
            where = address.address
        channel.send(where, said)
        with self.database.transaction() as db:
            self._write(db, db.get_one(Notice, notice_id), conversation, said)

    def _is_ours(self, notice: Notice) -> bool:
        """Whether it is still to be sent: its cause may be gone, or our lease."""
        leased = notice.lease_until is not None and notice.lease_until >= self.clock.now()
        return notice.state == NoticeState.WAITING and leased

    def _said(self, db: Db, notice: Notice, conversation: Conversation) -> Said:
        choices = tuple(Choice(**choice) for choice in notice.choices)
        photos = tuple(notice.photos)
        if notice.words_id is not None:
            return Said(db.get_one(Words, notice.words_id).text, choices, photos=photos)
        said = self.wording.render(
            notice.response,
            language=conversation.resident.language,
            elder=conversation.resident.elder,
            values=notice.values,
            choices=choices,
        )
        mark = told.from_json(notice.told) if notice.told else None
        return replace(said, told=mark, photos=photos)

    def _write(self, db: Db, notice: Notice, conversation: Conversation, said: Said) -> None:
        """Write what was sent into the conversation, in the transaction that marks it sent."""
        now = self.clock.now()
        conversations.hold(db, conversation.id)  # before the notice, as the gateway does
        if not outbox.mark_sent(db, notice.id, now=now):
            return
        turn = db.get(TurnRow, notice.turn_id) if notice.turn_id else None
        sent = conversations.say(
            db,
            conversation,
            said.text,
            author=Author.STAFF if notice.staff_id else Author.ASSISTANT,
            staff_id=notice.staff_id,
            now=now,
            choices=said.choices,
            attachments=[Attachment("photo", upload_id=photo) for photo in said.photos],
            inbox_id=turn.inbox_id if turn else None,
        )
        told.keep(db, sent, said.told, now=now)

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
