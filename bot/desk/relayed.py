"""What somebody without a page says to a neighbour: staff on the phone write it down for them.

It is theirs, masked as all that neighbours say to one another, and the log names who wrote. A
door or a number is given as in a chat: shown once the other side wants to see it.
"""

from starlette.responses import Response

from actions.conversations import Conversation
from actions.errors import Refusal
from actions.people import scope
from actions.relay import relaying, releases
from actions.relay.model import Relay
from bot.desk import calls, labels
from bot.desk.neighbour_help import find, side_on_phone
from bot.desk.visit import Visit, go

WORDS = "words"


def answer(visit: Visit) -> Response:
    """Pass on what is answered to what was read out, and tick the call off.

    Raises:
        Refusal: nothing was written, it answers no neighbour, the line is closed, or somebody
            else has told it.
    """
    notice, talk = calls.find(visit)
    if not calls.is_said_by_neighbour(notice):
        raise Refusal("utter_desk_not_like_that")
    _pass_on(visit, relaying.of_notice(visit.db, notice.about), talk)
    calls.tick_off(visit, notice, talk)
    return go("/calls")


def say(visit: Visit) -> Response:
    """Pass on what somebody who rings wants their neighbour to know.

    Raises:
        Refusal: nothing was written, it is nobody's who phones, or the line is closed.
    """
    need = find(visit)
    talk = side_on_phone(visit.db, need)
    if talk is None:
        raise Refusal("utter_desk_not_like_that")
    _pass_on(visit, relaying.of(visit.db, f"help:{need.id}"), talk)
    return go(f"/help/{need.id}")


def _pass_on(visit: Visit, relay: Relay | None, sender: Conversation) -> None:
    words, what = visit.words().strip(), visit.sent.get("what", WORDS)
    if not words or what not in labels.RELAYED:
        raise Refusal("utter_desk_no_words")
    with scope.unlimited(visit.db):  # the neighbour may live in another village
        line = releases.line_to_give(visit.db, relay, sender, now=visit.now)
        if what == WORDS:
            relaying.pass_on(visit.db, visit.square, relay, sender, words, visit.now)
        else:
            releases.offer(visit.db, visit.square, line, what, words, visit.now)
    visit.note(f"passed_on_{what}", line.relay.about)
