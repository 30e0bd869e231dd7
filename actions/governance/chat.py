"""What staff order in a chat is done here: by the same rules, in the same scope as at the desk.

The caller has limited the session to what the speaker, and those who read along, may see.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select

from actions.conversations import Message
from actions.db import Db
from actions.errors import Refusal
from actions.governance import commands, handling, history, moves, teams, telling, workflow
from actions.governance.commands import COMMANDS, Number, Order
from actions.governance.handling import By
from actions.governance.model import Kind, ServiceRequest, Status, Update
from actions.governance.reference import written
from actions.outbox import Notice, NoticeState
from actions.people.model import Staff
from actions.wording import Wording
from knowledge.pack import Pack, Team
from knowledge.records import Text

AT_ONCE = timedelta(minutes=2)  # notices so near one another: which of them is meant is asked
PHOTOS_WITHIN = timedelta(minutes=10)  # of a reply, by whoever replies
LONGEST_LIST = 10
MOST_NAMED = 5
LONGEST_WORDS = 4000
OPEN = [*workflow.UNFINISHED, Status.REPLIED]  # found by a number without its day


@dataclass(frozen=True)
class Room:
    """Where somebody orders something: who, in which chat, when.

    `alone`: nobody reads along. `team_id` is the team whose requests are listed, None all.
    """

    db: Db
    pack: Pack
    wording: Wording
    staff: Staff
    conversation_id: str
    now: datetime
    alone: bool = False
    team_id: str | None = None
    quoted: str = ""

    @property
    def by(self) -> By:
        """Who does it, and when."""
        return By(self.staff.id, self.now)

    def phrase(self, response: str, **values: Any) -> Text:
        """Return a response in both languages, to be a value of another."""
        zh, en = (
            self.wording.render(response, language=language, values=values).text
            for language in ("zh", "en")
        )
        return Text(zh=zh, en=en)


@dataclass(frozen=True)
class Answer:
    """What is answered, and what the audit log says of it.

    `words_of` is the resident whose words the answer repeats: they are erased with theirs.
    """

    response: str
    values: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[tuple[str, str]] = ()
    words_of: str = ""


def do(room: Room, order: Order) -> Answer:
    """Do what was ordered.

    Raises:
        Refusal: it cannot be done; nothing was, and it says what is possible.
    """
    if len(order.rest) > LONGEST_WORDS:
        raise Refusal("utter_desk_too_long", most=LONGEST_WORDS)
    return DEEDS[order.command.name](room, order)


def take(room: Room, order: Order) -> Answer:
    """Acknowledge a request, and make it the speaker's own."""
    _refuse_talk(room, order)
    request, _ = _meant(room, order)
    taken_on = request.status in (Status.ACKNOWLEDGED, Status.IN_PROGRESS)
    if taken_on and request.staff_id == room.staff.id:
        return _done(room, "utter_staff_did_take", request)
    if taken_on and request.staff_id is None:  # passed on, and nobody's yet
        handling.assign(
            room.db,
            room.pack,
            request,
            by=room.by,
            team_id=request.team_id,
            staff_id=room.staff.id,
        )
        return _done(room, "utter_staff_did_take", request, "assigned")
    request.staff_id = room.staff.id
    _move(room, request, Status.ACKNOWLEDGED)
    return _done(room, "utter_staff_did_take", request, "moved_to_acknowledged")


def assign(room: Room, order: Order) -> Answer:
    """Give a request to another team."""
    request, team, reason = _passed_on(room, order, "utter_staff_assign_how")
    handling.assign(room.db, room.pack, request, by=room.by, team_id=team.id, reason=reason)
    return _done(room, "utter_staff_did_assign", request, "assigned")


def give_back(room: Room, order: Order) -> Answer:
    """Return a request that is not for its team, to the one it is for."""
    request, team, reason = _passed_on(room, order, "utter_staff_return_how")
    handling.give_back(room.db, room.pack, request, by=room.by, team_id=team.id, reason=reason)
    return _done(room, "utter_staff_did_return", request, "returned")


