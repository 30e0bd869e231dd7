"""Looks through the books after a drill: what was promised, what was done, what was said."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import func, select

from actions.booking.model import Booking
from actions.conversations import Author, Message
from actions.db import Database, Db
from actions.governance.model import ServiceRequest
from actions.outbox import Notice, NoticeState
from actions.people.model import Words
from actions.turns import EntryState, InboxEntry, TurnRow, TurnState
from actions.wording import Wording
from bench.residents import Resident

# What is said of a row, and only of a row that is committed: response → the row's table.
CONFIRMATIONS: dict[str, Any] = {
    "utter_booked": Booking,
    "utter_request_filed": ServiceRequest,
}


@dataclass(frozen=True)
class Books:
    """The database of a drill, and the words it was answered with."""

    database: Database
    wording: Wording

    @property
    def still_working(self) -> str:
        """The word that it takes longer."""
        return self.wording.render("utter_still_working").text

    def unfinished(self) -> int:
        """How many updates and notices of deeds are still to be dealt with."""
        waiting = select(func.count()).select_from(InboxEntry)
        owed = select(func.count()).select_from(Notice).where(Notice.turn_id.is_not(None))
        with self.database.reading() as db:
            return (db.scalar(waiting.where(InboxEntry.state == EntryState.WAITING)) or 0) + (
                db.scalar(owed.where(Notice.state == NoticeState.WAITING)) or 0
            )

    def check(self, residents: Sequence[Resident]) -> dict[str, int]:
        """Count everything that should not be: all zero when all promises were kept."""
        with self.database.reading() as db:
            kept = _count(db, InboxEntry)
        changed = sum(_asked_again(resident) for resident in residents)
        with self.database.reading() as db:
            entries = list(db.scalars(select(InboxEntry)))
            twice = [entry for entry in entries if self._is_answered_twice(db, entry)]
            silent = [entry for entry in entries if self._is_silent(db, entry)]
            without_word, without_row = self._compare(db)
            return {
                "lost": _count(db, InboxEntry) - kept,
                "changed_when_asked_again": changed,
                "unanswered": sum(entry.state == EntryState.WAITING for entry in entries),
                "quarantined": sum(entry.state == EntryState.QUARANTINED for entry in entries),
                "silent": len(silent),
                "answered_twice": len(twice),
                "rows_without_confirmation": without_word,
                "confirmations_without_row": without_row,
            }

    def missing(self, texts: Iterable[str]) -> int:
        """Count the texts that are not kept in any update, or not dealt with."""
        dealt_with = (
            select(Words.text)
            .join(Message, Message.words_id == Words.id)
            .join(InboxEntry, InboxEntry.message_id == Message.id)
            .where(InboxEntry.state != EntryState.WAITING)
        )
        with self.database.reading() as db:
            return len(set(texts) - set(db.scalars(dealt_with)))

    def done(self) -> dict[str, int]:
        """How many deeds of each kind were confirmed."""
        with self.database.reading() as db:
            return {
                response.removeprefix("utter_"): _count(db, table)
                for response, table in CONFIRMATIONS.items()
            }

    def handed_over(self) -> int:
        """How many messages went to a person because nothing else helped."""
        handed = InboxEntry.state == EntryState.HANDED_OVER
        with self.database.reading() as db:
            return db.scalar(select(func.count()).select_from(InboxEntry).where(handed)) or 0

    def _is_answered_twice(self, db: Db, entry: InboxEntry) -> bool:
        """Whether two turns answered, or something was said twice."""
        done = TurnRow.inbox_id == entry.id, TurnRow.state == TurnState.DONE
        turns = db.scalar(select(func.count()).select_from(TurnRow).where(*done)) or 0
        said = Counter(self._replies(db, entry))
        return turns > 1 or any(times > 1 for times in said.values())

    def _is_silent(self, db: Db, entry: InboxEntry) -> bool:
        """Whether the assistant was asked, and never came back with more than a word."""
        asked = db.scalar(select(TurnRow.id).where(TurnRow.inbox_id == entry.id).limit(1))
        return bool(asked) and not set(self._replies(db, entry)) - {self.still_working}

    def _replies(self, db: Db, entry: InboxEntry) -> list[str]:
        ours = Message.inbox_id == entry.id, Message.author != Author.RESIDENT
        return [message.text for message in db.scalars(select(Message).where(*ours))]

    def _compare(self, db: Db) -> tuple[int, int]:
        """Compare, in every conversation, the rows there are with those that were told."""
        without_word = without_row = 0
        said = [(m.conversation_id, m.text) for m in db.scalars(select(Message))]
        for response, table in CONFIRMATIONS.items():
            begins = str(self.wording.responses[response][0]["text"]).partition("{")[0]
            told = Counter(where for where, text in said if text.startswith(begins))
            rows = Counter(db.scalars(select(table.conversation_id)))
            without_word += _surplus(rows, told)
            without_row += _surplus(told, rows)
        return without_word, without_row


def _surplus(more: Counter[str], less: Counter[str]) -> int:
    return sum((more - less).values())


def _count(db: Db, table: Any) -> int:
    return db.scalar(select(func.count()).select_from(table)) or 0


def _asked_again(resident: Resident) -> int:
    """Send every message once more; count those that are not answered as before."""
    changed = 0
    with httpx.Client(trust_env=False, timeout=10) as client:
        for sent in resident.sent:
            again = resident.post(client, sent.message_id, sent.text)
            changed += again is None or not _begins_with(again["replies"], sent.replies)
    return changed


def _begins_with(now: Iterable[Any], before: list[Any]) -> bool:
    return list(now)[: len(before)] == before
