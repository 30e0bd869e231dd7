"""What waits is listed when somebody asks, and dropped when they say so."""

import re
from collections.abc import Mapping

from actions import errands
from actions.db import Db
from actions.errands import Errand, ErrandState
from actions.square import Square
from actions.taps import Deed, Done, Spoken, Tap
from actions.wording import Wording
from knowledge.text import normalise

# 还有什么没办 · 还剩哪些事要办 · what is left to do
ASKED = re.compile(
    r"(?:我|小沥)?(?:还有|还剩|剩下)(?:什么|哪些|啥|几件)(?:事情?|东西)?(?:是)?(?:我)?(?:还)?"
    r"(?:没|没有|要|等着|在等)(?:办|办完|处理|弄)(?:的)?(?:事情?)?"
    r"|(?:我)?(?:没办完|没办|等着办|记下)的(?:事情?)?(?:有哪些|是什么|还有吗)?"
    r"|what(?: is|'s) (?:left|still|waiting)(?: to (?:do|be done)| waiting| left)?"
    r"|what else (?:is left|is waiting|was there)"
)


def named(wording: Wording, errand: Errand, language: str) -> str:
    """Return what a waiting errand is called: as it was said, or its form's name."""
    if errand.draft is None:
        return errand.words
    return wording.render(f"utter_left_{errand.intent}", language=language).text


def take_asked(db: Db, square: Square, spoken: Spoken) -> Done | None:
    """List what waits, if that is what somebody asks."""
    if not ASKED.fullmatch(normalise(spoken.text).strip("。.!！?？吗呢啊 ")):
        return None
    waiting = errands.waiting(db, spoken.conversation.id, now=spoken.now)
    if not waiting:
        return Done("utter_errands_none")
    language = spoken.conversation.resident.language
    names = [named(square.wording, errand, language) for errand in waiting]
    lines = [f"{number}. {name}" for number, name in enumerate(names, 1)]
    return Done("utter_errands_waiting", {"list": "\n".join(lines)})


def drop(db: Db, square: Square, tap: Tap) -> Done:
    """Forget what was left; it may have been taken up or dropped meanwhile."""
    errand = errands.find(db, tap.conversation.id, tap.value)
    if errand is None:
        return Done("utter_old_choice")
    what = named(square.wording, errand, tap.conversation.resident.language)
    errands.end(db, errand, ErrandState.DROPPED, now=tap.now)
    return Done("utter_errand_dropped", {"what": what})


TAPS: Mapping[str, Deed] = {"drop_errand": drop}