def start(room: Room, order: Order) -> Answer:
    """Say that a request is being dealt with."""
    _refuse_talk(room, order)
    request, _ = _meant(room, order)
    _move(room, request, Status.IN_PROGRESS)
    return _done(room, "utter_staff_did_start", request, "moved_to_in_progress")


def reply(room: Room, order: Order) -> Answer:
    """Tell the resident what was done, with the photos the speaker has just sent."""
    request, words = _meant(room, order)
    photos = _photos(room)
    _move(room, request, Status.REPLIED, words, photos)
    return _done(room, "utter_staff_did_reply", request, "moved_to_replied", photos=len(photos))


def decline(room: Room, order: Order) -> Answer:
    """Turn a request down, with the reason."""
    request, words = _meant(room, order)
    _move(room, request, Status.DECLINED, words)
    return _done(room, "utter_staff_did_decline", request, "moved_to_declined")


def ask(room: Room, order: Order) -> Answer:
    """Ask the reporter something; the promise waits."""
    request, words = _meant(room, order)
    _refuse_over(room, request)
    handling.ask(room.db, room.pack, request, by=room.by, words=words)
    return _done(room, "utter_staff_did_ask", request, "asked")


def note(room: Room, order: Order) -> Answer:
    """Write something down among staff."""
    request, words = _meant(room, order)
    handling.note(room.db, request, by=room.by, words=words)
    return _done(room, "utter_staff_did_note", request, "noted")


def merge(room: Room, order: Order) -> Answer:
    """Make the first request part of the second."""
    if len(order.numbers) < len(("request", "into")):
        raise Refusal("utter_staff_merge_how")
    found = [_find(room, number) for number in order.numbers]
    for one in sorted(set(found), key=lambda one: one.id):
        history.alone(room.db, one)
    request, into = found
    handling.merge(room.db, room.pack, request, into=into, by=room.by)
    return _done(
        room,
        "utter_staff_did_merge",
        request,
        "merged",
        into=into.reference,
        into_due=into.due_at,
    )


def show(room: Room, order: Order) -> Answer:
    """Tell how a request stands, or list those that wait.

    What the resident wrote is told to nobody but a speaker alone; others find it at the desk.
    """
    if order.listed or _asks_for_nothing(room, order):
        return _list(room, order.listed or "open")
    if order.rest and not order.numbers:
        raise Refusal("utter_staff_unknown", said=order.rest[:20])
    request, _ = _meant(room, order)
    last = history.history(room.db, request)[-1]
    values = _described(room, request) | {"at": last.happened_at}
    notes = (("read_request", f"request:{request.id}"),)
    if not room.alone:
        return Answer("utter_staff_show", values, notes)
    words = [one.text for one in (request.what, request.where) if one]
    return Answer(
        "utter_staff_show_words",
        values | {"words": "\n".join(words)},
        notes,
        request.resident_id,
    )


def help_(room: Room, _order: Order) -> Answer:
    """Tell what may be said."""
    lines = [room.phrase(f"utter_staff_help_{command.name}") for command in COMMANDS]
    return Answer("utter_staff_help", {"commands": together(lines)})


# The name of a command → what is done.
DEEDS: Mapping[str, Callable[[Room, Order], Answer]] = {
    "take": take,
    "assign": assign,
    "return": give_back,
    "start": start,
    "reply": reply,
    "decline": decline,
    "ask": ask,
    "note": note,
    "merge": merge,
    "show": show,
    "help": help_,
}


def _meant(room: Room, order: Order) -> tuple[ServiceRequest, str]:
    """Return the request that is meant, ours alone until we are done, and the words."""
    request = _request(room, order)
    history.alone(room.db, request)
    return request, order.rest


def _passed_on(room: Room, order: Order, how: str) -> tuple[ServiceRequest, Team, str]:
    """Read a team and a reason; the number may stand on either side of the team."""
    if not order.rest:
        raise Refusal(how, **_described(room, _request(room, order)))
    team, rest = teams.read(room.pack, order.rest)
    request, reason = _meant(room, commands.read_number(replace(order, rest=rest)))
    _refuse_over(room, request)
    if team.id == request.team_id:
        raise Refusal("utter_staff_already_with", **_described(room, request))
    return request, team, reason


