"""Says a message in plain words before it is understood: dialect, and words that say nothing.

What a message wants does not depend on how it is said: 葛歇末班车还有伐 asks what 现在末班车
还有吗 asks. The encoder has read little Wu, and a 那个 or 麻烦了 pulls a sentence away from its
like. Names and times are read in the message as it was typed, never in this.
"""

import re

from nlu.components.text import fold

LEAST = 4  # characters that must stay: 谢谢 and 那个呢 are messages, not what surrounds one

# How people of the area, and those who moved there, say it; the longest words first.
DIALECT = {
    "什么": ("啥子", "啥个", "啥", "么子"),
    "什么时候": ("啥辰光", "啥时候", "几时", "什么辰光"),
    "哪里": ("啥地方", "啥场化", "哪儿", "哪搭", "何里"),
    "谁": ("啥人", "哪个人"),
    "为什么": ("为啥", "做啥要"),
    "怎么": ("哪能", "咋个", "咋", "哪亨"),
    "怎么样": ("哪能样子", "哪能介", "咋样", "哪能了"),
    "有没有": ("阿有", "有勿有"),
    "是不是": ("阿是", "是勿是"),
    "能不能": ("好勿好", "阿好", "能勿能"),
    "没有": ("呒没", "呒不", "呒", "嘸没", "莫得", "冇"),
    "不要": ("勿要", "覅", "弗要", "莫要", "甭"),
    "不": ("勿", "弗"),
    "知道": ("晓得",),
    "你": ("侬", "倷"),
    "你们": ("㑚",),
    "我们": ("阿拉", "伲", "俺们", "咱们"),
    "我": ("俺",),
    "他们": ("伊拉", "佢哋"),
    "他": ("伊", "佢"),
    "这里": ("格里", "搿搭", "葛搭", "这搭", "这儿", "格搭"),
    "那里": ("葛面", "埃面", "哀面", "那儿"),
    "这个": ("搿个", "葛个"),
    "这": ("搿",),
    "多少钱": ("几钿", "几多钱", "几多钿"),
    "钱": ("铜钿", "钞票"),
    "今天": ("今朝", "今日子", "今儿"),
    "明天": ("明朝", "明日子", "明儿", "明早头"),
    "昨天": ("昨日子", "昨日", "昨儿"),
    "现在": ("葛歇", "格歇", "搿歇", "眼下"),
    "时间": ("辰光",),
    "晚上": ("夜里向", "夜里头", "夜里厢", "夜里", "夜到", "夜头"),
    "早上": ("早上头", "早浪向", "早浪", "早起头"),
    "中午": ("日中", "中浪向", "中浪", "晌午"),
    "家里": ("屋里厢", "屋里向", "屋里头", "屋里"),
    "里面": ("里厢", "里向"),
    "上面": ("浪向",),
    "东西": ("物事",),
    "事情": ("事体",),
    "话": ("闲话",),
    "孩子": ("小囡", "小囝", "细佬", "娃儿", "小人家"),
    "女儿": ("囡",),
    "喜欢": ("欢喜",),
    "玩": ("白相",),
    "一起": ("一道", "一淘", "做堆"),
    "一下": ("一记",),
    "帮忙": ("相帮",),
    "邻居": ("邻舍", "隔壁邻舍"),
    "找": ("寻",),
    "睡觉": ("困觉", "瞓觉"),
    "很": ("蛮",),
    "了": ("哉", "咗"),
    "吗": ("伐", "勿啦"),
    "清楚": ("清爽", "灵清"),
    "的": ("嘅",),
}
_SAID = {said: word for word, ways in DIALECT.items() for said in ways}
# 砍伐 and 寻找 are not dialect; 格 is only before what is counted.
_KEPT = "砍伐|步伐|讨伐|寻找|野蛮|蛮横|弗兰|荷弗|请勿|非礼勿|伊斯兰|伊拉克|伊朗|一道题|一道菜"
_WORDS = re.compile(
    f"(?P<kept>{_KEPT})|" + "|".join(map(re.escape, sorted(_SAID, key=len, reverse=True)))
)
_THIS = re.compile(r"(?<![价资合规表风性人品严及体升网方空单])格(?=[个种边样件位次趟桩只些])")

# What somebody says while thinking of the next word, in front, in the middle and at the end.
_SOUND = "[嗯呃额唔哎唉诶欸哦噢喔啊呀哈嘛]+"
_THINKING = (
    "是这样的?|就是说?|怎么说呢|我(?:跟|同|和|给)你(?:讲|说)(?:啊|哦|个事)?|跟你(?:讲|说)(?:啊|个事)?|"
    "我(?:想)?问(?:一?下|问)|想问(?:一?下|问)|请问(?:一?下)?|麻烦(?:你|您)?(?:了|啦|一下)?|"
    "不好意思|说起来|话说|那个(?:啥|什么)?|这个|那么|然后|其实|反正|对了|你(?:听我|看|晓得|知道)(?:说|的|吧|吗)?"
)
_ENGLISH_BEFORE = (
    "well|u+m+|u+h+|er+m?|you know|so|listen|look|actually|excuse me|sorry|ok|okay"
)
_ENGLISH_AFTER = "thanks?(?: you)?(?: a lot)?|you see|please|ok|okay|you know|right|cheers"
BEFORE = re.compile(
    rf"^(?:(?:{_SOUND}|{_THINKING})[\s,.…、。!~:;]+|(?:{_ENGLISH_BEFORE}),\s*)+"
)
MIDDLE = re.compile(rf"(?<=[,。;!?])(?:{_SOUND},?|那个|这个|就是说?)+(?=[一-鿿])")
AFTER = re.compile(
    rf"(?:[\s,.…、。!~]+(?:{_SOUND}|{_THINKING}|这(?:个)?样子|啊对|对吧|是吧|(?:多谢|谢谢)[你您侬啊哦啦哈]*|"
    rf"就这样|你看看?|晓得吧)|,\s*(?:{_ENGLISH_AFTER})|啊对|[哦噢喔啊呀哈]+)[\s.。!~]*$"
)


def in_plain_words(text: str) -> str:
    """Return a message folded, in standard words, without what surrounds what it says."""
    said = _WORDS.sub(lambda hit: hit["kept"] or _SAID[hit[0]], fold(text).strip())
    said = _THIS.sub("这", said)
    for around in (BEFORE, MIDDLE, AFTER):
        said = _without(around, said)
    return said


def _without(around: re.Pattern[str], said: str) -> str:
    left = around.sub("", said)
    return left if len(re.findall(r"[一-鿿]|\w+", left)) >= LEAST else said
