"""For whom a resident asks: words for family and friends, and how they are spoken of."""

import re

from knowledge.text import normalise

# Words for one person, and words that name two.
ONE = (
    *(
        "妈妈",
        "老妈",
        "妈",
        "母亲",
        "爸爸",
        "老爸",
        "爸",
        "父亲",
        "爷爷",
        "奶奶",
        "外公",
        "外婆",
    ),
    *(
        "姥姥",
        "姥爷",
        "公公",
        "婆婆",
        "岳父",
        "岳母",
        "丈人",
        "丈母娘",
        "老伴",
        "老头子",
        "老太婆",
    ),
    *(
        "老公",
        "老婆",
        "爱人",
        "丈夫",
        "妻子",
        "儿子",
        "女儿",
        "囡囡",
        "小囡",
        "孩子",
        "小孩",
        "娃",
    ),
    *("儿媳", "媳妇", "女婿", "孙子", "孙女", "外孙女", "外孙", "哥哥", "弟弟", "姐姐", "妹妹"),
    *("舅舅", "阿姨", "姑姑", "叔叔", "邻居", "朋友", "同事", "哥", "弟", "姐", "妹"),
)
TWO = ("爷爷奶奶", "外公外婆", "爸爸妈妈", "爸妈", "父母", "公婆", "老两口")
ENGLISH_ONE = (
    *("mother", "mum", "mom", "father", "dad", "grandmother", "grandma", "grandfather"),
    *("grandpa", "wife", "husband", "partner", "son", "daughter", "child", "kid", "grandson"),
    *("granddaughter", "grandchild", "brother", "sister", "aunt", "uncle", "neighbour"),
    *("neighbor", "friend", "colleague", "mother-in-law", "father-in-law"),
)
ENGLISH_TWO = ("parents", "grandparents", "in-laws")


def _any_of(*words: str) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_KIN = rf"(?:{_any_of(*ONE, *TWO)})"
_MY = r"(?:我(?:们)?(?:家|的)?|俺|咱|阿拉)"
_WITH = rf"{_MY}?(?:自己)?(?:和|跟|同|带着?)(?:{_MY})?(?:家|的)?{_KIN}"
_EN_KIN = rf"(?:{_any_of(*ENGLISH_ONE, *ENGLISH_TWO)})"
_EN_MY = rf"my {_EN_KIN}"
# Who is only spoken to, or quarrelled with, is not who it is for.
_SPOKEN_TO = "(?!打个?电话|发|说|讲|看看|听听|过生日|庆|做饭|知道)"
_NO_COMPANY = "(?!.{0,3}(?:吵|闹|打架|矛盾|商量|说|讲|一样|住|关系))"
_COMES = (
    r"(?:也|都)?(?:(?:想|要|愿意)(?:去|来|报|约|参加|学|上|听|看|预约|一起|个)"
    r"|(?:去|来)(?![世过了看医])|报|参加)"
)
_EN_COMES = r" (?:would|wants?|wishes|needs?|will|is coming|also|likes? to|to (?:come|join))\b"
_EN_DONE_FOR = (
    r"(?:for|with|book|sign(?:ing)?(?: up)?|register|enroll?|put|bring|add|take|get) "
)
# How somebody is named for whom it is; the first that is found counts.
WHOM = (
    re.compile(rf"(?P<whom>{_MY}?(?:全家|一家[一二两三四五六七八九十\d]+口|一家人))"),
    re.compile(
        rf"(?:给|帮|替|为|让)(?P<whom>{_WITH}|{_MY}?{_KIN}(?:(?:和|跟|、){_MY}?{_KIN})*)"
        rf"{_SPOKEN_TO}"
    ),
    re.compile(
        rf"(?P<whom>我(?:自己)?(?:和|跟|同|带着?)(?:{_MY})?(?:家|的)?{_KIN}){_NO_COMPANY}"
    ),
    re.compile(rf"(?P<whom>{_MY}{_KIN}){_COMES}"),
    re.compile(
        rf"\b(?:{_EN_DONE_FOR})(?P<whom>(?:(?:me|myself) and )?{_EN_MY}"
        rf"(?: and (?:i|me|{_EN_MY}))?)\b"
    ),
    re.compile(rf"\b(?P<whom>(?:(?:me|myself) and )?{_EN_MY}(?: and (?:i|me))?){_EN_COMES}"),
    re.compile(rf"\b(?P<whom>(?:me|myself) and {_EN_MY}|{_EN_MY} and (?:i|me))\b"),
    re.compile(r"\b(?P<whom>(?:me and )?my (?:whole )?family|the whole family)\b"),
)
# It is for oneself after all.
ONESELF = re.compile(r"(?:给|是|为|就)我自己|我自己去|\b(?:for|just) (?:me|myself)\b(?! and)")
BOTH = re.compile(
    rf"{_WITH}|{_any_of(*TWO)}|(?:和|跟|、){_MY}?{_KIN}"
    r"|\b(?:me and my|my [\w-]+ and (?:i|me|my)|both of us)\b"
    rf"|\bmy (?:{_any_of(*ENGLISH_TWO)})\b"
)


def read_whom(text: str) -> str | None:
    """Return for whom a message says it is, in its own words: 我妈, my mother.

    Empty when it is for the resident after all; None when the message does not say.
    """
    said = normalise(text)
    if ONESELF.search(said):
        return ""
    found = (pattern.search(said) for pattern in WHOM)
    return next((match["whom"] for match in found if match), None)


# Who somebody is to a resident → the words for them. What is not kin has none.
KINDS: dict[str, tuple[str, ...]] = {
    "mother": ("妈妈", "老妈", "妈", "母亲", "mother", "mum", "mom"),
    "father": ("爸爸", "老爸", "爸", "父亲", "father", "dad"),
    "grandfather": ("爷爷", "grandfather", "grandpa"),
    "grandmother": ("奶奶", "grandmother", "grandma"),
    "mothers_father": ("外公", "姥爷"),
    "mothers_mother": ("外婆", "姥姥"),
    "husband": ("老公", "丈夫", "老头子", "husband"),
    "wife": ("老婆", "妻子", "老太婆", "wife"),
    "partner": ("老伴", "爱人", "partner"),
    "fathers_in_law": ("公公", "岳父", "丈人"),
    "mothers_in_law": ("婆婆", "岳母", "丈母娘", "mother-in-law"),
    "son": ("儿子", "son"),
    "daughter": ("女儿", "囡囡", "daughter"),
    "child": ("孩子", "小孩", "娃", "小囡", "child", "kid"),
    "brother": ("哥哥", "弟弟", "哥", "弟", "brother"),
    "sister": ("姐姐", "妹妹", "姐", "妹", "sister"),
    "aunt": ("阿姨", "姑姑", "aunt"),
    "uncle": ("舅舅", "叔叔", "uncle"),
}
_KIND_OF = {word: kind for kind, words in KINDS.items() for word in words}
_LONGEST_FIRST = sorted(_KIND_OF, key=len, reverse=True)


def kind_of(words: str) -> str | None:
    """Return who is meant by words of a resident (我妈, my mother): a kind of `KINDS`.

    None when nobody of the family is, or more than one.
    """
    said = normalise(words)
    if are_two(said):
        return None
    found = next((word for word in _LONGEST_FIRST if _names(word, said)), None)
    return _KIND_OF[found] if found else None


def _names(word: str, said: str) -> bool:
    if word.isascii():
        return re.search(rf"\b{re.escape(word)}\b", said) is not None
    return word in said


def are_two(said: str) -> bool:
    """Whether a normalised message speaks of two people without counting them."""
    return BOTH.search(said) is not None
