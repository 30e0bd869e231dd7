"""Bends messages the way people write them; the same message always bends the same way.

Each function returns a message bent in one way, unchanged where it cannot be bent so. What
tells one thing from another (numbers, days, who of the family) is left alone: 周六 without its
六 is no misspelled Saturday, it is another message.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from functools import cache

from opencc import OpenCC
from pypinyin import lazy_pinyin
from pypinyin.phrases_dict import phrases_dict

from knowledge.text import has_han, is_han

COMMON = 3000  # characters one mistypes for one another: those most phrases are made of
CHOICES = 4  # of all that sound alike, the most common come first in an input method
LEAST = 4  # characters of a message one may drop or mistype a character of

TELLING = frozenset(
    "零〇一二两三四五六七八九十百千半几日天末今明后昨前上下周星期礼拜月号点不没别勿"
    "妈爸爷奶公婆儿女孙老"
)

# Characters that look alike, each group in one string.
ALIKE = (
    *("己已巳", "人入", "土士", "干千", "午牛", "拆折", "瓜爪", "晴睛", "请清情", "住往"),
    *("侯候", "买卖", "今令", "刀力", "口囗", "贝见", "问间", "师帅", "要耍", "休体", "拔拨"),
    *("历厉", "乌鸟", "免兔", "戊戌", "辨辩", "密蜜", "冶治", "竟竞", "即既", "那哪", "坏环"),
    *("处外", "找我", "抢枪", "推堆", "报极", "楼搂", "灯打", "梯递", "路跋", "活话"),
    *("动功", "课棵", "帮邦", "图围", "馆管", "站粘", "车东", "电申", "话活", "书节", "位拉"),
    *("取职", "消悄", "预顶", "约纳", "垃拉", "圾极", "漏涌", "坑抗", "盖盍", "修候", "停仃"),
)
FILLERS_BEFORE = ("那个，", "呃，", "我跟你讲啊，", "就是说，", "哎，", "是这样的，", "嗯……")
FILLERS_AFTER = ("，这个样子", "，谢谢啊", "，麻烦了", "啊对", "，嗯", "，你看看", "哦")
ENGLISH_BEFORE = ("well, ", "um, ", "you know, ", "so, ", "listen, ")
ENGLISH_AFTER = (", thanks", ", you see", ", please", ", ok")
MIDDLE = ("那个", "嗯", "就是", "这个")

# Written Wu, as residents of the area mix it in; the longest words first.
WU = {
    "有没有": "阿有",
    "能不能": "好勿好",
    "什么时候": "啥辰光",
    "怎么样": "哪能样子",
    "多少钱": "几钿",
    "为什么": "为啥",
    "我们家": "阿拉屋里",
    "我们": "阿拉",
    "你们": "倷",
    "他们": "伊拉",
    "晚上": "夜里头",
    "早上": "早上头",
    "中午": "日中",
    "今天": "今朝",
    "明天": "明朝",
    "昨天": "昨日子",
    "现在": "葛歇",
    "什么": "啥",
    "怎么": "哪能",
    "没有": "呒没",
    "知道": "晓得",
    "不要": "勿要",
    "不用": "勿用",
    "不是": "勿是",
    "不能": "勿好",
    "这里": "格里",
    "那里": "葛面",
    "哪里": "啥地方",
    "小孩": "小囡",
    "女儿": "囡",
    "老婆": "老太婆",
    "喜欢": "欢喜",
    "东西": "物事",
    "事情": "事体",
    "一下": "一记",
    "一起": "一道",
    "很": "蛮",
    "你": "侬",
    "他": "伊",
    "她": "伊",
    "这": "格",
    "吗": "伐",
}

# What bilingual people say in English in the middle of a Chinese sentence.
ENGLISH = {
    "图书馆": "library",
    "健身房": "gym",
    "游泳池": "swimming pool",
    "电影院": "cinema",
    "停车场": "parking lot",
    "食堂": "canteen",
    "公交": "bus",
    "周末": "weekend",
    "今天": "today",
    "明天": "tomorrow",
    "周六": "Saturday",
    "周日": "Sunday",
    "报名": "sign up",
    "预约": "book",
    "取消": "cancel",
    "提醒": "reminder",
    "活动": "activity",
    "志愿者": "volunteer",
    "瑜伽": "yoga",
    "时间": "time",
    "电话": "phone",
    "新闻": "news",
    "邻居": "neighbor",
    "快递": "package",
    "电梯": "elevator",
    "帮忙": "help",
    "谢谢": "thanks",
    "你好": "hello",
    "再见": "bye",
    "反馈": "feedback",
    "消息": "message",
    "免费": "free",
    "孩子": "kids",
    "课": "class",
}

Bend = Callable[[str], str]


def homophone(text: str) -> str:
    """Mistype one character for another that sounds the same, as an input method offers it."""
    return _swap(text, "homophone", lambda character: _sounds_like().get(character, ""))


def lookalike(text: str) -> str:
    """Take one character for another that looks like it, as handwriting is misread."""
    return _swap(text, "lookalike", lambda character: _looks_like().get(character, ""))


def dropped(text: str) -> str:
    """Leave one character out, never the first."""
    places = [place for place in _mistaken(text) if place]
    if not places or len(text) < LEAST:
        return text
    place = _chance(text, "dropped").choice(places)
    return text[:place] + text[place + 1 :]


def traditional(text: str) -> str:
    """Write it in traditional characters."""
    return str(_to_traditional().convert(text))


def filler(text: str) -> str:
    """Put words around and into it that say nothing."""
    chance = _chance(text, "filler")
    if not has_han(text):
        return chance.choice(ENGLISH_BEFORE) + text + chance.choice(ENGLISH_AFTER)
    comma = text.find("，")
    if comma > 0:
        text = f"{text[: comma + 1]}{chance.choice(MIDDLE)}{text[comma + 1 :]}"
    return chance.choice(FILLERS_BEFORE) + text + chance.choice(FILLERS_AFTER)


def wu(text: str) -> str:
    """Say in Wu what the table knows."""
    return _replace(text, WU)


def mixed(text: str) -> str:
    """Say in English what the table knows, in the middle of a Chinese sentence."""
    bent = _replace(text, {word: f" {said} " for word, said in ENGLISH.items()})
    return text if bent == text else " ".join(bent.split())


def capitals(text: str) -> str:
    """Write all Latin letters large."""
    return text.upper()


def bare(text: str) -> str:
    """Leave out punctuation, and spaces beside Chinese characters."""
    kept = re.sub(r"[，。！？、；：…,.!?;:'\"“”‘’（）()]+", "", text)
    return re.sub(r"\s+", "", kept) if has_han(kept) else kept


BENDS: Mapping[str, Bend] = {
    "homophone": homophone,
    "lookalike": lookalike,
    "dropped": dropped,
    "traditional": traditional,
    "filler": filler,
    "wu": wu,
    "mixed": mixed,
    "capitals": capitals,
    "bare": bare,
}


def _swap(text: str, kind: str, others: Callable[[str], str]) -> str:
    places = [place for place in _mistaken(text) if others(text[place])]
    if not places or len(text) < LEAST:
        return text
    chance = _chance(text, kind)
    place = chance.choice(places)
    return text[:place] + chance.choice(others(text[place])) + text[place + 1 :]


def _mistaken(text: str) -> list[int]:
    """Return the places of the characters that may go wrong."""
    return [n for n, one in enumerate(text) if is_han(one) and one not in TELLING]


def _chance(text: str, kind: str) -> random.Random:
    return random.Random(f"{kind}:{text}")


def _replace(text: str, table: Mapping[str, str]) -> str:
    words = "|".join(map(re.escape, sorted(table, key=len, reverse=True)))
    return re.sub(words, lambda hit: table[hit[0]], text)


@cache
def _sounds_like() -> dict[str, str]:
    """Return for each common character the others that sound the same, tones aside."""
    used = Counter(one for phrase in phrases_dict for one in phrase if is_han(one))
    alike: dict[str, list[str]] = defaultdict(list)
    for one, _ in used.most_common(COMMON):
        alike[lazy_pinyin(one)[0]].append(one)
    return {
        one: "".join([other for other in same if other not in {one, *TELLING}][:CHOICES])
        for same in alike.values()
        for one in same
    }


@cache
def _looks_like() -> dict[str, str]:
    groups: dict[str, str] = defaultdict(str)
    for group in ALIKE:
        for one in group:
            groups[one] += "".join(other for other in group if other not in {one, *TELLING})
    return dict(groups)


@cache
def _to_traditional() -> OpenCC:
    return OpenCC("s2hk")
