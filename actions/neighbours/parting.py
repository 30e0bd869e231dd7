"""Two neighbours are kept apart: what one helps the other with ends, and blames nobody."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from actions.conversations import Conversation
from actions.db import Db
from actions.neighbours import falling_through, lapsing, pair, telling
from actions.neighbours.model import HelpRequest, Match, MatchStatus
from actions.neighbours.pair import Pair
from actions.square import Square

LIVING = (MatchStatus.PROPOSED, MatchStatus.ACCEPTED)


def end_matches(db: Db, square: Square, resident_id: str, other_id: str, now: datetime) -> None:
    """End what one of two residents helps the other with, as the first wants.

    What was taken on goes to another neighbour while there is time.
    """
    for match_id, request_id in _living(db, resident_id, other_id):
        request = pair.hold(db, request_id)
        match = db.get_one(Match, match_id, populate_existing=True)
        if request is None or match.status not in LIVING:
            continue
        if match.status == MatchStatus.PROPOSED:
            match.status, match.answered_at = MatchStatus.LAPSED, now
            telling.take_back(db, lapsing.key_of(match))
        else:
            _free(db, square, Pair(request, match), resident_id, now)


def _free(db: Db, square: Square, found: Pair, wanted_by: str, now: datetime) -> None:
    """Let another take the need on, and tell both what is off."""
    to = MatchStatus.LAPSED  # it is no fault of the helper's
    request = falling_through.part(db, square, found, now, to)
    again = falling_through.open_again(db, square, request, now=now)
    response = "utter_parted_asker" if again else "utter_parted_asker_late"
    telling.tell_asker(db, square, request, response, now=now)
    if found.match.helper_id != wanted_by:
        helper = found.match.conversation_id
        telling.tell(db, square, request, helper, "utter_parted_helper", now=now)


def _living(db: Db, one_id: str, other_id: str) -> Sequence[tuple[int, int]]:
    """Return match and need of what lives between two; a need is theirs who need or asked."""
    both = {one_id, other_id}
    found = db.execute(
        select(
            Match.id,
            Match.request_id,
            Match.helper_id,
            HelpRequest.resident_id,
            Conversation.resident_id,
        )
        .join(HelpRequest, HelpRequest.id == Match.request_id)
        .join(Conversation, Conversation.id == HelpRequest.conversation_id)
        .where(
            Match.status.in_(LIVING),
            or_(Match.helper_id == one_id, Match.helper_id == other_id),
        )
        .order_by(Match.request_id)
    )
    return [
        (match_id, request_id)
        for match_id, request_id, helper_id, needs_it, asked in found
        if both - {helper_id} <= {needs_it, asked}
    ]
