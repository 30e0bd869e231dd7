"""Knows when somebody asks to be spoken to, or no longer, from these words alone."""

import re
from collections.abc import Mapping

from bot.choices import ENDS
from knowledge.text import normalise

_BEFORE = (
    r"(?:请|麻烦|能不能|可不可以|可以|能|以后|都|就|那|你|您|侬|我(?:想|要|不识字)?|[,， ])*"
)
_AFTER = r"(?:给我|好吗|好不好|可以吗|行吗|吧|呢|啊|呀|了|谢谢|[,， ])*"
_BEFORE_EN = r"(?:please |can you |could you |would you |i want |i would like |i'?d like )*"
# Whether a voice is wanted → the words that are only about that.
WISHES: Mapping[bool, tuple[re.Pattern[str], ...]] = {
    True: (
        re.compile(
            rf"{_BEFORE}(?:用语音(?:回复|回答|回我|回|说|讲|告诉我)?"
            r"|(?:发|开|打开|开启)语音(?:消息|回复|播报|模式)?"
            r"|语音(?:回复|回答|播报|模式|回我)我?"
            rf"|(?:说|讲|念|读)(?:出来)?给我听听?|(?:念|读)出来){_AFTER}"
        ),
        re.compile(
            rf"{_BEFORE_EN}(?:to )?(?:speak to me"
            r"|read (?:it |that |this )?(?:out loud|aloud|to me)"
            r"|(?:(?:send|give)(?: me)? |(?:reply|answer) (?:with|by|in) )?(?:an? )?"
            r"voice (?:repl(?:y|ies)|messages?|answers?|notes?)|voice on)(?:,? please)?"
        ),
    ),
    False: (
        re.compile(
            rf"{_BEFORE}(?:(?:不用|不要|不必|别|关掉|关闭|停掉|取消)再?(?:发|用|开)?语音"
            r"(?:消息|回复|播报|模式)?"
            r"|(?:不用|不要|不必|别)再?(?:说|讲|念|读)(?:出来)?给我听"
            r"|(?:只|只要|只用|只发|用|发)?(?:文字|打字)(?:回复|回我|就行|就好|就可以)+"
            rf"|(?:只要|只用|只发)(?:文字|打字)){_AFTER}"
        ),
        re.compile(
            r"(?:please )?(?:(?:only|just) text|text only|no (?:more )?voice"
            r"(?: (?:messages?|repl(?:y|ies)|notes?))?|stop (?:the )?(?:voice|speaking)"
            r"(?: messages?| replies)?|voice off)(?:,? please)?"
        ),
    ),
}


def wished(text: str) -> bool | None:
    """Whether somebody wants a voice, or none any more; None: they speak of something else."""
    said = normalise(text).rstrip(f"{ENDS}?？")
    return next(
        (
            wants
            for wants, patterns in WISHES.items()
            if any(pattern.fullmatch(said) for pattern in patterns)
        ),
        None,
    )
