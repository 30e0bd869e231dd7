"""Deeds of one tap on an own need: see, change, take back, post again, wait longer."""

from collections.abc import Mapping

from actions import conversations, expected
from actions.conversations import Draft
from actions.db import Db
from actions.errors import Refusal
from actions.neighbours import changing, checking, draft, listing, needs
from actions.neighbours.draft import CHANGED
from actions.neighbours.model import WAITING, HelpRequest, Status
from actions.square import Square
from actions.taps import Deed, Done, Tap


def show(db: Db, square: Square, tap: Tap) -> Done:
    """Tell all of one need."""
    told = checking.one(square, listing.own(db, tap.value, tap.conversation), now=tap.now)
    return Done(told.response, told.values)


def change_when(db: Db, square: Square, tap: Tap) -> Done:
    """Ask for another time; what is said next is taken as that."""
    _ask_anew(db, _waiting(db, tap), tap, "help_when", changed=True)
    return Done("utter_ask_help_when")


def change_what(db: Db, square: Square, tap: Tap) -> Done:
    """Ask anew what it is; what is said next is taken as that."""
    need = _waiting(db, tap)
    _ask_anew(db, need, tap, "help_kind", "help_what", "help_where", "help_long", changed=True)
    return Done("utter_help_say_anew")


def again(db: Db, square: Square, tap: Tap) -> Done:
    """Post a past need once more: only the time is asked."""
    need = listing.own(db, tap.value, tap.conversation)
    _ask_anew(db, need, tap, "help_when", changed=False)
    return Done("utter_ask_help_when")


def more_time(db: Db, square: Square, tap: Tap) -> Done:
    """Let a need wait longer."""
    need = listing.own(db, tap.value, tap.conversation)
    needs.more_time(db, square=square, request=need, now=tap.now)
    return Done("utter_help_waits_on", needs.described(square, need))


def withdraw(db: Db, square: Square, tap: Tap) -> Done:
    """Take a need back; when a neighbour is coming, only once that was said again."""
    need = listing.own(db, tap.value, tap.conversation)
    if need.status == Status.MATCHED:
        return Done("utter_help_withdraw_sure", needs.described(square, need))
    return withdraw_surely(db, square, tap)


def withdraw_surely(db: Db, square: Square, tap: Tap) -> Done:
    """Take a need back, also from a neighbour who has taken it on. Again changes nothing."""
    need = listing.own(db, tap.value, tap.conversation)
    if need.status != Status.CANCELLED:
        changing.withdraw(db, square=square, request=need, by=tap.conversation, now=tap.now)
    return Done("utter_help_withdrawn", needs.described(square, need))


TAPS: Mapping[str, Deed] = {
    checking.SHOW: show,
    "need_change_when": change_when,
    "need_change_what": change_what,
    "need_again": again,
    "need_more_time": more_time,
    "need_withdraw": withdraw,
    "need_withdraw_sure": withdraw_surely,
}


def _waiting(db: Db, tap: Tap) -> HelpRequest:
    need = listing.own(db, tap.value, tap.conversation)
    if need.status not in WAITING or need.expires_at <= tap.now:
        raise Refusal("utter_help_too_late_to_change")
    return need


def _ask_anew(db: Db, need: HelpRequest, tap: Tap, *emptied: str, changed: bool) -> None:
    """Let the next message go to the form, with what is known of the need filled in."""
    begun = db.get(Draft, tap.conversation.id)
    if begun is not None and begun.form == draft.FORM and begun.slots.get(CHANGED):
        conversations.drop_draft(db, tap.conversation.id)
    slots = draft.taken_up(need, *emptied, changed=changed)
    if not expected.expect(db, tap.conversation.id, draft.FORM, slots, now=tap.now):
        raise Refusal("utter_finish_first")
