"""What is told of a need: its kind and time, how far, by what name; never who or where.

A name somebody gave for their neighbours lies in `words` and nowhere else, so what speaks of
it is written out at once and kept there.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from actions import conversations, outbox
from actions.conversations import Conversation
from actions.db import Db
from actions.neighbours import needs
from actions.neighbours.model import HelpRequest, Match
from actions.outbox import Notice, NoticeState
from actions.people import nicknames
from actions.people.model import Words
from actions.quiet import quiet_ends
from actions.square import Square
from actions.wording import to_json
from knowledge.pack import Text

SOON = timedelta(hours=3)
NEAREST, NEAR, FAR = 50, 500, 100  # m: rounded to NEAREST up to NEAR, then to FAR


def described(square: Square, request: HelpRequest) -> dict[str, Any]:
    """Return the values the responses about a need speak of; no words of residents."""
    return {**needs.described(square, request), "id": request.id}


def in_json(square: Square, request: HelpRequest) -> dict[str, Any]:
    """Return `described` as a notice keeps it."""
    return to_json(described(square, request))


def details(square: Square, request: HelpRequest, metres: int | None) -> Text:
    """Return what a neighbour who is asked may know beside kind and time."""
    place = square.pack.places.get(request.place_id or "")
    parts = [
        _part(square, "minutes", minutes=request.minutes) if request.minutes else None,
        distance(square, metres),
        _part(square, "place", place=place.name) if place else None,
        *(_special(square, request.special)),
    ]
    return _joined(parts)


def distance(square: Square, metres: int | None) -> Text | None:
    """Return roughly how far two are from one another; None when that is not known."""
    return None if metres is None else _part(square, "metres", metres=rough(metres))


def rough(metres: int) -> int:
    """Round a distance so that it tells no door: 320 m are 300 m."""
    grain = NEAREST if metres <= NEAR else FAR
    return max(NEAREST, round(metres / grain) * grain)


def called(db: Db, square: Square, resident_id: str) -> str | Text:
    """Return what neighbours call somebody, or that it is a neighbour. For replies only."""
    return nicknames.called(db, resident_id) or square.in_both("utter_help_a_neighbour")


def tell(  # noqa: PLR0913 - who is told what of whom, when
    db: Db,
    square: Square,
    request: HelpRequest,
    conversation_id: str,
    response: str,
    *,
    now: datetime,
    due_at: datetime | None = None,
    stale_at: datetime | None = None,
    match: Match | None = None,
    key: str = "",
    named: str = "",
    **values: Any,
) -> None:
    """Owe somebody a notice about a need; `named` is the resident it calls {who}."""
    told = {**described(square, request), **values}
    notice: dict[str, Any] = {
        "conversation_id": conversation_id,
        "response": response,
        "due_at": due_at or now,
        "stale_at": stale_at,
        "about": about(match) if match else needs.about(request),
        "key": key,
    }
    nickname = nicknames.called(db, named) if named else None
    if nickname is None:
        told |= {"who": square.in_both("utter_help_a_neighbour")} if named else {}
        outbox.put(db, values=to_json(told), **notice)
        return
    resident = db.get_one(Conversation, conversation_id).resident
    said = square.wording.render(
        response,
        language=resident.language,
        elder=resident.elder,
        values={**told, "who": nickname},
    )
    words = Words(resident_id=named, text=said.text, created_at=now)
    db.add(words)
    db.flush()
    outbox.put(db, words_id=words.id, choices=said.choices, **notice)


def tell_asker(
    db: Db, square: Square, request: HelpRequest, response: str, **notice: Any
) -> None:
    """Tell who asked, and who needs it where that is somebody else. Takes what `tell` takes."""
    own = conversations.of_resident(db, request.resident_id)
    told = {request.conversation_id, own.id if own else request.conversation_id}
    for conversation_id in sorted(told):
        tell(db, square, request, conversation_id, response, **notice)


def about(match: Match) -> str:
    """Return the cause of notices for one of the two only."""
    return f"match:{match.id}"


def take_back(db: Db, key: str) -> bool:
    """Take a notice back; False when somebody may have heard it already."""
    held = select(Notice).where(Notice.key == key).with_for_update()
    notice = db.scalar(held.execution_options(populate_existing=True))
    if notice is None:
        return True
    untried = notice.state in (NoticeState.WAITING, NoticeState.CANCELLED) and not notice.tries
    unheard = untried or notice.state in (NoticeState.HELD, NoticeState.TO_PHONE)
    if unheard:
        notice.state = NoticeState.CANCELLED
        db.flush()
    return unheard


def is_soon(square: Square, request: HelpRequest, now: datetime) -> bool:
    """Whether a need is for so soon that nothing about it can wait: nights do not count.

    A need that lasts days is for the last of them.
    """
    lasts_days = request.wanted_until - request.wanted_from > timedelta(days=1)
    wanted = request.wanted_until if lasts_days else request.wanted_from
    return wanted <= quiet_ends(now, square.zone) + SOON


def in_time(square: Square, request: HelpRequest, now: datetime) -> datetime:
    """Return when news of a need are told: at once, or in the morning if they can wait."""
    return now if is_soon(square, request, now) else quiet_ends(now, square.zone)


def nothing() -> Text:
    """Return what is said where there is nothing to say."""
    return Text(zh="", en="")


def _special(square: Square, special: Iterable[str]) -> list[Text]:
    known = [f"utter_help_special_{one}" for one in special]
    return [
        _part(square, "special", special=square.in_both(response))
        for response in known
        if response in square.wording.responses
    ]


def _part(square: Square, name: str, **values: Any) -> Text:
    return square.in_both(f"utter_help_part_{name}", **values)


def _joined(parts: Iterable[Text | None]) -> Text:
    said = [part for part in parts if part is not None]
    return Text(zh="".join(one.zh for one in said), en="".join(one.en for one in said))
