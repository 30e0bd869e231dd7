"""What helper and asker say while help is under way: "我到了", when its button is gone.

On a page only the newest choices can be tapped, and much may be said between a yes and a
visit. Words are taken only from whom they can be meant by: who has taken a need on, or whose
need is taken.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import or_, select

from actions import conversations
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours.model import HelpRequest, Match, MatchStatus, Status
from actions.neighbours.taps import TAPS
from actions.square import Square
from actions.taps import Done, Spoken, Tap
from knowledge.text import normalise

# The deed → what is said for it, beside the labels of its button.
HELPER_SAYS: Mapping[str, frozenset[str]] = {
    "help_arrived": frozenset(
        {"我到了", "到了", "我到啦", "我已经到了", "已经到了"}
        | {"i am here", "i'm here", "i have arrived", "i've arrived"}
    ),
    "help_left": frozenset({"我走了", "我回去了", "我先走了", "i have left", "i've left"}),
    "withdraw_help": frozenset(
        {"去不了了", "我去不了了", "来不了了", "我来不了了", "没去成"}
        | {"i cannot come", "i can't come", "i could not go"}
    ),
    "help_done": frozenset({"办好了", "帮好了", "it is done", "yes, it is done"}),
}
ASKER_SAYS: Mapping[str, frozenset[str]] = {
    "help_done": HELPER_SAYS["help_done"],
    "help_not_come": frozenset({"没来", "没有来", "人没来", "他没来", "她没来", "nobody came"}),
}
# Said of whichever is nearest in time; all else only where there is no other.
OF_NOW = frozenset({"help_arrived", "help_left", "help_done"})


def take(db: Db, square: Square, spoken: Spoken) -> Done | None:
    """Do what somebody says of help under way; None when it is about something else."""
    said = normalise(spoken.text).strip("。.!！~～ ")
    for says, under_way in ((HELPER_SAYS, _given), (ASKER_SAYS, _taken)):
        deed = next((deed for deed, words in says.items() if said in words), None)
        if deed is None:
            continue
        needs = under_way(db, spoken)
        if len(needs) == 1 or (needs and deed in OF_NOW):
            return _do(db, square, spoken, deed, _nearest(needs, spoken.now))
    return None


def _do(db: Db, square: Square, spoken: Spoken, deed: str, need: HelpRequest) -> Done:
    conversations.hold(db, spoken.conversation.id)  # before its notices, as a tap does
    try:
        with db.begin_nested():
            return TAPS[deed](db, square, Tap(spoken.conversation, str(need.id), spoken.now))
    except Refusal as refusal:
        return Done(refusal.response, refusal.details)


def _given(db: Db, spoken: Spoken) -> list[HelpRequest]:
    """Return the needs somebody has taken on."""
    return list(
        db.scalars(
            select(HelpRequest)
            .join(Match, Match.request_id == HelpRequest.id)
            .where(
                Match.helper_id == spoken.conversation.resident_id,
                Match.status == MatchStatus.ACCEPTED,
            )
        )
    )


def _taken(db: Db, spoken: Spoken) -> list[HelpRequest]:
    """Return somebody's needs, or those they asked for another, that a neighbour has taken."""
    return list(
        db.scalars(
            select(HelpRequest).where(
                HelpRequest.status == Status.MATCHED,
                or_(
                    HelpRequest.resident_id == spoken.conversation.resident_id,
                    HelpRequest.conversation_id == spoken.conversation.id,
                ),
            )
        )
    )


def _nearest(needs: list[HelpRequest], now: datetime) -> HelpRequest:
    return min(needs, key=lambda need: (abs(need.wanted_from - now), need.id))
