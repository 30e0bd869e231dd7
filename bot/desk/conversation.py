"""A conversation that was handed off: read it, answer in it, give it back, or settle it.

Two members of staff may have the same one open. An answer says which answer of staff its writer
had seen; if another has been given since, the writer is shown it first.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from starlette.responses import Response

from actions import conversations, elder, outbox
from actions.conversations import Conversation, Message, Status
from actions.db import Db
from actions.errors import Refusal
from actions.mydata import links
from actions.outbox import Notice, NoticeState
from actions.people.model import Address, Staff, Words
from bot.desk.visit import Missing, Visit, go

LATEST = 100  # messages shown: what came before is seldom needed to answer
CONVERSATION_ID = re.compile(r"[0-9a-f]{32}")
ONCE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Line:
    """One message as the desk shows it; what is `of_neighbours` is between residents."""

    author: str
    name: str
    text: str
    at: datetime
    choices: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    of_neighbours: bool = False


def see(visit: Visit) -> Response:
    """Show a conversation while it is at the desk; afterwards only that it no longer is."""
    conversation = _find(visit)
    lines: list[Line] = []
    last = 0
    if at_desk(conversation):
        visit.note("read_conversation", f"conversation:{conversation.id}")
        lines, last = _lines(visit.db, conversation.id)
    return visit.show(
        "conversation.html",
        conversation=conversation,
        channel=conversations.channel_of(visit.db, conversation),
        lines=lines,
        last=last,
        unsent=_unsent(visit.db, conversation.id),
        seen=_last_answer(visit.db, conversation.id)[0],
        at_desk=at_desk(conversation),
        once=secrets.token_hex(16),
    )


def see_later(visit: Visit) -> Response:
    """Show what was said after the message `after`, for a page that is open."""
    conversation = _find(visit)
    lines: list[Line] = []
    after = visit.sent.get("after", "")
    last = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    if at_desk(conversation):
        lines, last = _lines(visit.db, conversation.id, after=last)
    if lines:
        visit.note("read_conversation", f"conversation:{conversation.id}")
    return visit.show(
        "lines.html",
        conversation=conversation,
        lines=lines,
        last=last,
        unsent=_unsent(visit.db, conversation.id),
    )


def answer(visit: Visit) -> Response:
    """Answer the resident; whoever answers takes the conversation over.

    Raises:
        Refusal: no words, it is not at the desk, or somebody else has answered meanwhile.
    """
    conversation, words, db = _find_locked(visit), visit.words(), visit.db
    key = _key(visit, conversation)
    if db.scalar(select(Notice.id).where(Notice.key == key)):
        return go(f"/conversations/{conversation.id}")  # a double click
    _refuse_answer(visit, conversation, words)
    conversations.open_for_staff(db, conversation, now=visit.now)
    conversation.unanswered_since = None
    said = Words(resident_id=conversation.resident_id, text=words, created_at=visit.now)
    db.add(said)
    db.flush()
    notice = outbox.put(
        db,
        conversation_id=conversation.id,
        response="",
        due_at=visit.now,
        key=key,
        about=f"conversation:{conversation.id}",
        words_id=said.id,
        staff_id=visit.staff.id,
    )
    visit.note("answered", f"conversation:{conversation.id} notice:{notice.id}")
    return go(f"/conversations/{conversation.id}")


def give_back(visit: Visit) -> Response:
    """Let the assistant answer again, and tell the resident."""
    return _leave(visit, Status.PENDING, "utter_returned", "returned")


def resolve(visit: Visit) -> Response:
    """Settle it: nobody needs to answer any more; the resident is told whom to write to."""
    return _leave(visit, Status.RESOLVED, "utter_staff_resolved", "resolved")


def speak_plainly(visit: Visit) -> Response:
    """Switch elder mode for the resident, who is told and may change it back.

    Raises:
        Refusal: neither on nor off is sent.
    """
    conversation, word = _find_locked(visit), visit.sent.get("elder", "")
    if word not in ("on", "off"):
        raise Refusal("utter_desk_not_like_that")
    if elder.switch(visit.db, conversation.resident, on=word == "on"):
        outbox.put(
            visit.db,
            conversation_id=conversation.id,
            response=f"utter_elder_mode_{word}_by_staff",
            due_at=visit.now,
        )
        visit.note(f"elder_mode_{word}", f"conversation:{conversation.id}")
    return go(f"/conversations/{conversation.id}")


def _leave(visit: Visit, status: Status, response: str, deed: str) -> Response:
    conversation = _find_locked(visit)
    if not at_desk(conversation):
        raise Refusal("utter_desk_not_here")
    conversations.return_to_assistant(visit.db, conversation)
    conversation.status = status
    outbox.put(
        visit.db,
        conversation_id=conversation.id,
        response=response,
        due_at=visit.now,
        about=f"conversation:{conversation.id}",
    )
    visit.note(deed, f"conversation:{conversation.id}")
    return go("/")


def at_desk(conversation: Conversation) -> bool:
    """Whether staff are to answer it: handed off, or given back with nobody having answered."""
    return conversation.status == Status.OPEN or conversation.unanswered_since is not None


def is_at_desk() -> ColumnElement[bool]:
    """Say `at_desk` in SQL."""
    return or_(Conversation.status == Status.OPEN, Conversation.unanswered_since.is_not(None))


def waiting(db: Db, limit: int = 200) -> Sequence[Any]:
    """Return the conversations at the desk with their channels, longest waiting first."""
    return db.execute(
        select(Conversation, Address.channel)
        .join(Address, Address.id == Conversation.address_id)
        .where(is_at_desk())
        .order_by(
            Conversation.unanswered_since.is_(None),
            Conversation.unanswered_since,
            Conversation.opened_at,
            Conversation.id,
        )
        .limit(limit)
    ).all()


def _find(visit: Visit) -> Conversation:
    """Return the conversation of the address; unknown and forbidden look the same."""
    name = visit.path["conversation_id"]
    found = visit.db.get(Conversation, name) if CONVERSATION_ID.fullmatch(name) else None
    if found is None:
        raise Missing
    return found


def _find_locked(visit: Visit) -> Conversation:
    """Return it so that nobody else changes it until this deed is done."""
    conversation = _find(visit)
    visit.db.refresh(conversation, with_for_update={"of": Conversation})
    return conversation


def _key(visit: Visit, conversation: Conversation) -> str:
    """Name this answer: the same form sent twice is the same answer."""
    once = visit.sent.get("once", "")
    if not ONCE.fullmatch(once):
        raise Refusal("utter_desk_not_like_that")
    return f"desk:{conversation.id}:{once}"


def _refuse_answer(visit: Visit, conversation: Conversation, words: str) -> None:
    if not words:
        raise Refusal("utter_desk_no_words")
    if not at_desk(conversation):
        raise Refusal("utter_desk_not_here")
    latest, by = _last_answer(visit.db, conversation.id)
    if str(latest) != visit.sent.get("seen") and by not in (None, visit.staff.id):
        raise Refusal("utter_desk_overtaken", name=visit.db.get_one(Staff, by).username)


def _last_answer(db: Db, conversation_id: str) -> tuple[int, int | None]:
    """Return the number of staff's latest answer, sent or about to be, and who gave it."""
    found = db.execute(
        select(Notice.id, Notice.staff_id)
        .where(Notice.conversation_id == conversation_id, Notice.staff_id.is_not(None))
        .order_by(Notice.id.desc())
        .limit(1)
    ).one_or_none()
    return (found[0], found[1]) if found else (0, None)