def _request(room: Room, order: Order) -> ServiceRequest:
    if order.request_id is not None:
        return _by_id(room, order.request_id)
    if order.numbers:
        return _find(room, order.numbers[0])
    quoted = commands.mentioned(room.quoted)
    if len(quoted) == 1:
        return _find(room, quoted[0])
    told = _told_of(room)
    if len(told) != 1:
        raise _which(told) if told else Refusal("utter_staff_say_which")
    return told[0]


def _by_id(room: Room, number: int) -> ServiceRequest:
    found = room.db.scalar(select(ServiceRequest).where(ServiceRequest.id == number))
    if found is None:
        raise Refusal("utter_staff_unknown", said=str(number))
    return found


def _find(room: Room, number: Number) -> ServiceRequest:
    """Return a request by its number; without a day, today's or the only one that is open."""
    day = number.day or f"{room.now.astimezone(room.pack.zone):%y%m%d}"
    reference = written(room.pack, day, number.count)
    meant = ServiceRequest.reference == reference
    if not number.day:
        of_any_day = ServiceRequest.reference.endswith(f"-{number.count:04d}")
        meant = or_(meant, and_(of_any_day, ServiceRequest.status.in_(OPEN)))
    found = list(room.db.scalars(select(ServiceRequest).where(meant)))
    if not found:
        raise Refusal("utter_staff_unknown", said=str(number))
    if len(found) > 1:
        raise _which(found)
    return found[0]


def _told_of(room: Room) -> list[ServiceRequest]:
    """Return what the last notice here was about, and those that came about the same moment."""
    sent = room.db.execute(
        select(Notice.about, Notice.sent_at)
        .where(
            Notice.conversation_id == room.conversation_id,
            Notice.about.startswith("staff:"),
            Notice.state == NoticeState.SENT,
        )
        .order_by(Notice.sent_at.desc(), Notice.id.desc())
        .limit(LONGEST_LIST)
    ).all()
    near = [one.about for one in sent if one.sent_at > room.now - AT_ONCE] or [
        one.about for one in sent[:1]
    ]
    ids = {int(about.removeprefix("staff:")) for about in near}
    return list(room.db.scalars(select(ServiceRequest).where(ServiceRequest.id.in_(ids))))


def _asks_for_nothing(room: Room, order: Order) -> bool:
    named = order.numbers or order.request_id is not None or room.quoted
    return not named and not order.rest and not _told_of(room)


def _which(found: Sequence[ServiceRequest]) -> Refusal:
    references = [one.reference for one in found[-MOST_NAMED:]]
    return Refusal("utter_staff_which", references="\n".join(references))


