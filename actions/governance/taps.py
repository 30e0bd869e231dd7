"""Deeds of one tap about requests: solved or not, how well, 我也遇到, photos that belong."""

from collections.abc import Callable, Mapping

from actions.conversations import Message
from actions.db import Db
from actions.errors import Refusal
from actions.governance import following, history, moves, reporting, telling
from actions.governance.model import ServiceRequest, Status
from actions.governance.roundtable import coming as roundtable
from actions.taps import Done, Tap
from knowledge.pack import Pack

Deed = Callable[[Db, Pack, Tap], Done]


def solved(db: Db, pack: Pack, tap: Tap) -> Done:
    """Take the word of somebody concerned that it is solved; asks for a rating."""
    request = _theirs(db, tap, tap.value)
    if request.status != Status.RESOLVED:
        _answer(db, pack, request, tap, solved=True)
    return Done("utter_ask_rating", telling.described(pack, request))


def not_solved(db: Db, pack: Pack, tap: Tap) -> Done:
    """Take their word that it is not: it goes back to its team, and is not waved away."""
    request = _theirs(db, tap, tap.value)
    if request.status != Status.REOPENED:
        _answer(db, pack, request, tap, solved=False)
    return Done("utter_request_taken_up_again", telling.described(pack, request))


def rate(db: Db, pack: Pack, tap: Tap) -> Done:
    """Take a rating. The value is `id=rating`."""
    number, _, rating = tap.value.partition("=")
    request = _theirs(db, tap, number)
    reporting.rate(
        db,
        request,
        resident_id=following.as_whom(db, request, tap.conversation.resident_id) or "",
        rating=int(rating),
        now=tap.now,
    )
    return Done("utter_rated")


def follow(db: Db, pack: Pack, tap: Tap) -> Done:
    """Have somebody who met the same told; what was said to be done is taken up again."""
    return join(db, pack, tap)


def join(db: Db, pack: Pack, tap: Tap, acting_id: int | None = None) -> Done:
    """Do as `follow`, perhaps for somebody one acts for."""
    request = _meant(db, tap.value)
    talk = tap.conversation
    following.follow(db, request=request, conversation=talk, now=tap.now, acting_id=acting_id)
    if request.status in following.SAID_DONE:
        _answer(db, pack, request, tap, solved=False)
    return Done("utter_request_followed", telling.described(pack, request))


def reroute(db: Db, pack: Pack, tap: Tap) -> Done:
    """Have the dispatcher look where it belongs."""
    request = _theirs(db, tap, tap.value)
    resident_id = tap.conversation.resident_id
    if not request.flagged:
        reporting.reroute(db, pack, request, resident_id=resident_id, now=tap.now)
    return Done("utter_request_rerouted", telling.described(pack, request))


def leave(db: Db, pack: Pack, tap: Tap) -> Done:
    """Have them told of it no more."""
    request = _meant(db, tap.value)
    reporting.leave(db, request, resident_id=tap.conversation.resident_id)
    return Done("utter_request_left", telling.described(pack, request))


def add_photos(db: Db, pack: Pack, tap: Tap) -> Done:
    """Add the photos of a message that came without words. The value is `id=message`."""
    number, _, message_id = tap.value.partition("=")
    request, sent = _theirs(db, tap, number), db.get(Message, int(message_id))
    if sent is None or sent.conversation_id != tap.conversation.id:
        raise Refusal("utter_old_choice")
    photos = tuple(one["upload_id"] for one in sent.attachments if one["kind"] == "photo")
    if not reporting.has_photos(db, request, photos):
        reporting.add(
            db,
            pack,
            request,
            resident_id=tap.conversation.resident_id,
            words="",
            photos=photos,
            now=tap.now,
        )
    return Done("utter_request_added", telling.described(pack, request))


def refuse(db: Db, pack: Pack, tap: Tap) -> Done:
    """Take back what somebody has reported on one's behalf, while nobody is at it."""
    request = _theirs(db, tap, tap.value)
    resident_id = tap.conversation.resident_id
    if request.status != Status.WITHDRAWN:
        reporting.withdraw(db, pack, request, resident_id=resident_id, now=tap.now)
    return Done("utter_request_withdrawn", telling.described(pack, request))


def _answer(db: Db, pack: Pack, request: ServiceRequest, tap: Tap, *, solved: bool) -> None:
    resident_id = tap.conversation.resident_id
    moves.answer(
        db, pack=pack, request=request, solved=solved, resident_id=resident_id, now=tap.now
    )


def _theirs(db: Db, tap: Tap, number: str) -> ServiceRequest:
    """Return the request a button stands for, if it concerns who taps."""
    request = _meant(db, number)
    if following.as_whom(db, request, tap.conversation.resident_id) is None:
        raise Refusal("utter_old_choice")
    return request


def _meant(db: Db, number: str) -> ServiceRequest:
    """Return the request of this id, or the one it has become part of, for us alone."""
    request = db.get(ServiceRequest, int(number))
    if request is None:
        raise Refusal("utter_old_choice")
    history.alone(db, request)
    into = request.merged_into_id
    return request if into is None else _meant(db, str(into))


# The intent of a choice → what a tap on it does.
TAPS: Mapping[str, Deed] = {
    "request_solved": solved,
    "request_not_solved": not_solved,
    "rate_request": rate,
    "follow_request": follow,
    "reroute_request": reroute,
    "leave_request": leave,
    "add_photos": add_photos,
    "refuse_request": refuse,
    **roundtable.TAPS,
}
