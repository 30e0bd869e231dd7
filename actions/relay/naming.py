"""Whether words are a name neighbours may be told, and no phone, no door, no other wish."""

import re

from actions.errors import Refusal
from actions.people import nicknames
from actions.relay import masking
from knowledge.text import normalise

CALL_ME = re.compile(
    r"^(?:你们?|邻居|大家)?(?:可以|就|都)?(?:叫我|喊我|我叫|我是|就叫)|(?:就行|就好|好了|吧)$"
    r"|^(?:(?:just )?call me|i am|i'm|my name is)\s+",
    re.IGNORECASE,
)
# What would tell more than a name does, even where it is no whole number or address.
TELLING = re.compile(
    r"\d{2}|[零〇一二两三四五六七八九幺]{4,}|[0-9一二三四五六七八九十百]+(?:号|幢|栋|单元|室|弄|楼|层|组|座)"
    r"|小区|https?:|www\.|@|\.com|微信|\bwx\b|\bqq\b|weixin|wechat"
    r"|\b(?:road|street|flat|apartment|building|unit|room|phone)\b|电话|手机号|门牌"
)
# What is said to us rather than a name: it is not ours to take.
SAID_TO_US = re.compile(
    r"[?？]|吗|呢$|什么|怎么|几点|哪里|哪个|多少|为什么|人工|取消|算了|帮我|我要|我想|你好|您好|谢谢"
    r"|^我的|都(?:行|可以|好|能)|随便|随时|不限|全镇|有空|周末|每[周天]|上午|下午|晚上"
    r"|\b(?:what|where|when|how|why|cancel|hello|hi|thanks|thank you|please|can you|person)\b"
    r"|^my (?!name\b)|\b(?:any ?time|anywhere|weekends?|whole town)\b"
)


def read(text: str) -> str | None:
    """Return the name somebody says: 王阿姨 of 叫我王阿姨; None when it is said to us instead.

    Raises:
        Refusal: it is too long, or tells more than a name.
    """
    said = " ".join(text.split()).strip("。.!！")
    if not said or SAID_TO_US.search(normalise(said)):
        return None
    name = CALL_ME.sub("", said).strip()
    if TELLING.search(normalise(name)) or masking.mask(name).kinds:
        raise Refusal("utter_nickname_telling")
    if not 1 <= len(name) <= nicknames.LONGEST:
        raise Refusal("utter_nickname_long", most=nicknames.LONGEST)
    return name
