"""Takes out of a question what tells whose it is, before it is kept for staff to learn from.

One table of patterns: numbers that name somebody, where they live, and names as people give
them. A name alone in a sentence is not recognised; so what is kept stays erasable too.
"""

import re
import unicodedata

READ, KEPT = 1000, 500  # characters: a number cut in two at the end of the one is not kept

NUMBER = r"(?:\d+|[零〇一二三四五六七八九十百两]+)"
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江"
    "史顾侯邵孟龙万段雷钱汤尹黎易常乔贺赖龚文施洪俞章钮倪柴裘楼"
)
TITLES = (
    "先生|女士|小姐|阿姨|叔叔|大爷|大妈|大伯|大娘|奶奶|爷爷|外公|外婆|"
    "师傅|老师|医生|同志|书记|主任|经理"
)

# what it is: how it is written, what is put in its place
PATTERNS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("mail", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "【邮箱】"),
    ("link", re.compile(r"(?:https?://|www\.)[^\s，。]+", re.IGNORECASE), "【网址】"),
    (
        "account",
        re.compile(r"(微信|weixin|vx|wx|qq)(号)?\s*[是:为]?\s*[a-z0-9_-]{5,20}", re.IGNORECASE),
        r"\1【账号】",
    ),
    (
        "identity card",
        re.compile(r"(?<![0-9A-Za-z])\d{6}[\s-]?\d{8}[\s-]?\d{3}[0-9Xx](?![0-9A-Za-z])"),
        "【证件号】",
    ),
    (
        "passport",
        re.compile(r"(?<![0-9A-Za-z])[A-Z]{1,2}\d{7,9}(?![0-9A-Za-z])", re.IGNORECASE),
        "【证件号】",
    ),
    (
        "plate",
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
            r"[A-Z][\s·.-]?(?=[A-Z]*\d)[A-Z0-9]{4,6}(?![A-Z0-9])",
            re.IGNORECASE,
        ),
        "【车牌】",
    ),
    (
        "phone",
        re.compile(r"(?<!\d)(?:\+?86[\s-]?)?(?:1[3-9]\d|0\d{2,3})(?:[\s-]?\d{3,4}){2}(?!\d)"),
        "【电话】",
    ),
    (
        "figures",
        re.compile(r"(?<!\d)(?!20\d\d-\d\d?-\d\d?(?!\d))\d(?:[\s-]?\d){5,}(?!\d)"),
        "【号码】",
    ),
    ("figures in words", re.compile(r"[零〇一二三四五六七八九幺两]{6,}"), "【号码】"),
    (
        "home",
        re.compile(
            rf"(?:{NUMBER}\s*(?:号楼|幢|栋|单元|弄|室)\s*)+(?:[A-Za-z]?\d{{1,4}})?室?"
            rf"|(?<=[路街巷村里苑坊组弄])\s*{NUMBER}\s*号(?!线)"
            r"|(?<!\d)\d{1,3}\s*[-—]\s*\d{1,3}\s*[-—]\s*\d{2,4}(?!\d)"
            r"|\b(?:room|flat|apartment|apt|building|unit)\.?\s*[a-z]?\d+\b",
            re.IGNORECASE,
        ),
        "【门牌】",
    ),
    (
        "name that is given",
        re.compile(
            rf"(我叫|名叫|叫做|姓名[是:]?|名字[是叫]|联系人[是:]?)\s*[{SURNAMES}][一-鿿]{{1,2}}"
        ),
        r"\1【姓名】",
    ),
    (
        "name that is said",
        re.compile(rf"(我是)[{SURNAMES}][一-鿿]{{1,2}}(?=[,。;!?、\s]|$)"),
        r"\1【姓名】",
    ),
    ("name with title", re.compile(rf"[{SURNAMES}][一-鿿]{{0,2}}(?={TITLES})"), "【姓名】"),
    (
        "name in English",
        re.compile(
            r"\b((?i:my name is|i am|i'm|this is|mr|mrs|ms|miss|dr))\b\.?"
            r"\s+[A-Z][a-z]+(?:\s[A-Z][a-z]+)*"
        ),
        r"\1【姓名】",
    ),
)


def redact(text: str) -> str:
    """Return a question without what tells whose it is; full-width signs are folded.

    Of a long text only the beginning is kept.
    """
    redacted = unicodedata.normalize("NFKC", text[:READ])
    for _, pattern, instead in PATTERNS:
        redacted = pattern.sub(instead, redacted)
    return redacted[:KEPT].strip()
