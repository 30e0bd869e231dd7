"""Deeds of one tap about meeting neighbours: let me introduce, agree, yes, no, no more."""

import re
from collections.abc import Mapping

from actions.acquaintance import interests, service
from actions.acquaintance.model import Introduction
from actions.conversations import Choice, Conversation
from actions.db import Db
from actions.square import Square
from actions.taps import Deed, Done, Spoken, Tap
from actions.wording import to_json
from knowledge.text import normalise

SHOWN, SHOWN_ELDER = 6, 2  # interests at once, beside the tap for more
MORE = "more:"
# What ends it, said in words: nothing else is meant by a whole message like this.
STOP = re.compile(
    r"(?:小沥|请|我|以后|现在)*(?:不想|不要|不用|不愿意?|别|勿要?|停掉?|停止|取消|关掉?)再?(?:给我|帮我|替我|跟我|让我)?"
    r"(?:再|去)?(?:认识|介绍|問|介紹|認識)(?:新|别的|其他)?(?:的)?(?:邻居|朋友|人|鄰居)?(?:了|吧|啦)*"
    r"|(?:please |xiaoli )*(?:stop|no more|cancel|end)(?: the| my| with the)? "
    r"(?:introductions?|introducing(?: me)?(?: to (?:neighbou?rs|people|anybody|anyone))?)"
    r"|(?:please )?(?:do not|don'?t) introduce me(?: to (?:neighbou?rs|people|anybody|anyone))?"
    r"(?: any ?more| again)?"
    r"|i (?:do not|don'?t|no longer) (?:want|wish) to meet (?:new )?(?:neighbou?rs|people)"
    r"(?: any ?more)?"
)


def introduce_me(db: Db, square: Square, tap: Tap) -> Done:
    """Ask what somebody likes, then for their consent; who agreed before adds an interest.

    The value is an interest's id, empty for all, or `more:6` for those after the sixth.
    """
    if not tap.value or tap.value.startswith(MORE):
        return _which(db, square, tap)
    if service.openness_of(db, tap.conversation.resident_id):
        return agree_to_be_asked(db, square, tap)
    name = interests.name_of(square.pack, tap.value)
    return Done("utter_meet_consent", to_json({"interest": name, "value": tap.value}))


def agree_to_be_asked(db: Db, square: Square, tap: Tap) -> Done:
    """Take the consent, and what somebody likes. The value is the interest's id."""
    made = service.open_up(db, square, tap.conversation, tap.value, now=tap.now)
    language = tap.conversation.resident.language
    between = square.wording.render("utter_filter_between", language=language).text
    names = (interests.name_of(square.pack, one) for one in made.interests)
    liked = between.join(square.wording.shown(name, language) for name in names)
    known = tap.conversation.resident.area_id is not None
    return Done("utter_meet_open" if known else "utter_meet_open_no_area", {"interests": liked})


def yes(db: Db, square: Square, tap: Tap) -> Done:
    """Take a yes. The value is the introduction's id."""
    number = int(tap.value)
    both = service.answer(db, square, tap.conversation, number, agreed=True, now=tap.now)
    if not both:
        return Done("utter_meet_waits")
    return Done("utter_meet_introduced", _values(db, square, number))


def no(db: Db, square: Square, tap: Tap) -> Done:
    """Take a no, which nobody hears of. The value is the introduction's id."""
    number = int(tap.value)
    both = service.answer(db, square, tap.conversation, number, agreed=False, now=tap.now)
    if both:  # it is too late for a no: the line can be closed
        return Done("utter_meet_introduced", _values(db, square, number))
    return Done("utter_meet_declined")


def stop(db: Db, _square: Square, tap: Tap) -> Done:
    """Introduce them no more."""
    return _stopped(db, tap.conversation, tap)


def take_stop(db: Db, _square: Square, spoken: Spoken) -> Done | None:
    """Take the words that end it, said at any time."""
    if not STOP.fullmatch(normalise(spoken.text).strip(" 。.!！~")):
        return None
    return _stopped(db, spoken.conversation, spoken)


def _stopped(db: Db, conversation: Conversation, said: Tap | Spoken) -> Done:
    was_open = service.stop(db, conversation.resident_id, now=said.now)
    return Done("utter_meet_stopped" if was_open else "utter_meet_not_open")


def _which(db: Db, square: Square, tap: Tap) -> Done:
    resident = tap.conversation.resident
    first = int(tap.value.removeprefix(MORE) or 0)
    limit = SHOWN_ELDER if resident.elder else SHOWN
    everything = interests.all_of(db, square.pack)
    shown = everything[first : first + limit]
    choices = [Choice(one.name.in_(resident.language), "introduce_me", one.id) for one in shown]
    if len(everything) > first + limit:
        label = square.wording.render("utter_label_meet_more", language=resident.language)
        choices.append(Choice(label.text, "introduce_me", f"{MORE}{first + limit}"))
    return Done("utter_meet_which", choices=choices)


def _values(db: Db, square: Square, number: int) -> dict[str, object]:
    return to_json(service.values_of(square, db.get_one(Introduction, number)))


# The intent of a choice → what a tap on it does.
TAPS: Mapping[str, Deed] = {
    "introduce_me": introduce_me,
    "agree_to_be_asked": agree_to_be_asked,
    "agree_to_meet": yes,
    "decline_to_meet": no,
    "stop_introductions": stop,
}
