"""What neighbours may like together: what the community's clubs are about.

There is no list beside the programme: an interest is a club, so whoever is introduced has a
place to meet, and whoever edits the clubs has edited the interests.
"""

from actions.content import offline
from actions.db import Db
from knowledge.pack import Activity, Pack
from knowledge.records import Text

GROWN_UP = 18


def all_of(db: Db, pack: Pack) -> list[Activity]:
    """Return the interests one may choose, in the pack's order; of clubs for children none."""
    hidden = offline.hidden(db)
    return [
        one for one in pack.activities.values() if _is_one(one) and not hidden.activity(one.id)
    ]


def name_of(pack: Pack, interest: str) -> Text | str:
    """Return the name of an interest; its id when the pack knows it no more."""
    club = pack.activities.get(interest)
    return club.name if club else interest


def is_known(db: Db, pack: Pack, interest: str) -> bool:
    """Whether it may be chosen at this moment."""
    return any(one.id == interest for one in all_of(db, pack))


def _is_one(activity: Activity) -> bool:
    oldest = activity.age.max
    return activity.kind == "club" and (oldest is None or oldest >= GROWN_UP)
