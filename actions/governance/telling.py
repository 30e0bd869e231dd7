"""Who is told of what happened to a request: residents once each, and the staff it is for.

Residents who have heard much of late hear the rest together, after a while. Words written to
them, and questions, never wait.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from actions import outbox
from actions.db import Db
from actions.governance import following
from actions.governance.following import Party
from actions.governance.model import ServiceRequest, Update
from actions.outbox import Notice, NoticeState
from actions.people.model import Area, StaffChat
from actions.people.scope import RESTRICTED
from actions.quiet import quiet_ends
from actions.wording import to_json
from knowledge.pack import Pack

MANY = 3  # news of requests within WITHIN: what comes then is told together
WITHIN = timedelta(hours=1)
TOGETHER_AFTER = timedelta(minutes=30)
NEWS = "utter_requests_news"


def residents(  # noqa: PLR0913 - what is told, of what, with what, when
    db: Db,
    pack: Pack,
    request: ServiceRequest,
    made: Update,
    response: str,
    *,
    now: datetime,
    can_wait: bool = False,
    but: str = "",
    **values: Any,
) -> None:
    """Tell everybody a request concerns what was made of it, and the words that go with it.

    What `can_wait` is not told in the quiet hours. The resident `but` did it, and knows.
    """
    due_at = quiet_ends(now, pack.zone) if can_wait else now
    told = (party for party in following.parties(db, request) if party.reader_id != but)
    for party in sorted(told, key=lambda party: party.conversation_id):  # for all in one order
        one(db, pack, request, made, response, party, due_at=due_at, **values)


def one(  # noqa: PLR0913 - as `residents`
    db: Db,
    pack: Pack,
    request: ServiceRequest,
    made: Update,
    response: str,
    party: Party,
    *,
    due_at: datetime,
    **values: Any,
) -> None:
    """Tell one of them; the same update is told once, however often this is called."""
    words_id = made.words_id
    if words_id is None and _has_heard_much(db, party.conversation_id, due_at):
        _tell_together(db, pack, request, party.conversation_id, due_at)
        return
    told = {**described(pack, request), **values}
    _put(db, request, made, party, response=response, told=told, due_at=due_at)
    if words_id is not None:
        _put(db, request, made, party, words_id=words_id, due_at=due_at)


def let_go(
    db: Db, pack: Pack, request: ServiceRequest, made: Update, party: Party, now: datetime
) -> None:
    """Tell somebody that they hear no more of a request, and nothing else of it."""
    told = described(pack, request)
    response = "utter_request_shown_no_more"
    _put(db, request, made, party, response=response, told=told, due_at=now)


def on_behalf(db: Db, pack: Pack, request: ServiceRequest, *, now: datetime) -> None:
    """Tell a resident, by day and once, what somebody reported for them."""
    told = following.parties(db, request)
    if len(told) < 2:
        return
    outbox.put_once(
        db,
        key=f"request:{request.id}:on_behalf",
        conversation_id=told[-1].conversation_id,
        response="utter_theirs_filed",
        due_at=quiet_ends(now, pack.zone),
        values=to_json(described(pack, request)),
        about=f"theirs:request:{request.id}",  # no news: it does not count among them
    )


def question(db: Db, pack: Pack, request: ServiceRequest, made: Update, now: datetime) -> None:
    """Ask the reporter whether it is solved, by day; taken back once the request moves."""
    _put(
        db,
        request,
        made,
        following.parties(db, request)[0],
        response="utter_request_ask_solved",
        told=described(pack, request),
        due_at=quiet_ends(now, pack.zone),
        filed=_question(request),
    )


def ask_at(db: Db, request: ServiceRequest, conversation_id: str) -> None:
    """Ask elsewhere whether it is solved, if that is still to be asked."""
    outbox.readdress(db, _question(request), conversation_id)


def take_question_back(db: Db, request: ServiceRequest) -> None:
    """Ask no more whether it is solved, if that is still to be asked."""
    outbox.cancel(db, _question(request))


def staff(  # noqa: PLR0913 - as `residents`
    db: Db,
    pack: Pack,
    request: ServiceRequest,
    made: Update,
    response: str,
    *,
    now: datetime,
    urgent: bool = True,
    **values: Any,
) -> None:
    """Tell the chats of the team a request is with, and those of the tier that stands for it.

    No words of residents: a chat is not a place to keep them.
    """
    due_at = now if urgent else quiet_ends(now, pack.zone)
    for chat in _chats(db, request):
        outbox.put_once(
            db,
            key=f"staff:{request.id}:{made.id}:{chat.conversation_id}",
            conversation_id=chat.conversation_id,
            response=response,
            due_at=due_at,
            values=to_json({**described(pack, request), **values}),
            about=f"staff:{request.id}",
        )


def described(pack: Pack, request: ServiceRequest) -> dict[str, Any]:
    """Return the values the responses about a request speak of; no words of residents."""
    team, category = pack.teams.get(request.team_id), pack.categories.get(request.category_id)
    place = pack.places.get(request.place_id or "")
    return {
        "id": request.id,
        "reference": request.reference,
        "category": category.name if category else request.category_id,
        "team": team.name if team else request.team_id,
        "place": place.name if place else "—",
        "due": request.due_at,
        "filed": request.created_at,
    }


def _put(  # noqa: PLR0913 - as `residents`
    db: Db,
    request: ServiceRequest,
    made: Update,
    party: Party,
    *,
    due_at: datetime,
    response: str = "",
    told: Mapping[str, Any] | None = None,
    words_id: int | None = None,
    filed: str = "",
) -> None:
    key = f"request:{request.id}:{made.id}:{party.conversation_id}"
    outbox.put_once(
        db,
        key=key if words_id is None else f"{key}:w",
        conversation_id=party.conversation_id,
        response=response,
        due_at=due_at,
        values=to_json(told or {}),
        about=filed or about(request.id),
        photos=made.attachments if response else (),
        words_id=words_id,
        staff_id=made.staff_id,
    )


def about(request_id: int) -> str:
    """Return what news of a request are filed under."""
    return f"request:{request_id}"


def _question(request: ServiceRequest) -> str:
    return f"request:{request.id}:solved"


def _has_heard_much(db: Db, conversation_id: str, now: datetime) -> bool:
    lately = or_(Notice.state == NoticeState.WAITING, Notice.sent_at > now - WITHIN)
    heard = select(func.count(Notice.id)).where(
        Notice.conversation_id == conversation_id,
        Notice.about.startswith("request:"),
        Notice.words_id.is_(None),  # words belong to the news before them
        lately,
    )
    return (db.scalar(heard) or 0) >= MANY


def _tell_together(
    db: Db, pack: Pack, request: ServiceRequest, conversation_id: str, now: datetime
) -> None:
    """Add a request to the news that wait for somebody, or begin such news.

    News that can wait a while can wait until the morning.
    """
    waiting = db.scalar(
        select(Notice)
        .where(
            Notice.conversation_id == conversation_id,
            Notice.response == NEWS,
            Notice.state == NoticeState.WAITING,
            Notice.lease_until.is_(None),
        )
        .with_for_update()
    )
    if waiting is None:
        outbox.put(
            db,
            conversation_id=conversation_id,
            response=NEWS,
            due_at=quiet_ends(now + TOGETHER_AFTER, pack.zone),
            values={"count": 1, "references": request.reference},
            about=f"news:{conversation_id}",
        )
        return
    references = waiting.values["references"].split("\n")
    if request.reference not in references:
        references.append(request.reference)
    waiting.values = {"count": len(references), "references": "\n".join(references)}
    db.flush()


def _chats(db: Db, request: ServiceRequest) -> list[StaffChat]:
    """Return where staff are told: the team's chats, and the area's of the request's tier."""
    chats = db.execute(
        select(StaffChat, Area.tier)
        .join(Area, Area.id == StaffChat.area_id)
        .where(StaffChat.ended_at.is_(None))
        .where(or_(StaffChat.team_id == request.team_id, StaffChat.team_id.is_(None)))
        .order_by(StaffChat.id)
    )
    return [chat for chat, tier in chats if _is_for(chat, tier, request)]


def _is_for(chat: StaffChat, tier: str, request: ServiceRequest) -> bool:
    reaches = (request.area_id or chat.area_id).startswith(chat.area_id)
    if chat.team_id is not None:
        return reaches
    return reaches and tier == request.tier and request.visibility != RESTRICTED
