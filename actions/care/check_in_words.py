"""What residents say about the daily question, read without the model."""

import re
from datetime import date, datetime, time, timedelta

from actions.care.check_in_rules import RULES
from actions.care.check_ins import Answer
from knowledge.dates import Grain, Unclear, When, read_when
from knowledge.text import normalise

EVERY_DAY = re.compile(
    r"每[天日]|天天|日日|every ?day|daily|each day|every morning", re.IGNORECASE
)
PAUSES = re.compile(
    r"出门|出去|旅游|出差|住院|不在家|去.{1,6}家住|暂停|停几天|先?(?:别|不用|不要|勿要)问|\bpause|\bskip|\baway\b"
    r"|no need to ask|do(?:n'?t| not) ask"
)
ENDS = re.compile(
    r"停掉|停了|关掉|关了|取消|退出|不(?:想|要|用|需要)(?:再|每天|天天)?(?:问|签到|问候)|别再?问|勿要问|不参加"
    r"|\bstop\b|\bcancel\b|\bend\b|turn (?:it )?off|no more|unsubscribe|do(?:n'?t| not) ask"
)
FOR_DAYS = re.compile(
    r"(?P<number>\d{1,2}|[一二两三四五六七八九十半几])\s*(?:个)?\s*"
    r"(?P<unit>天|日|周|星期|礼拜|days?\b|weeks?\b)"
)
NUMBERS = {
    **{word: number for number, word in enumerate("一二三四五六七八九十", 1)},
    **{"两": 2, "几": 3, "半": 1},
}
LONGEST_DAYS = 90

# Answers to the question, whole messages; what is not among them is left to the assistant.
WELL = re.compile(
    r"(?:我|俺|阿拉|今天|都|还|一切|蛮|很|挺|老|身体|人|嗯|噢|哦|恩|,|，|。|、|!|！|\s)*"
    r"(?:好|好的|好得很|好着呢|好滴|好嘞|ok|okay|没事|没事情|没啥|没什么|没问题|平安|安好|不错|可以|在的|在|健康|嗯|放心)"
    r"(?:的|呢|啊|呀|了|哦|嘞|额|噶|谢谢|多谢|侬|你|您|小沥|放心|,|，|。|、|!|！|\s)*"
)
WELL_EN = re.compile(
    r"(?:i'?m|i am|all|very|doing|yes|quite|pretty|feeling|everything is|everything's|[\s,.!])*"
    r"(?:fine|well|good|ok|okay|great|alright|all right)"
    r"(?:today|thanks|thank you|you|xiaoli|[\s,.!])*"
)
UNWELL = re.compile(
    r"不(?:大|太|怎么|是很)?(?:舒服|好|适意)|难受|头.{0,3}[晕昏痛疼]|胸[闷口]|(?:肚子|心口|腰|腿|脚|手|胸|背|牙).{0,2}[疼痛]"
    r"|发烧|发热|感冒"
    r"|摔|跌|没力气|没劲|喘|恶心|吐|生病|病了|起不来|救命|倒下|昏倒|晕倒|勿适意|吃力煞"
    r"|\b(?:not (?:so |very |feeling |doing )?(?:well|good|great)|unwell|sick|ill|dizzy|pain)\b"
    r"|\b(?:hurts?|fell|fever|weak)\b"
)
NOT_SO = re.compile(
    r"(?:没有?|不|没再)(?:头晕|头痛|头疼|摔|跌|感冒|发烧|生病|难受|不舒服|痛|疼)"
    r"|好不好|舒不舒服|not (?:sick|ill|dizzy)"
)
LATER = re.compile(
    r"(?:等会|等一会|等下|等一下|过会|待会|晚点|迟点|一会).{0,6}"
    r"|(?:ask me )?(?:again )?later.{0,8}"
)
LONGEST_ANSWER = 30  # characters; more is a story, for which there are people


def read_answer(text: str) -> Answer | None:
    """Return what a message says to the question; None when it is about something else."""
    said = normalise(text).strip(" 。.!！~～")
    if not said or len(said) > LONGEST_ANSWER:
        return None
    if UNWELL.search(NOT_SO.sub("", said)):
        return Answer.UNWELL
    if LATER.fullmatch(said):
        return Answer.LATER
    told = NOT_SO.sub("没事", said)
    if WELL.fullmatch(told) or WELL_EN.fullmatch(told):
        return Answer.WELL
    return None


def read_time(text: str, local: datetime) -> time | None:
    """Return the hour of the day somebody wants to be asked at; it is read back."""
    when = read_when(EVERY_DAY.sub("", text), local)
    possible = when.readings if isinstance(when, Unclear) else (when,) if when else ()
    hours = [one.start.time() for one in possible if one.grain == Grain.MINUTE]
    fitting = [hour for hour in hours if RULES.earliest <= hour < RULES.latest]
    return next(iter(fitting or hours), None)


def read_pause(text: str, local: datetime) -> tuple[date, date] | None:
    """Return the days somebody does not want to be asked on; None when they name none."""
    said = normalise(text)
    if not PAUSES.search(said):
        return None
    when = read_when(text, local)
    if isinstance(when, When) and when.grain != Grain.MINUTE:
        return _days(when, said, local.date())
    if found := FOR_DAYS.search(said):
        number = found["number"]
        count = int(number) if number.isdigit() else NUMBERS[number]
        days = count * (7 if found["unit"][0] in "周星礼w" else 1)
        return local.date(), local.date() + timedelta(days=min(days, LONGEST_DAYS) - 1)
    return None


def wants_pause(text: str) -> bool:
    """Whether somebody wants not to be asked for a while, as far as the words say."""
    return PAUSES.search(normalise(text)) is not None


def wants_end(text: str) -> bool:
    """Whether somebody wants not to be asked any more."""
    return ENDS.search(normalise(text)) is not None


UNTIL = re.compile(r"到|直到|之前|以前|until|till|through|\bto\b")


def _days(when: When, said: str, today: date) -> tuple[date, date] | None:
    last = (when.end - timedelta(seconds=1)).date()
    begins_now = UNTIL.search(said) is not None or when.start.date() < today
    first = today if begins_now else when.start.date()
    longest = first + timedelta(days=LONGEST_DAYS)
    return (first, min(last, longest)) if last >= first else None
