"""All deeds of one tap and all awaited words, put together from the topics' tables."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import actions.tables  # noqa: F401 - every table is known: a merge reads the schema
from actions import consenting, elder, errand_taps
from actions.acquaintance import taps as introductions
from actions.booking.programme import Programme
from actions.booking.taps import TAPS as BOOKINGS
from actions.care import check_in_taps, report_taps, worries
from actions.db import Db
from actions.errors import Refusal
from actions.governance.roundtable import coming
from actions.governance.taps import TAPS as REQUESTS
from actions.household import codes as household_codes
from actions.household import deputies, naming
from actions.household.taps import TAPS as HOUSEHOLDS
from actions.leaving.taps import TAPS as OWN_DATA
from actions.neighbours import offer_taps, saying
from actions.neighbours.need_taps import TAPS as NEEDS
from actions.neighbours.taps import TAPS as NEIGHBOURS
from actions.news import taps as news
from actions.relay import channels
from actions.relay import taps as relay
from actions.square import Square
from actions.taps import Deed, Done, Spoken, Taker, Tap
from bot.partings import part

OnProgramme = Callable[[Db, Programme, Tap], Done]


def _of_pack(deed: Callable[[Db, Any, Tap], Done]) -> OnProgramme:
    return lambda db, programme, tap: deed(db, programme.pack, tap)


def _of_square(deed: Deed) -> OnProgramme:
    return lambda db, programme, tap: deed(db, square_of(programme), tap)


def square_of(programme: Programme) -> Square:
    """Return what topics without a programme stand on."""
    return Square(programme.pack, programme.wording)


def _question(db: Db, square: Square, spoken: Spoken) -> Done | None:
    return coming.take_question(db, spoken.conversation, spoken.text, now=spoken.now)


def _consented(db: Db, programme: Programme, tap: Tap) -> Done:
    """Write a consent down, and go on at once with what it was asked for."""
    given = OWN_DATA["give_consent"](db, square_of(programme), tap)
    meant = consenting.read(tap.value)
    if meant is None or meant.then is None:
        return given
    try:
        with db.begin_nested():
            go_on = TAPS[meant.then.intent]
            return go_on(db, programme, replace(tap, value=meant.then.value))
    except Refusal as refusal:  # the consent stands
        return Done(refusal.response, refusal.details)


def _where_it_is_safe(db: Db, programme: Programme, tap: Tap) -> Done:
    """Hand data out on a channel that may carry it; on others say where."""
    if not channels.carries(db, tap.conversation):
        return Done("utter_mydata_on_the_page")
    return OWN_DATA["export_my_data"](db, square_of(programme), tap)


# Tables of topics that stand on the square.
ON_THE_SQUARE: tuple[Mapping[str, Deed], ...] = (
    NEEDS,
    NEIGHBOURS,
    relay.TAPS,
    report_taps.taps(part),
    worries.TAPS,
    check_in_taps.TAPS,
    offer_taps.TAPS,
    HOUSEHOLDS,
    introductions.TAPS,
    news.TAPS,
    OWN_DATA,
    errand_taps.TAPS,
    elder.TAPS,
)

# The intent of a choice → what a tap on it does.
TAPS: Mapping[str, OnProgramme] = {
    **BOOKINGS,
    **{intent: _of_pack(deed) for intent, deed in REQUESTS.items()},
    **{intent: _of_square(deed) for table in ON_THE_SQUARE for intent, deed in table.items()},
    "give_consent": _consented,
    "export_my_data": _where_it_is_safe,
    "speak_again": lambda _db, _programme, _tap: Done("utter_voice_again"),
}

# Who may have waited for what somebody says next; the first that did takes it.
TAKERS: tuple[Taker, ...] = (
    household_codes.take,
    relay.take,
    saying.take,
    _question,
    report_taps.take_words,
    worries.take_words,
    offer_taps.take_hours,
    deputies.take,
    naming.take,
    introductions.take_stop,
    news.take_stop,
    check_in_taps.take_answer,
    errand_taps.take_asked,
)
# Who takes words even while a person answers: nobody could mean them for that person.
ALWAYS: tuple[Taker, ...] = (household_codes.take,)
