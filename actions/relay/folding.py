"""Reads what people type sign by sign, and figures however they are written.

One-three-eight may come as 138, １３８, 一三八, 幺三八, l38 or "one three eight".
"""

import re
import unicodedata
from dataclasses import dataclass

# Traditional signs that the patterns of this package name.
SIMPLIFIED = str.maketrans(
    "號棟單樓門點車維陸貳參兩證碼電話聯釘鋪鎮戶間證機",
    "号栋单楼门点车维陆贰叁两证码电话联钉铺镇户间证机",
)
UNSEEN = frozenset({"Cf", "Mn", "Me"})  # zero-width signs, keycaps

HAN = {
    sign: str(figure)
    for figure, signs in enumerate(
        (
            "零〇○洞",
            "一壹幺",
            "二贰两",
            "三叁",
            "四肆",
            "五伍",
            "六陆",
            "七柒拐",
            "八捌",
            "九玖勾",
        )
    )
    for sign in signs
}
SPELT = {
    **{"zero": "0", "oh": "0", "one": "1", "two": "2", "three": "3", "four": "4"},
    **{"five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9"},
}
ALIKE = {"o": "0", "l": "1", "i": "1"}  # letters that stand for figures among figures

FIGURE = re.compile(
    rf"\b(?:{'|'.join(SPELT)})\b"
    r"|(?<![a-z0-9])[0-9oli]*[0-9][0-9oli]*(?![a-z0-9])|(?<![a-z0-9])[oli]{2,4}(?![a-z0-9])"
    r"|(?=[oli]*[0-9])[0-9oli]{7,}"
    rf"|\d+|[{''.join(HAN)}]"
)


@dataclass(frozen=True)
class Folded:
    """A text in one form, and where each of its signs stands in the original."""

    text: str
    at: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of it stands in the original."""
        return self.at[start], self.at[end - 1] + 1


@dataclass(frozen=True)
class Group:
    """Figures that stand together, and where in the folded text."""

    figures: str
    start: int
    end: int


def fold(text: str) -> Folded:
    """Bring a text to one form: width, case and the traditional signs we look for."""
    signs, at = [], []
    for place, sign in enumerate(text):
        for one in unicodedata.normalize("NFKC", sign).lower().translate(SIMPLIFIED):
            if unicodedata.category(one) not in UNSEEN:
                signs.append(str(unicodedata.decimal(one)) if one.isdecimal() else one)
                at.append(place)
    return Folded("".join(signs), tuple(at))


def groups(text: str) -> list[Group]:
    """Return the figures of a folded text, those without anything between them together."""
    found: list[Group] = []
    for match in FIGURE.finditer(text):
        figures = _read(match[0])
        if found and found[-1].end == match.start():
            last = found.pop()
            found.append(Group(last.figures + figures, last.start, match.end()))
        else:
            found.append(Group(figures, match.start(), match.end()))
    return found


def _read(written: str) -> str:
    if written in SPELT:
        return SPELT[written]
    return "".join(ALIKE.get(sign) or HAN.get(sign) or sign for sign in written)
