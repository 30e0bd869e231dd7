"""Words Chinese tells the time with, and what looks like a time and is none."""

import re
from collections.abc import Iterable

from knowledge.dates.tokens import Part

HAN = "〇零一二两三四五六七八九十廿卅"
UNIT = "[一二三四五六七八九]"
DIGIT = "[〇零一二两三四五六七八九]"
N = rf"(?:\d{{1,4}}|{UNIT}?十{UNIT}?|[廿卅]{UNIT}?|{DIGIT}{{1,4}})"
# A number begins here, not in the middle of one; the 六 of 周六八点 is none.
NOT_INSIDE = rf"(?:(?<=[周期拜][{HAN}])|(?<![\d{HAN}.:/第周期拜]))"
DIGITS = {han: n for n, han in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
WEEKDAYS = {han: n for n, han in enumerate("一二三四五六日")} | {"天": 6}
RELATIVE_DAYS = {
    **{"大大后天": 4, "大后天": 3, "大后日": 3, "后天": 2, "后日": 2, "后儿": 2, "明天": 1},
    **{"明日": 1, "明儿": 1, "明朝": 1, "今天": 0, "今日": 0, "本日": 0, "今儿": 0, "今朝": 0},
    **{"昨天": -1, "昨日": -1, "昨儿": -1, "前天": -2, "前日": -2, "前儿": -2, "大前天": -3},
}
SHORT_DAYS = {"今": 0, "当": 0, "明": 1, "后": 2, "昨": -1, "前": -2}  # 明早, 今晚, 当晚
RELATIVE_YEARS = {"前年": -2, "去年": -1, "今年": 0, "明年": 1, "后年": 2}
PARTS = {
    **dict.fromkeys(("凌晨", "后半夜"), Part(0, 6, 0)),
    **dict.fromkeys(("一大早", "大清早", "清晨", "清早", "早晨", "早上", "早"), Part(6, 10, 1)),
    **dict.fromkeys(("上午", "上昼", "头午", "午前"), Part(8, 12, 1)),
    **dict.fromkeys(("中午", "正午", "晌午", "午间"), Part(11, 13, 10)),
    **dict.fromkeys(("下午", "下昼", "后晌", "午后"), Part(12, 18, 12)),
    **dict.fromkeys(("傍晚", "黄昏"), Part(17, 19, 14)),
    **dict.fromkeys(("晚上", "夜头", "晚间", "晚", "夜"), Part(18, 24, 17)),
    **dict.fromkeys(("夜里", "半夜", "深夜", "午夜"), Part(18, 24, 18)),
}
# Words that only tell which half of the day a clock means.
HINTS = {
    **dict.fromkeys(("早饭", "早餐", "晨练", "早市", "晨跑"), PARTS["早上"]),
    **dict.fromkeys(("午饭", "午餐", "午睡"), PARTS["中午"]),
    **dict.fromkeys(("晚饭", "晚餐", "夜宵", "夜市"), PARTS["晚上"]),
}
MINUTES = {"分钟": 1, "刻钟": 15, "小时": 60, "钟头": 60}
# Part of a month → its first and last day, or the month's own last where that is earlier.
MONTH_PARTS = {
    **{"初": (1, 10), "上旬": (1, 10), "中": (11, 20), "中旬": (11, 20), "下旬": (21, 31)},
    **{"底": (31, 31), "末": (31, 31)},
}
MOON_FEASTS = {(3, 3), (5, 5), (7, 7), (8, 15), (9, 9)}  # said like this, the moon is meant
NAMED_MONTHS = {"": 1, "正": 1, "冬": 11, "腊": 12}

_YEARS = "|".join(RELATIVE_YEARS)
# After 12号: it is a number of a thing, not a day.
_NUMBERED = (
    "楼|线|窗|公交|桌|门|房|车|机|院|店|柜|厅|单元|商铺|地块|文件|台|码|铺|井|灯|坑|出口|口|站|场|馆|棚|箱|"
    "教室|会议室|活动室|包[厢间]|病[房区]|通道|大[门厅]|[东南西北][门区]|公[寓馆]|别墅|宿舍|仓|垃圾|充电|"
    "停车|快递|岗|库|路|弄|信|泳|球|屋|栋|幢|座|摊|梯|电|位|员|选手|地铁|游|均|元|杆|小区|家|点位|床|诊室"
)
NO_TIME = re.compile(
    r"(?:早上|上午|中午|下午|晚上)好|下午茶|晚点|"
    rf"(?<![周期拜\d{HAN}]){N}\s*(?:楼|栋|幢|座|单元|室|层|窗)|\d+\s*(?:路|线)|"
    rf"(?<![月{HAN}]){N}(?:号|日)\s*(?:{_NUMBERED})|"
    rf"(?:路|街|弄|巷|道|村|组|门牌|地址|住在?|家[是在]|幢|座|栋|编号|单号|工号|房号|车位|尾号|排队|座位)\s*{N}号|"
    r"(?:五一|六一|八一|七一|国庆|三八|元旦|春节|重阳|清明)(?:路|街|村|桥|小区|巷|弄|广场)|"
    rf"[有这那]{N}点|{N}点(?:建议|意见|要求|问题|想法|不足|疑问|说明|希望|好处|内容)|"
    rf"一点(?:都|也|儿|点)|{N}周?岁|[一两三四五六七八九十\d]周[岁年]|周[岁年边围转到折报]|"
    r"天天|整天|全天|夜间|每日优|"
    # Words in which a day is none, and the moon's doubled months, which nobody means.
    rf"闰{N}月|"
    r"后天性|光明日报|今日头条|明日之星|大明朝|明朝(?:历史|皇帝|文化|时期|家具|那些)|"
    rf"(?:上|读|念|升)(?:小|高)?初[一二三]|初[一二三](?:学生|年级|毕业|升|的?(?:孩子|家长))|"
    # The day before another that is not said; 国庆前一天 is said.
    rf"(?<![节庆旦夕明一秋阳午宵八至诞六到-])(?:前一|头一?|第{N}个?)[天日晚夜](?:早上|上午|"
    rf"中午|下午|晚上|夜里)?(?:{N}点半?)?|"
    # How long: 一下午. How old somebody is this year.
    rf"(?<![周期拜初月{HAN}])(?:一(?:整个?|个)?|半个)(?:早上|上午|下午|晚上)|"
    rf"今年(?:多大|几岁|多少岁|高寿)|(?:{_YEARS})[^，。,.\d{HAN}]{{0,4}}{N}多?(?:岁|了)"
)
RECURS = re.compile(
    r"每(?:逢|隔)?(?:一|两)?个?(?:周|星期|礼拜|月|天|日|年|晚|早|工作日)的?"
    r"(?:[一二三四五六日天末](?:[、到至和及]?(?:周|星期|礼拜)?[一二三四五六日天])*)?"
    rf"(?:{N}号|(?<=年)(?:{N}月份?(?:[到至]{N}月份?|{N}[号日])?|[一-鿿]{{1,3}}节|元旦|清明|端午|"
    "中秋|国庆|重阳|除夕))?"
)
NEGATED = re.compile(r"(?:不是|不要|别|除了|不约|不想要)(?:在|是)?\s*$")
UNAVAILABLE = re.compile(
    r"[^，。,.;；!！?？]{0,3}?(?:没空|没时间|有事|去不了|来不了|(?<!行)不行|不方便|不在家|不去|满了)"
)
# What refuses a time, and not its day: 七点太早了，九点半.
REFUSED = re.compile(
    r"[钟整的]?(?:的话|那会儿?|就|都|也|实在|恐怕|怕是|对我来?说?)*(?:有点|有些|可能)?"
    r"(?:太[早晚赶迟]|来不及|赶不[上到及]|起不来|嫌[早晚])"
)
CHANGED = re.compile(r".*(?:改|换|挪|移|调|推迟|提前|延)期?(?:到|成|至|为)")
RANGE = re.compile(r"\s*(?:一直)?(?:到|至|-|—|–|~)+\s*(?:次日|第二天|隔天)?")
BY = re.compile(r"(?!)")  # “周五之前” comes last in Chinese
BEFORE = re.compile(r"(?:之前|以前|前(?![面台门来往后进排一二两三几半\d]))")
EITHER = re.compile(r"\s*(?:或者?|还是|和|跟|与|及|、)\s*")
TOGETHER = re.compile(r"\s*(?:和|跟|与|及|、|,|还有)?\s*")


def number(said: str) -> int:
    """Read a number below a hundred, or a year said digit by digit."""
    if said.isdigit():
        return int(said)
    said = said.replace("廿", "二十").replace("卅", "三十")
    tens, ten, units = said.rpartition("十")
    if not ten:
        return int("".join(str(DIGITS[han]) for han in said))
    return (DIGITS[tens[-1]] if tens else 1) * 10 + (DIGITS[units[-1]] if units else 0)


def any_of(words: Iterable[str]) -> str:
    """Return an expression for any of the words, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))