def _lines(db: Db, conversation_id: str, after: int = 0) -> tuple[list[Line], int]:
    """Return the latest messages, oldest first, and the number of the last."""
    found = db.execute(
        select(Message, Staff.username)
        .outerjoin(Staff, Staff.id == Message.staff_id)
        .where(Message.conversation_id == conversation_id, Message.id > after)
        .order_by(Message.id.desc())
        .limit(LATEST)
    ).all()
    last = found[0][0].id if found else after
    resident_id = db.get_one(Conversation, conversation_id).resident_id
    return [_line(message, name, resident_id) for message, name in reversed(found)], last


def _line(message: Message, username: str | None, resident_id: str) -> Line:
    """Write a message; what neighbours have passed on to one another is not for staff."""
    attached = message.attachments
    of_neighbours = message.for_neighbour or message.words.resident_id != resident_id
    files = [] if of_neighbours else [a for a in attached if a["upload_id"]]
    return Line(
        author=message.author,
        name=username or "",
        text="" if of_neighbours else links.masked(message.text),
        of_neighbours=of_neighbours,
        at=message.created_at,
        choices=tuple(choice.label for choice in message.offered),
        photos=tuple(a["upload_id"] for a in files if a["kind"] == "photo"),
        voices=tuple(a["upload_id"] for a in files if a["kind"] == "voice"),
        points=tuple(
            f"{a['lat']:.5f}, {a['lon']:.5f}" for a in attached if a["kind"] == "location"
        ),
    )


def _unsent(db: Db, conversation_id: str) -> list[Any]:
    """Return staff's words on their way, and those that did not arrive."""
    return list(
        db.execute(
            select(Words.text, Notice.state, Staff.username)
            .join(Words, Words.id == Notice.words_id)
            .join(Staff, Staff.id == Notice.staff_id)
            .where(
                Notice.conversation_id == conversation_id,
                Notice.state.in_([NoticeState.WAITING, NoticeState.DEAD]),
            )
            .order_by(Notice.id)
        ).all()
    )
