"""Puts a message into plain words before it is read: dialect, slips of the thumb, spaces."""

import re

from knowledge.dates.chinese_words import HAN, N, number

_WEEKDAY = "(?=[一二三四五六日天1-7])"
_A_CLOCK = f"(?={N}[点:时])"

PLAIN = [
    (re.compile(expression), word)
    for expression, word in (
        # How Wu speakers say it; 今夜到明天 is no 夜到.
        (r"早浪[向头]?|早[上起]头|大清老早", "早上"),
        ("上半[日天]", "上午"),
        ("下半[日天]", "下午"),
        ("中浪[向头]?", "中午"),
        ("黄昏头|夜快[头边]?", "傍晚"),
        ("夜里[向头厢]|夜到(?![明后次第周星礼凌早])", "夜里"),
        ("(?<=[今明后昨前][朝日])(?:仔|子(?![女弟孙]))", ""),
        # What only sounds like the word that is meant.
        (f"[星惺][其斯奇七期]{_WEEKDAY}", "星期"),
        (f"礼[败白百]{_WEEKDAY}|[理里]拜{_WEEKDAY}", "礼拜"),
        (rf"(?<![早晚])(?P<half>[上中下])[五舞伍武]{_A_CLOCK}", r"\g<half>午"),
        ("夏午|下[无吾](?!线)", "下午"),
        ("明[填添]", "明天"),
        ("后[填添](?![表写加])", "后天"),
        (r"\bwe(?:dn?|n|nd)sday", "wednesday"),
        (r"\bth(?:urd|rusd|rud)ay", "thursday"),
        (r"\bsat(?:er|u)day", "saturday"),
        (r"\btonite\b", "tonight"),
        (rf"(?<![\d{HAN}])元月(?=份|底|初|的|$|{N}[号日])", "一月"),  # 50元月租 is money
        # Spaces among Chinese words, but not between two numbers.
        (rf"(?<=[一-鿿])(?<![{HAN}])\s+(?=[\d一-鿿])", ""),
        (rf"(?<=[{HAN}\d])\s+(?=[一-鿿])(?![{HAN}])", ""),
    )
]
# 两三点 and 十七八号 are from the one to the other; 周三四点 is one of each.
NEIGHBOURS = re.compile(
    rf"(?<![\d{HAN}周期拜初第])(?P<tens>二?十)?(?P<one>[一二两三四五六七八九])"
    "(?:(?P<other>[两二三四五六七八九])(?=[点号])|(?P<ten>十)(?=点))"
)


def in_plain_words(said: str) -> str:
    """Return a normalised message in the words the grammars know."""
    for expression, word in PLAIN:
        said = expression.sub(word, said)
    return NEIGHBOURS.sub(_from_one_to_the_other, said)


def _from_one_to_the_other(match: re.Match[str]) -> str:
    one, other, tens = match["one"], match["other"] or match["ten"], match["tens"] or ""
    if number(other) != number(one) + 1:
        return match[0]
    return f"{tens}{one}到{tens}{other}"
