"""Whether a message drops what is being booked for another activity: “算了，我想约书法社”."""

import re
from dataclasses import replace

from actions.booking import matching, reading
from actions.dialogue import Turn

# A part of a sentence that lets something go.
GONE = re.compile(
    r"算了|不(?:想|要|用|再)?(?:约|报|去|参加|上|是|对)|不要|不行|取消|别"
    r"|\b(?:don'?t|do not|cancel|never ?mind|forget|not|no|scrap)\b",
    re.IGNORECASE,
)
WISHES = re.compile(
    r"约|报|参加|加入|预定|登记|抢|想去|要去|换成|换到|改成"
    r"|\b(?:book|join|sign (?:me|us) up|enrol|rather|instead|go to|switch to)\b",
    re.IGNORECASE,
)
MARKS = re.compile(r"[，,。；;.!！]|\b(?:but|and)\b")


def instead(turn: Turn, current: str) -> Turn | None:
    """Return the turn with what a message wishes instead of an activity, clearly and by name.

    None when it wishes no other: it names none, only asks, or takes something back.
    """
    if not current or turn.choice or reading.asks(turn.text):
        return None
    parts = MARKS.split(turn.text)
    rest = "，".join(part for part in parts if not GONE.search(part))
    named = {activity.id for activity in matching.named(turn.pack, rest)}
    if not named or current in named or not WISHES.search(rest):
        return None
    return replace(turn, text=rest)
