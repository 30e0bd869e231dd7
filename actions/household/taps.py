"""Deeds of one tap about households: a code, joining, linking a chat, leaving."""

from collections.abc import Mapping

from actions.db import Db
from actions.errors import Refusal
from actions.household import deputies, naming, showing, telling
from actions.people import acting, households, links, merging, nicknames
from actions.people.model import LinkCode, Resident
from actions.square import Square
from actions.taps import Deed, Done, Tap


def invite(db: Db, square: Square, tap: Tap) -> Done:
    """Give a code that lets family in; who has no household founds one."""
    home = households.of_or_new(db, tap.conversation.resident, now=tap.now)
    code = links.code_for_household(db, home.id, key=tap.key, now=tap.now)
    return Done("utter_household_code", _shown(code))


def say_code(db: Db, square: Square, tap: Tap) -> Done:
    """Tell how a code is said: simply so."""
    return Done("utter_household_say_code")


def join(db: Db, square: Square, tap: Tap) -> Done:
    """Become a member by a code that was said; the others are told."""
    code, me = _meant(db, tap), tap.conversation.resident
    if code.household_id is None:
        raise Refusal("utter_old_choice")
    households.join(db, code.household_id, me)
    others = showing.others_of(db, square, me)
    telling.joined(db, square, [one.resident.id for one in others], now=tap.now)
    named = {"members": showing.listed(one.called for one in others)}
    if nicknames.called(db, me.id) is None:
        return Done("utter_household_joined_unnamed", named)
    return Done("utter_household_joined", named)


def link_code(db: Db, square: Square, tap: Tap) -> Done:
    """Give a code that makes another chat the same person's."""
    resident_id = tap.conversation.resident_id
    code = links.code_for_resident(db, resident_id, key=tap.key, now=tap.now)
    return Done("utter_link_code", _shown(code))


def link(db: Db, square: Square, tap: Tap) -> Done:
    """Become, here too, the one whose code was said: all of both is theirs from then on."""
    code = _meant(db, tap)
    first = db.get(Resident, code.resident_id) if code.resident_id else None
    if first is None:
        raise Refusal("utter_old_choice")
    me = tap.conversation.resident
    for one in acting.lasting_of(db, me.id):
        if first.id in (one.actor_id, one.principal_id):  # nobody acts for themselves
            telling.forget(db, one)
    merging.merge(db, first, me, now=tap.now)
    telling.linked(db, tap.conversation, now=tap.now)
    return Done("utter_linked")


def say_no(db: Db, square: Square, tap: Tap) -> Done:
    """Forget a code that was said and is not meant."""
    links.meant(db, _number(tap), tap.conversation.resident_id, now=tap.now)
    return Done("utter_household_left_alone")


def more(db: Db, square: Square, tap: Tap) -> Done:
    """Show what else can be done."""
    return Done("utter_household_more")


def ask_leave(db: Db, square: Square, tap: Tap) -> Done:
    """Ask once whether somebody means to leave."""
    if tap.conversation.resident.household_id is None:
        raise Refusal("utter_household_none")
    return Done("utter_household_ask_leave")


def leave(db: Db, square: Square, tap: Tap) -> Done:
    """Be of no household any more; whoever acted for whom is told that it is over."""
    me = tap.conversation.resident
    over = households.leave(db, me, now=tap.now)
    telling.left(db, square, over, me.id, now=tap.now)
    return Done("utter_household_left")


def stay(db: Db, square: Square, tap: Tap) -> Done:
    """Leave everything as it is."""
    return Done("utter_household_left_alone")


def _meant(db: Db, tap: Tap) -> LinkCode:
    """Return the code somebody said a moment ago; it is over with this."""
    code = links.meant(db, _number(tap), tap.conversation.resident_id, now=tap.now)
    if code is None:
        raise Refusal("utter_code_wrong")
    return code


def _number(tap: Tap) -> int:
    return int(tap.value)


def _shown(code: str) -> dict[str, object]:
    minutes = int(links.LASTS.total_seconds() // 60)
    return {"code": links.shown(code), "minutes": minutes}


# The intent of a choice → what a tap on it does.
TAPS: Mapping[str, Deed] = {
    "household_invite": invite,
    "household_code": say_code,
    "household_join": join,
    "household_more": more,
    "household_leave": ask_leave,
    "household_leave_yes": leave,
    "household_stay": stay,
    "link_chat": link_code,
    "link_yes": link,
    "code_no": say_no,
    **deputies.TAPS,
    **naming.TAPS,
}
