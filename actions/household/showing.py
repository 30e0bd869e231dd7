"""What somebody is shown of their household: who is in it, and what they can do there.

Others are called by who they are to the resident, or as they wish to be called; never by a name
that was given for something else.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from actions.db import Db
from actions.people import acting, households, nicknames
from actions.people.model import Acting, Resident
from actions.square import Square
from actions.taps import Done
from knowledge.records import Text


@dataclass(frozen=True)
class Other:
    """Another member of one's household, and what they are called."""

    resident: Resident
    called: Text


def household(db: Db, square: Square, resident: Resident) -> Done:
    """Show somebody their household, or that they have none yet."""
    others = others_of(db, square, resident)
    if resident.household_id is None:
        return Done("utter_household_none")
    if not others:
        return Done("utter_household_alone")
    return Done("utter_household", {"members": listed(other.called for other in others)})


def others_of(db: Db, square: Square, resident: Resident) -> list[Other]:
    """Return the other members of somebody's household."""
    if resident.household_id is None:
        return []
    everybody = households.members(db, resident.household_id)
    return [
        Other(member, _called(db, square, resident, member, number))
        for number, member in enumerate(everybody, 1)
        if member.id != resident.id
    ]


def other(db: Db, square: Square, resident: Resident, other_id: str) -> Other | None:
    """Return another member of the household by id."""
    everybody = others_of(db, square, resident)
    return next((one for one in everybody if one.resident.id == other_id), None)


def whom_of(square: Square, one: Acting) -> Text:
    """Name the one it is done for, as who does it calls them: 妈妈."""
    return both(square, f"utter_kin_{one.kin}")


def actor_of(square: Square, one: Acting) -> Text:
    """Name who does it, to the one it is done for: 孩子."""
    return both(square, f"utter_kin_to_{one.kin}")


def both(square: Square, response: str, **values: object) -> Text:
    """Say a few words of the domain in both languages."""
    zh, en = (
        square.wording.render(response, language=language, values=values).text
        for language in ("zh", "en")
    )
    return Text(zh=zh, en=en)


def listed(names: Iterable[Text]) -> Text:
    """Put names one after the other."""
    found = list(names)
    return Text(zh="、".join(one.zh for one in found), en=", ".join(one.en for one in found))


def _called(db: Db, square: Square, me: Resident, member: Resident, number: int) -> Text:
    for one in acting.lasting_of(db, me.id):
        if one.principal_id == member.id and one.confirmed_at:
            return whom_of(square, one)
        if one.actor_id == member.id and one.confirmed_at:
            return actor_of(square, one)
    nickname = nicknames.called(db, member.id)
    if nickname:
        return Text(zh=nickname, en=nickname)
    return both(square, "utter_household_member", number=number)
