"""亲情代办 in a chat: for whom, who that is, their yes or no, and the end of it."""

from actions import elder
from actions.conversations import Choice
from actions.db import Db
from actions.errors import Refusal
from actions.household import showing, telling
from actions.household.waiting import offered_last
from actions.people import acting, kin
from actions.people.model import Acting, Resident
from actions.square import Square
from actions.taps import Done, Spoken, Tap

MOST_CHOICES = 8
LONGEST_WORD = 20  # 我的外婆, my grandmother; what is longer speaks of something else


def begin(db: Db, square: Square, tap: Tap) -> Done:
    """Ask for whom; what goes on already can be ended here."""
    me = tap.conversation.resident
    lasting = acting.lasting_of(db, me.id)
    ends = [_end_choice(square, me, one) for one in lasting]
    plainer = [
        _elder_choice(db, square, one)
        for one in lasting
        if one.actor_id == me.id and one.confirmed_at
    ]
    mine = {one.principal_id for one in lasting if one.actor_id == me.id}
    others = [
        other for other in showing.others_of(db, square, me) if other.resident.id not in mine
    ]
    begins = [
        Choice(
            square.wording.shown(other.called, me.language), "acting_whom", other.resident.id
        )
        for other in others
    ]
    if not begins and not ends:
        raise Refusal("utter_acting_alone")
    response = "utter_acting_whom" if begins else "utter_acting_lasting"
    return Done(response, choices=[*begins, *plainer, *ends][:MOST_CHOICES])


def whom(db: Db, square: Square, tap: Tap) -> Done:
    """Ask who somebody of the household is to the resident."""
    other = _other(db, square, tap.conversation.resident, tap.value)
    return Done("utter_acting_kin", {"whom": other.called, "member": other.resident.id})


def ask(db: Db, square: Square, tap: Tap) -> Done:
    """Ask somebody of the household whether we may act for them. The value is `id=kin`."""
    member, _, kind = tap.value.partition("=")
    other = _other(db, square, tap.conversation.resident, member)
    one = acting.ask(db, tap.conversation.resident_id, other.resident.id, kind, now=tap.now)
    named = {"whom": showing.whom_of(square, one)}
    if one.confirmed_at:
        return Done("utter_acting_already", named)
    telling.asked(db, square, one, now=tap.now)
    return Done("utter_acting_asked_them", named)


def take(db: Db, square: Square, spoken: Spoken) -> Done | None:
    """Take a word for who somebody is (外婆) where we asked for it; None elsewhere."""
    kind = kin.kind_of(spoken.text)
    if kind is None or len(spoken.text) > LONGEST_WORD:
        return None
    offered = offered_last(db, spoken.conversation, "acting_ask", now=spoken.now)
    if offered is None:
        return None
    value = f"{offered.value.partition('=')[0]}={kind}"
    try:
        return ask(db, square, Tap(spoken.conversation, value, spoken.now, spoken.key))
    except Refusal as refusal:
        return Done(refusal.response, refusal.details)


def confirm(db: Db, square: Square, tap: Tap) -> Done:
    """Take the yes of the one it is done for; again says the same."""
    one = _asked_of(db, tap)
    was = one.confirmed_at
    acting.confirm(db, one, now=tap.now)
    if was is None:
        telling.agreed(db, square, one, now=tap.now)
    return Done("utter_acting_confirmed", _who(square, one))


def refuse(db: Db, square: Square, tap: Tap) -> Done:
    """Take their no; nobody acts for them."""
    one = _asked_of(db, tap)
    if acting.end(db, one, now=tap.now):
        if one.confirmed_at:  # they said yes before, and tap the same notice now
            telling.ended(db, square, one, one.principal_id, now=tap.now)
        else:
            telling.refused(db, square, one, now=tap.now)
    return Done("utter_acting_refused", _who(square, one))


def end(db: Db, square: Square, tap: Tap) -> Done:
    """End it, from either side."""
    me = tap.conversation.resident_id
    one = db.get(Acting, int(tap.value))
    if one is None or me not in (one.actor_id, one.principal_id):
        raise Refusal("utter_old_choice")
    if acting.end(db, one, now=tap.now):
        telling.ended(db, square, one, me, now=tap.now)
    return Done("utter_acting_ended")


def speak_plainly(db: Db, square: Square, tap: Tap) -> Done:
    """Switch elder mode for somebody they act for. The value is `id=on` or `id=off`."""
    number, _, word = tap.value.partition("=")
    one = db.get(Acting, int(number))
    if one is None or one.actor_id != tap.conversation.resident_id:
        raise Refusal("utter_old_choice")
    return elder.switch_for(db, square, one, on=word == "on", now=tap.now)


def _asked_of(db: Db, tap: Tap) -> Acting:
    one = db.get(Acting, int(tap.value))
    if one is None or one.principal_id != tap.conversation.resident_id:
        raise Refusal("utter_old_choice")
    return one


def _other(db: Db, square: Square, me: Resident, other_id: str) -> showing.Other:
    other = showing.other(db, square, me, other_id)
    if other is None:
        raise Refusal("utter_acting_not_home")
    return other


def _end_choice(square: Square, me: Resident, one: Acting) -> Choice:
    mine = one.actor_id == me.id
    name = showing.whom_of(square, one) if mine else showing.actor_of(square, one)
    label = "utter_acting_end_mine" if mine else "utter_acting_end_theirs"
    said = square.wording.render(label, language=me.language, values={"name": name})
    return Choice(said.text, "end_acting", str(one.id))


def _elder_choice(db: Db, square: Square, one: Acting) -> Choice:
    """Offer what is not so yet: simple words for a parent, or the usual ones."""
    word = "off" if db.get_one(Resident, one.principal_id).elder else "on"
    name, me = showing.whom_of(square, one), db.get_one(Resident, one.actor_id)
    label = f"utter_label_elder_{word}_for"
    said = square.wording.render(label, language=me.language, values={"name": name})
    return Choice(said.text, "acting_elder", f"{one.id}={word}")


def _who(square: Square, one: Acting) -> dict[str, object]:
    return {"who": showing.actor_of(square, one)}


TAPS = {
    "acting_begin": begin,
    "acting_whom": whom,
    "acting_ask": ask,
    "confirm_acting": confirm,
    "refuse_acting": refuse,
    "end_acting": end,
    "acting_elder": speak_plainly,
}
