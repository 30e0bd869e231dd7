"""What a message about news wants: which topics, of where, and whether to begin or to stop."""

import re
from dataclasses import dataclass
from enum import StrEnum

from actions.news.model import Rhythm
from knowledge.pack import Pack
from knowledge.text import has_han, normalise


class Want(StrEnum):
    """What is to be done about subscriptions."""

    BEGIN = "begin"
    STOP = "stop"
    WHICH = "which"
    LOOK = "look"  # it says nothing of being sent anything: what there is now is shown


# The first that is found counts; nobody is subscribed who has not said so.
WANTS = (
    (
        Want.WHICH,
        re.compile(
            r"[订訂][阅閱]?(?:了|过)?(?:什么|哪些|啥|几个|点啥)|我的订阅|订阅(?:列表|清单|记录)"
            r"|有没有订|(?:怎么|哪里|哪儿|如何|咋).{0,6}[订訂定]|how (?:do|can) i|can i pick"
            r"|(?:what|which)\b.*subscri|my subscriptions|list .*subscri"
        ),
    ),
    # Not so often is no end of it.
    (Want.BEGIN, re.compile(r"(?:不要|别|不用|勿要)每?天|not every day|less often")),
    (
        Want.STOP,
        re.compile(
            r"退订|(?:取消|关掉|关闭|停掉|停止|屏蔽)"
            r"|(?:不要|别|勿要|不用|不想|不愿|不需要|用不着|甭)再?.{0,6}?(?:发|推|送|收|看|订|通知|听|提醒|告诉)"
            r"|(?:发|推|送)得?太多|unsubscribe|\b(?:cancel|no more|mute|opt out)\b"
            r"|\bstop (?:the|all|my|any|those|these|sending|telling|news|weekly|daily)"
            r"|(?:don'?t|do not|no longer) (?:send|tell|want|need|notify)"
        ),
    ),
    (
        Want.BEGIN,
        re.compile(
            r"订|定阅|发给|[发推]我|[发推送].{0,4}[给到]|给我.{0,6}[发推送]|推送|告诉|跟我说|说一声|通知我"
            r"|提醒|每天|每个?(?:周|星期|礼拜)|一个?(?:周|星期|礼拜)|关注"
            r"|subscri|\b(?:send|notify|inform|sign me up|let me know)\b"
            r"|\btell me (?:when|about|if)\b|\b(?:daily|weekly|every day|every week)\b"
            r"|\b(?:keep me|get (?:news|notices)|notifications?)\b"
            r"|would like|want to (?:get|hear|be told)"
        ),
    ),
)
RHYTHMS = (
    (
        Rhythm.WEEKLY,
        re.compile(
            r"每个?(?:周|星期|礼拜)|一个?(?:周|星期|礼拜).{0,6}?(?:一|1)(?:次|回)"
            r"|weekly|once a week|every week"
        ),
    ),
    (
        Rhythm.DAILY,
        re.compile(
            r"(?<!不要)(?<!别)(?<!不用)(?:每天|天天|每日)"
            r"|\bdaily\b|(?<!not )every day|once a day"
        ),
    ),
)
# The whole of a message that ends digests for somebody who gets them, whatever else is meant.
STOP = re.compile(
    r"(?:小沥|请|麻烦|以后|你)*(?:不要|别|勿要|不用)再?(?:给我|跟我)?(?:发|推送?|送)(?:这些|这种|这类)?"
    r".{0,6}?(?:新闻|消息|通知|家头条|推送|了)(?:了|吧|啦)*"
    r"|(?:please )?(?:stop|do not send|don'?t send)(?: me)?(?: the| any| this)? news"
    r"(?: any ?more)?"
)


@dataclass(frozen=True)
class Wish:
    """What is wanted; without topics all of them, without an area where they live."""

    want: Want
    topics: tuple[str, ...] = ()
    area: str = ""
    rhythm: Rhythm | None = None


def read(pack: Pack, text: str) -> Wish:
    """Read a message that is about subscriptions."""
    said = normalise(text)
    want = next((want for want, sign in WANTS if sign.search(said)), Want.LOOK)
    rhythm = next((rhythm for rhythm, sign in RHYTHMS if sign.search(said)), None)
    return Wish(want, topics_in(pack, said), area_in(pack, said), rhythm)


def topics_in(pack: Pack, text: str) -> tuple[str, ...]:
    """Return the topics a text names."""
    said = normalise(text)
    return tuple(
        topic.id
        for topic in pack.news_topics.values()
        if any(_names(word, said) for word in (topic.name.zh, topic.name.en, *topic.words))
    )


def area_in(pack: Pack, text: str) -> str:
    """Return the area a text names by its longest name; "" for none."""
    said = normalise(text)
    names = (
        (len(name), area.id)
        for area in pack.areas.values()
        for name in (area.name.zh, area.name.en, *area.aliases)
        if _names(name, said)
    )
    return max(names, default=(0, ""))[1]


def is_stop(text: str) -> bool:
    """Whether the whole of a message says that no more news is to be sent."""
    return STOP.fullmatch(normalise(text).strip(" 。.!！~")) is not None


def _names(name: str, said: str) -> bool:
    """Whether a name stands in a text; a Latin one as a word of its own."""
    known = normalise(name)
    if has_han(known):
        return known in said
    return re.search(rf"\b{re.escape(known)}\b", said) is not None
