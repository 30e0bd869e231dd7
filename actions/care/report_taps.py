"""What is done about a neighbour by taps: whom, then only block, or report and block."""

import re
from collections.abc import Mapping, Sequence
from functools import partial

from actions.care import awaiting, reports, whom
from actions.care.model import NeighbourReport
from actions.care.parting import Part, part
from actions.care.whom import MOST, MOST_ELDER, Met
from actions.conversations import Choice, Message
from actions.db import Db
from actions.errors import Refusal
from actions.people import blocks
from actions.square import Square
from actions.taps import Deed, Done, Spoken, Tap
from knowledge.records import Text
from knowledge.text import normalise

NO_MORE = "report_no_more"
LIST_WORDS = re.compile(
    r"(?:我的|看看?|查看?)拉黑|黑名单|(?:取消|解除|撤销|不再?)拉黑|拉黑了(?:谁|哪些|几个)|放出来|放开"
    r"|\bunblock|block(?:ed)? ?list|my blocks|(?:who|whom) (?:have|did) i block"
)
TELLS = 8  # characters: less than that of a first message says nothing of what happened


def is_about_blocks(text: str) -> bool:
    """Whether somebody wants to see, or take back, whom they have blocked."""
    return LIST_WORDS.search(normalise(text)) is not None


def begin(db: Db, square: Square, tap: Tap, words_in: int | None = None) -> Done:
    """Ask about whom it is, where it may be several, and then what is to be done.

    The tap's value is a relay (and `=message`, in which they have said it), a cause as
    `about:help:12`, or empty. `words_in` is the message that began it.
    """
    said, _, message = tap.value.partition("=")
    resident = tap.conversation.resident
    if said.startswith("about:"):
        met = whom.of_cause(db, said.removeprefix("about:"), resident.id)
        return _what(db, square, met, message)
    if said:
        return _what(db, square, whom.meant(db, said, resident.id), message)
    known = whom.met(db, resident.id, now=tap.now)[: MOST_ELDER if resident.elder else MOST]
    message = str(words_in or "")
    if len(known) == 1:
        return _what(db, square, known[0], message)
    return _whom(db, square, known, message, resident.language)


def show_blocks(db: Db, square: Square, tap: Tap) -> Done:
    """Show whom they have blocked; a tap takes one back."""
    resident = tap.conversation.resident
    most = MOST_ELDER if resident.elder else MOST
    mine = blocks.blocked_by(db, resident.id)[:most]
    if not mine:
        return Done("utter_blocks_none")
    lines = [
        square.in_both(
            "utter_blocks_line",
            name=whom.name(db, square, one.other_id),
            day=one.made_at.astimezone(square.zone).date(),
        )
        for one in mine
    ]
    return Done(
        "utter_blocks",
        {"neighbours": whom.listed(lines)},
        [
            Choice(whom.nth(square, number, resident.language), "unblock", one.other_id)
            for number, one in enumerate(mine, 1)
        ],
    )


def unblock(db: Db, square: Square, tap: Tap) -> Done:
    """Take a block back; the other side never knew, and is not told."""
    gone = blocks.unblock(db, tap.conversation.resident_id, tap.value)
    return Done("utter_unblocked" if gone else "utter_unblocked_before")


def leave(db: Db, square: Square, tap: Tap) -> Done:
    """Do nothing."""
    return Done("utter_report_left")


def no_more(db: Db, square: Square, tap: Tap) -> Done:
    """Wait for no more words: the report is with staff as it is."""
    return Done("utter_report_made")


def block(db: Db, square: Square, tap: Tap, *, also: Part) -> Done:
    """Part the two, and nothing else."""
    _part(db, square, tap, also)
    return Done("utter_blocked")


def block_and_report(db: Db, square: Square, tap: Tap, *, also: Part) -> Done:
    """Part the two and have staff look; the words may follow, and need not."""
    met, message = _part(db, square, tap, also)
    made = reports.report(
        db,
        square,
        reporter=tap.conversation,
        met=met,
        words=_said_in(db, tap, message),
        now=tap.now,
    )
    language = tap.conversation.resident.language
    label = square.wording.render("utter_report_no_more", language=language).text
    return Done("utter_report_ask_words", choices=[Choice(label, NO_MORE, str(made.id))])


def take_words(db: Db, square: Square, spoken: Spoken) -> Done | None:
    """Take the words of what happened, when they follow the question for them."""
    asked = awaiting.offered(db, spoken.conversation.id, {NO_MORE}, now=spoken.now)
    if asked is None or not spoken.text.strip():
        return None
    found = db.get(NeighbourReport, int(asked.value))
    if found is None or found.reporter_id != spoken.conversation.resident_id:
        return None
    if found.closed_at is not None:
        return None
    reports.add_words(db, found, spoken.text, now=spoken.now)
    return Done("utter_report_made")


def taps(also: Part) -> Mapping[str, Deed]:
    """Return the intents of choices, and what a tap on each does; `also` ends the rest."""
    return {
        "report_neighbour": begin,
        "block_neighbour": partial(block, also=also),
        "block_and_report": partial(block_and_report, also=also),
        NO_MORE: no_more,
        "leave_report": leave,
        "show_blocks": show_blocks,
        "unblock": unblock,
    }


def _whom(db: Db, square: Square, known: Sequence[Met], message: str, language: str) -> Done:
    """Ask which neighbour it is, or say what can be done where there is none."""
    if not known:
        return Done("utter_report_nobody_met")
    lines = [whom.described(db, square, one) for one in known]
    choices = [
        Choice(
            whom.nth(square, number, language),
            "report_neighbour",
            f"{one.relay.id}={message}",
        )
        for number, one in enumerate(known, 1)
    ]
    return Done("utter_report_whom", {"neighbours": whom.listed(lines)}, choices)


def _what(db: Db, square: Square, met: Met, message: str) -> Done:
    told: dict[str, Text | str] = {
        "neighbour": whom.described(db, square, met),
        "what": f"{met.relay.id}={message}",
    }
    return Done("utter_report_what", told)


def _part(db: Db, square: Square, tap: Tap, also: Part) -> tuple[Met, str]:
    said, _, message = tap.value.partition("=")
    met = whom.meant(db, said, tap.conversation.resident_id)
    if met.other.resident_id == tap.conversation.resident_id:
        raise Refusal("utter_old_choice")
    mine, theirs = tap.conversation.resident_id, met.other.resident_id
    part(db, square, mine, theirs, also=also, now=tap.now)
    return met, message


def _said_in(db: Db, tap: Tap, message: str) -> str:
    """Return what the message that began it tells of what happened: it is not asked twice."""
    sent = db.get(Message, int(message)) if message.isdigit() else None
    if sent is None or sent.conversation_id != tap.conversation.id:
        return ""
    return sent.text if len(sent.text.strip()) >= TELLS else ""
