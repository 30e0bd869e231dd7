"""Reads "tell them that …": what is left without it is what the other side is told."""

import re

WHOM = (
    r"(?:对方|对面|人家|邻居|[那这][个位]邻居|帮我的(?:人|邻居)|来?帮忙的(?:人|邻居|那位)?"
    r"|我帮的(?:人|那位|邻居)|[那这][位个]?(?:阿姨|叔叔|大伯|大姐|大哥|小伙子|师傅)|他们?|她|伊)"
)
ZH = re.compile(
    r"^\s*(?:你|小沥)?[,，]?\s*"
    r"(?:请|麻烦你?|劳驾|帮忙|帮我|替我|给我|能不能|可以|可不可以|我想|我要)*\s*"
    rf"(?:[跟和对给同向]\s*{WHOM}\s*(?:说|讲|带[个句]?话|发[个条]?(?:消息|信息)?|回[个句]?(?:话)?"
    r"|留[个句]?(?:言|话)|捎[个句]?(?:话|口信))"
    rf"|(?:告诉|转告|通知|回复|提醒|转达给?|问问?|捎话给|带话给|发消息给)\s*{WHOM}"
    rf"|[把将]?(?:这句|这个)?[转传](?:话|告|达)?给\s*{WHOM})"
    r"\s*(?:一声|一下|下|一句|句话|个话|声|讲|说)*\s*(?:就说|说是)?\s*[:：,，、]?\s*"
)
EN = re.compile(
    r"^\s*(?:please|pls|can you|could you|would you|kindly|i want to|i'd like to)?\s*"
    r"(?:tell|message|text|ask|inform|remind|let|answer|notify|write to|write|say to|reply to"
    r"|pass (?:this |it )?on to|send (?:a message|word|this) to|relay (?:this )?to"
    r"|give (?:a message|word) to)\s+"
    r"(?:him|her|them|(?:the|my|that)\s+(?:other side|other person|neighbou?r|helper|lady|man"
    r"|woman|one i help|volunteer|person(?:\s+(?:helping|who is helping)\s+me)?))\b"
    r"\s*(?:know)?\s*(?:that|to say|saying)?\s*[:,]?\s*",
    re.IGNORECASE,
)


def without(text: str) -> str | None:
    """Return what somebody is to be told; "" if nothing yet, None without any such words."""
    for pattern in (ZH, EN):
        if match := pattern.match(text):
            return text[match.end() :].strip(" “”\"'「」")
    return None