def _move(
    room: Room,
    request: ServiceRequest,
    to: Status,
    words: str = "",
    photos: Sequence[str] = (),
) -> None:
    """Make a move as at the desk; one that is not open says who was faster, and what is."""
    if to not in workflow.moves_of_staff(request.status):
        raise _cannot(room, request)
    try:
        moves.move(
            room.db,
            pack=room.pack,
            request=request,
            to=to,
            staff_id=room.staff.id,
            now=room.now,
            words=words,
            photos=photos,
        )
    except Refusal as refusal:
        if refusal.response != "utter_move_needs_photo":
            raise
        minutes = int(PHOTOS_WITHIN.total_seconds() // 60)
        raise Refusal("utter_staff_needs_photo", minutes=minutes) from None


def _refuse_talk(room: Room, order: Order) -> None:
    """Refuse words that belong to no command: who answers the phone takes no request on."""
    if order.rest and not order.numbers:
        usage = room.phrase(f"utter_staff_help_{order.command.name}")
        raise Refusal("utter_staff_say_it_so", usage=usage)


def _refuse_over(room: Room, request: ServiceRequest) -> None:
    if request.status not in workflow.UNFINISHED:
        raise _cannot(room, request)


def _cannot(room: Room, request: ServiceRequest) -> Refusal:
    """Say how a request stands, who brought it there, and what may follow."""
    moved = [one for one in history.history(room.db, request) if one.kind == Kind.MOVED]
    possible = [command for command in COMMANDS if _may(command.to, request)]
    return Refusal(
        "utter_staff_cannot",
        **_described(room, request),
        who=_who(room, moved[-1]),
        at=moved[-1].happened_at,
        possible=Text(
            zh="、".join(command.words[0] for command in possible),
            en=", ".join(command.words[-1] for command in possible),
        ),
    )


def _may(to: Status | None, request: ServiceRequest) -> bool:
    """Whether a command is open to a request: notes and looking are always."""
    return to is None or to in workflow.MOVES[Status(request.status)]


def _who(room: Room, made: Update) -> Text:
    somebody = room.db.get(Staff, made.staff_id) if made.staff_id else None
    if somebody is None:
        return room.phrase("utter_staff_by_nobody")
    return Text(zh=somebody.username, en=somebody.username)


def _photos(room: Room) -> list[str]:
    """Return the photos the speaker has sent here of late and not used yet."""
    since = room.now - PHOTOS_WITHIN
    sent = room.db.scalars(
        select(Message)
        .where(
            Message.conversation_id == room.conversation_id,
            Message.staff_id == room.staff.id,
            Message.created_at > since,
        )
        .order_by(Message.id)
    )
    used = room.db.scalars(
        select(Update).where(Update.staff_id == room.staff.id, Update.happened_at > since)
    )
    gone = {photo for update in used for photo in update.attachments}
    photos = [
        str(one["upload_id"])
        for message in sent
        for one in message.attachments
        if one["kind"] == "photo"
    ]
    return [photo for photo in dict.fromkeys(photos) if photo not in gone]


def _done(
    room: Room, response: str, request: ServiceRequest, deed: str = "", **values: Any
) -> Answer:
    notes = ((deed, f"request:{request.id}"),) if deed else ()
    return Answer(response, _described(room, request) | values, notes)


def _described(room: Room, request: ServiceRequest) -> dict[str, Any]:
    owner = room.db.get(Staff, request.staff_id) if request.staff_id else None
    return {
        **telling.described(room.pack, request),
        "status": room.phrase(f"utter_staff_status_{request.status}"),
        "owner": owner.username if owner else "—",
    }


def _list(room: Room, which: str) -> Answer:
    found = _listed(room, which)
    if not found:
        return Answer(f"utter_staff_none_{which}")
    lines = [
        room.phrase("utter_staff_line", **_described(room, one)) for one in found[:LONGEST_LIST]
    ]
    more = len(found) - len(lines)
    if more > 0:
        lines.append(room.phrase("utter_staff_more", count=more))
    return Answer(
        f"utter_staff_list_{which}", {"count": len(found), "requests": together(lines)}
    )


def _listed(room: Room, which: str) -> list[ServiceRequest]:
    """Return what waits, the most urgent first: of the chat's team, if it is a team's."""
    tomorrow = (room.now.astimezone(room.pack.zone) + timedelta(days=1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    wanted = select(ServiceRequest).where(ServiceRequest.status.in_(workflow.UNFINISHED))
    if which == "mine":
        wanted = wanted.where(ServiceRequest.staff_id == room.staff.id)
    elif room.team_id is not None:
        wanted = wanted.where(ServiceRequest.team_id == room.team_id)
    if which == "late":
        wanted = wanted.where(ServiceRequest.due_at < room.now)
    elif which == "today":
        wanted = wanted.where(ServiceRequest.due_at < tomorrow)
    return list(
        room.db.scalars(wanted.order_by(ServiceRequest.due_at, ServiceRequest.id).limit(200))
    )


def together(lines: Sequence[Text]) -> Text:
    """Write lines below one another."""
    return Text(
        zh="\n".join(line.zh for line in lines), en="\n".join(line.en for line in lines)
    )
