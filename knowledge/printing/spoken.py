"""Numbers, times and dates as they are read aloud in Chinese: 06:30 is 早上六点半."""

import re
from datetime import date, datetime, time

DIGITS = "零一二三四五六七八九"
DIGITS_OF_NUMBERS = DIGITS.replace("一", "幺")  # 幺 is heard where 一 is taken for 七
UNITS = ("", "十", "百", "千")
WEEKDAYS = tuple(f"星期{day}" for day in "一二三四五六日")
# From this hour on → what a time of day begins with.
PARTS = ((18, "晚上"), (13, "下午"), (11, "中午"), (8, "上午"), (5, "早上"), (0, "凌晨"))


def number(count: int) -> str:
    """Read a count below ten thousand: 10 十, 12 十二, 105 一百零五, 220 二百二十."""
    figures = [int(figure) for figure in str(count)]
    read = ""
    for place, figure in zip(range(len(figures) - 1, -1, -1), figures, strict=True):
        if figure:
            read += DIGITS[figure] + UNITS[place]
        elif not read.endswith(DIGITS[0]):
            read += DIGITS[0]
    read = read.rstrip(DIGITS[0]) or DIGITS[0]
    return read.removeprefix("一") if 10 <= count < 20 else read


def telephone(digits: str) -> str:
    """Read a telephone number figure by figure: 110 幺幺零."""
    return re.sub(r"\d", lambda figure: DIGITS_OF_NUMBERS[int(figure[0])], digits)


def line(name: str) -> str:
    """Read a bus line: 360 三六零路; one with a name is read as it is written."""
    read = re.sub(r"\d", lambda figure: DIGITS[int(figure[0])], name)
    return f"{read}路" if name[:1].isdigit() else read


def clock(moment: datetime | time) -> str:
    """Read a time of day: 早上六点半, 上午十点零五分, 下午两点."""
    part = next(name for hour, name in PARTS if moment.hour >= hour)
    hour = (moment.hour - 1) % 12 + 1 if moment.hour else 0
    read = "两" if hour == 2 else number(hour)
    return f"{part}{read}点{_minutes(moment.minute)}"


def day(on: date) -> str:
    """Read a date: 十一月二十三号."""
    return f"{number(on.month)}月{number(on.day)}号"


def weekday(on: date) -> str:
    """Read a weekday: 星期一."""
    return WEEKDAYS[on.weekday()]


def _minutes(minutes: int) -> str:
    if minutes in {0, 30}:
        return "半" if minutes else ""
    return f"{DIGITS[0] if minutes < 10 else ''}{number(minutes)}分"
