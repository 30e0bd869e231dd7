"""How family and neighbours may call somebody: asked for, checked, and said back."""

from actions.conversations import Choice
from actions.db import Db
from actions.errors import Refusal
from actions.household.waiting import offered_last
from actions.people import nicknames
from actions.relay import naming
from actions.square import Square
from actions.taps import Done, Spoken, Tap

SKIP = "nickname_skip"  # the choice beside the question: while it is offered, we wait


def begin(db: Db, square: Square, tap: Tap) -> Done:
    """Ask what somebody may be called: what they write next is it."""
    return Done("utter_ask_nickname", {"most": nicknames.LONGEST})


def skip(db: Db, square: Square, tap: Tap) -> Done:
    """Leave it as it is."""
    return Done("utter_nickname_skipped")


def take(db: Db, square: Square, spoken: Spoken) -> Done | None:
    """Take a name we asked for; None when we did not, or when it is no name at all."""
    if offered_last(db, spoken.conversation, SKIP, now=spoken.now) is None:
        return None
    try:
        name = naming.read(spoken.text)
    except Refusal as refusal:  # asked again
        language = spoken.conversation.resident.language
        label = square.wording.render("utter_nickname_skip_label", language=language).text
        return Done(refusal.response, refusal.details, [Choice(label, SKIP)])
    if name is None:
        return None
    nicknames.call(db, spoken.conversation.resident_id, name, now=spoken.now)
    return Done("utter_nickname_taken", {"name": name})


TAPS = {"nickname_begin": begin, SKIP: skip}
