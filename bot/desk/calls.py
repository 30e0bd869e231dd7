"""What is owed to those without a page: staff phone, read it out, and tick it off."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from starlette.responses import Response

from actions import callers, conversations, outbox
from actions.conversations import Author, Conversation
from actions.errors import Refusal
from actions.outbox import Notice, NoticeState
from actions.people.model import Address, Caller, Staff, Words
from actions.relay import relaying
from bot.desk.check_ins import OUTCOMES, is_question
from bot.desk.sessions import identity
from bot.desk.visit import Missing, Visit, go

SHOWN_FOR = timedelta(days=7)  # calls that were made


@dataclass(frozen=True)
class Call:
    """A notice to be read out to somebody, and the session it is about, if any."""

    notice: Notice
    caller: Caller
    text: str
    choices: tuple[str, ...]

    @property
    def household_id(self) -> int | None:
        """Where staff write down what somebody answers about acting for them."""
        found = self.notice.values.get("household")
        return found if isinstance(found, int) else None

    @property
    def session_id(self) -> int | None:
        """Where staff can do what is answered."""
        found = self.notice.values.get("session")
        return found if isinstance(found, int) else None

    @property
    def is_of_neighbour(self) -> bool:
        """Whether a neighbour says it, who may be answered."""
        return is_said_by_neighbour(self.notice)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What may have come of it; empty where it only is to be told."""
        return tuple(OUTCOMES) if is_question(self.notice) else ()


def see(visit: Visit) -> Response:
    """Show whom to phone, and who was phoned lately."""
    calls = _calls(visit)
    for resident_id in dict.fromkeys(call.caller.resident_id for call in calls):
        visit.note("read_caller", f"resident:{resident_id}")
    return visit.show("calls.html", calls=calls, made=_made(visit), longest=relaying.LONGEST)


def told(visit: Visit) -> Response:
    """Tick a call off: it was told, by whom and when.

    Raises:
        Refusal: somebody else has told it, or it is not true any more.
    """
    notice, talk = find(visit)
    if is_question(notice):  # what was answered has to be said
        raise Refusal("utter_desk_not_like_that")
    tick_off(visit, notice, talk)
    return go("/calls")


def find(visit: Visit) -> tuple[Notice, Conversation]:
    """Return the notice of the address, and whose it is; forbidden is as unknown."""
    notice = visit.db.get(Notice, identity(visit.path["notice_id"]))
    talk = visit.db.get(Conversation, notice.conversation_id) if notice else None
    if notice is None or talk is None:
        raise Missing
    return notice, talk


def tick_off(visit: Visit, notice: Notice, talk: Conversation) -> None:
    """Note that somebody was told, by whom and when.

    Raises:
        Refusal: somebody else has told it, or it is not true any more.
    """
    conversations.hold(visit.db, talk.id)  # before the notice, as the worker does
    if not outbox.mark_told(visit.db, notice.id, staff_id=visit.staff.id, now=visit.now):
        raise Refusal("utter_desk_phone_over")
    conversations.say(
        visit.db,
        talk,
        _said(visit, notice, talk)[0],
        author=Author.STAFF,
        staff_id=visit.staff.id,
        now=visit.now,
        kept=visit.db.get(Words, notice.words_id) if notice.words_id else None,
    )
    visit.note("told_on_phone", f"notice:{notice.id}")


def is_said_by_neighbour(notice: Notice) -> bool:
    """Whether a notice brings what a neighbour says."""
    return notice.about.startswith("relay:") and notice.words_id is not None


def _calls(visit: Visit) -> list[Call]:
    owed = outbox.to_phone(visit.db, now=visit.now)
    known = callers.among(visit.db, (talk.resident_id for _, talk in owed))
    return [
        Call(notice, known[talk.resident_id], *_said(visit, notice, talk))
        for notice, talk in owed
        if talk.resident_id in known
    ]


def _made(visit: Visit) -> list[tuple[Notice, Caller, str]]:
    """Return the calls of the last days, the latest first, with who told."""
    found = visit.db.execute(
        select(Notice, Caller, Staff.username)
        .join(Conversation, Conversation.id == Notice.conversation_id)
        .join(Address, Address.id == Conversation.address_id)
        .join(Caller, Caller.resident_id == Conversation.resident_id)
        .join(Staff, Staff.id == Notice.staff_id)
        .where(
            Address.channel == callers.CHANNEL,
            Notice.state == NoticeState.SENT,
            Notice.sent_at > visit.now - SHOWN_FOR,
        )
        .order_by(Notice.sent_at.desc(), Notice.id.desc())
        .limit(50)
    )
    return [(notice, caller, name) for notice, caller, name in found]


def _said(visit: Visit, notice: Notice, talk: Conversation) -> tuple[str, tuple[str, ...]]:
    """Return what is read out, and what may be answered."""
    if notice.words_id is not None:
        labels = tuple(choice["label"] for choice in notice.choices)
        return visit.db.get_one(Words, notice.words_id).text, labels
    said = visit.desk.wording.render(
        notice.response,
        language=talk.resident.language,
        elder=talk.resident.elder,
        values=notice.values,
        choices=[conversations.Choice(**choice) for choice in notice.choices],
    )
    return said.text, tuple(choice.label for choice in said.choices)
