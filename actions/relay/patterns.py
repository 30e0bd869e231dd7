"""What says how to reach somebody, or where they live: one table of patterns.

They are looked for in a folded text (`folding.fold`). Numbers are read in `masking`.
"""

import re

N = r"(?:\d{1,4}|[零〇一二三四五六七八九十百两]{1,5})"  # a number of a house
ROOM = r"(?:[a-z]?-?\d{3,4}[a-z]?|[零〇一二三四五六七八九]{3,4})"
UNIT = (  # what makes a number before it a quantity, a time or a bus line
    r"(?:元|块|毛|角|分|个|只|斤|两|公斤|克|千克|米|厘米|公里|里路|岁|人|位|点|时|小时|号线|路|楼|层"
    r"|天|月|日|年|周|次|件|瓶|袋|盒|箱|包|份|度|折|平|步|级|期|页|章|万|亿|千|百|秒|刻|趟|班|票|桶|条"
    r"|张|本|把|双|台|辆|升|毫升|寸|%|℃|kg|km|cm|mm|ml|yuan|rmb|am|pm|a\.m|p\.m|minutes?|mins?"
    r"|hours?|people|persons?|days?|weeks?|metres?|meters?|steps?|years?|o'clock|eggs?|bottles?"
    r"|bags?|boxes|pieces?)"
)
NOT_A_ROOM = rf"(?!\s*{UNIT}|[\d:.]\d|\d)"

LEAD = (  # names of accounts
    r"(?:微\s*信|薇\s*信|威\s*信|维\s*信|徽\s*信|卫\s*星|v\s*信|v\s*❤|微\s*❤|we\s?chat|wei\s?xin"
    r"|(?<![a-z])(?:vx|wx|v\s*x|qq|q\s*q)(?![a-z])|扣扣|企鹅号?|抖音|快手|小红书|支付宝|钉钉|微博"
    r"|(?<![a-z])(?:telegram|whatsapp|skype|alipay|instagram|line\s+id|line(?=\s*:))(?![a-z]))"
)
NO_ACCOUNT = (  # words that follow the name of an app in plain English
    r"(?!(?:app|group|groups|video|call|calls|pay|message|messages|voice|moments|works?|working"
    r"|broken|later|please|thanks|thank|about|again|with|from|when|before|after|tomorrow|today"
    r"|never|sometimes|first|account|number|photo|photos|contact|sorry|there|would|could|does"
    r"|doesn|isn|down|slow|really|still|only|every|because|which|where|their|right)(?![a-z0-9_]))"
)
ID = rf"{NO_ACCOUNT}[a-z0-9][a-z0-9_-]{{4,24}}"
SPACED = r"(?:[a-z0-9_-]\s){4,24}[a-z0-9_-](?![a-z0-9])"

STREET = (
    r"(?:(?<!\d)(?<![一二三四五六七八九十几条公马这那上])路|街|巷|大道|胡同|新村|小区|花园|苑|坊|公寓|弄|桥|埭|浜"
    r"|[^们个本全我这那整咱农进出回到]村|[组社])"
)
NOT_A_DATE = r"(?!线|车|公交|站|开|晚|早|上午|下午|那天)"
SAID = r"(?:one|two|three|four|five|six|seven|eight|nine|zero|oh)"
WAY = r"(?:road|rd|street|st|lane|avenue|ave|alley|drive)"
NO_NAME = (
    r"(?!(?:minutes?|mins?|hours?|metres?|meters?|m|km|people|down|the|along|from|on|of|at|in"
    r"|to|up|cars?|bus|buses|am|pm|across|by|is|are|a|steps?|days?|trees?|shops?|lamps?)\b)"
)
HOUSE = r"(?:room|flat|apartment|apt|building|bldg|block|unit|door|house|villa|suite)"

# what it is, how it is written; a group "it" is what is taken out, else all of it
WRITTEN = (
    (
        "mail",
        r"[a-z0-9_.+-]+\s*(?:@|\(at\)|\[at\]|艾特)\s*[a-z0-9-]+"
        r"(?:\s*(?:\.|点|dot)\s*[a-z0-9]+)+",
    ),
    ("mail", r"[a-z0-9_.+-]+\s+at\s+[a-z0-9-]+\s+dot\s+[a-z]{2,4}\b"),
    ("mail", r"[a-z0-9_.+-]{3,}\s*(?:@|艾特)\s*(?:qq|163|126|gmail|outlook|sina|foxmail)\b"),
    ("link", r"(?:https?://|www\.)[^\s，。一-鿿]+"),
    (
        "link",
        r"(?<![a-z0-9@.])[a-z0-9-]{1,40}(?:\.[a-z0-9-]+)*\s?(?:\.|点|\sdot\s)\s?"
        r"(?:com|cn|net|org|cc|top|xyz|me|io|vip|info|shop|club|tv|link|site|online)"
        r"(?![a-z])(?:/[^\s，。一-鿿]*)?",
    ),
    (
        "account",
        rf"{LEAD}\s*(?:帐号|账号|账户|号码|号|名|id)?\s*"
        rf"(?:is|就是|是|为|叫|搜|:|=|加|→|->)+\s*(?P<it>{SPACED}|{ID})",
    ),
    (
        "account",
        rf"{LEAD}\s*(?:帐号|账号|账户|号码|号|id|no\.?)?\s*[,\s]*(?P<it>{SPACED}|{ID})",
    ),
    (
        "account",
        rf"{LEAD}(?=[^a-z0-9]{{1,8}}[a-z0-9_-])[^a-z0-9]{{1,8}}"
        r"(?P<it>(?=[a-z0-9_-]*[0-9_])[a-z0-9][a-z0-9_-]{4,24})",
    ),
    (
        "account",
        r"(?:[加十+➕]\s*(?:我|一下|下|个)?\s*[vqw]|(?<![a-z0-9])[vqw]\s*(?:号|:))"
        rf"\s*(?:信|号|我)?\s*[:是,]?\s*(?P<it>{SPACED}|{ID})",
    ),
    (
        "account",
        r"(?<![a-z])v\s*[信号]?\s*[:是,]?\s*"
        r"(?P<it>(?=[a-z0-9_-]*[0-9_])[a-z0-9][a-z0-9_-]{4,24})",
    ),
    (
        "account",
        rf"(?:my|our)\s+{LEAD}\s*(?:id|number|account)?\s*(?:is|:)\s*(?P<it>{ID})",
    ),
    (
        "account",
        r"(?<![a-z0-9_-])(?P<it>(?=[a-z_-]*\d)[a-z0-9][a-z0-9_-]{4,24})"
        rf"\s*,?\s*(?:这?是|这个|那个|就是|is)?\s*(?:我|我的|俺|my)?\s*(?:{LEAD}|v号?(?![a-z0-9]))",
    ),
    (
        "card",
        r"(?<![0-9a-z])\d{6}[\s-]?\d{4}[\s-]?\d{4}[\s-]?\d{3}[0-9x](?![0-9a-z])",
    ),
    ("card", r"护照\s*[号码]*\s*[:是]*\s*(?P<it>[a-z]{1,2}\d{7,9})"),
    ("card", r"(?<![0-9a-z])[a-z]\d{8}(?![0-9a-z])"),
    (
        "plate",
        r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
        r"\s?[a-z][\s·.•-]?(?=[a-z]*\d)[a-z0-9]{5,6}(?![a-z0-9])",
    ),
    (
        "plate",
        r"(?:车牌号?|车号)\s*[码:是]*\s*"
        r"(?P<it>[a-z]?[\s·-]?(?=[a-z]*\d)[a-z0-9]{5,6})(?![a-z0-9])",
    ),
    (
        "door",
        rf"(?:(?:{N}|[a-z])\s*(?:号楼|号院|号门洞)\s*[-,的]?\s*"
        rf"|(?![一两]\s*[幢栋单])(?:{N}|[a-z])\s*[幢栋]\s*[-,的]?\s*"
        rf"|(?![一两]\s*单){N}\s*单元\s*[-,的]?\s*)+"
        rf"(?:(?:{ROOM}|\d{{1,4}}(?=\s*室)){NOT_A_ROOM})?(?:\s*(?:室|号房|房(?!间)|户))?",
    ),
    ("door", rf"(?:\d{{1,2}}|[二三四五六七八九十]{{1,3}})\s*楼\s*(?P<it>{ROOM}){NOT_A_ROOM}"),
    (
        "door",
        rf"(?<![\da-z:.])(?P<it>{ROOM})(?=\s*(?:敲门|按门?铃|门口|开门|的?门(?!诊|票)|找我))",
    ),
    ("door", rf"一\s*(?:幢|栋|单元)\s*(?:{N}\s*单元\s*)?{ROOM}{NOT_A_ROOM}\s*室?"),
    ("door", rf"(?<![a-z])[a-h]\s*座(?!位)\s*(?:{ROOM}{NOT_A_ROOM})?\s*室?"),
    (
        "door",
        rf"(?<![\da-z零〇一二三四五六七八九]){ROOM}\s*(?:室|号房|房间|号门|户(?!外|口))",
    ),
    (
        "door",
        rf"{STREET}\s*(?P<it>(?:{N}\s*[组弄]\s*)?{N}\s*(?:-\d{{1,3}})?\s*(?:号|弄)"
        rf"{NOT_A_DATE}\s*(?:{ROOM}{NOT_A_ROOM})?\s*室?)",
    ),
    ("door", rf"(?P<it>{N}\s*组\s*{N}\s*[号户])"),
    (
        "door",
        r"(?P<it>(?<![\d./:#-])\d{1,3}\s?[-/#.]\s?\d{1,2}\s?[-/#.]\s?"
        rf"(?!(?:19|20)\d\d)\d{{3,4}})(?![\d-]|[:./]\d|\s*{UNIT})",
    ),
    (
        "door",
        rf"(?P<it>(?<![\d./:#-])\d{{1,2}}[-#]\d{{3,4}})(?![\d-]|[:./]\d|\s*{UNIT})",
    ),
    (
        "door",
        r"(?:我家?住在?|我们?住在?|家住在?|家里?在|我家(?=\s*[\d是])|住的是|门牌号?码?|房号|房间号)"
        rf"\s*(?:就?是|在|:)?\s*(?P<it>[a-z]?\d{{1,4}}(?:[-/#]\d{{1,4}})*{NOT_A_ROOM}"
        rf"|{ROOM}{NOT_A_ROOM}|{N}\s*号(?!线|楼))",
    ),
    (
        "door",
        r"(?:no\.?\s*|number\s+)?(?<![\d:])\d{1,5}[a-z]?,?\s+"
        rf"(?:{NO_NAME}[a-z]+\s+){{1,3}}{WAY}\b",
    ),
    (
        "door",
        rf"(?:{NO_NAME}[a-z]+\s+)?{WAY}\.?,?\s+(?:no\.?|number|#)\s*(?P<it>\d{{1,5}}[a-z]?)",
    ),
    (
        "door",
        rf"\b{HOUSE}\s*(?:no\.?|number|num|#)?\s*(?:is|:)?\s*"
        rf"(?P<it>(?:[a-z]-?)?\d{{1,4}}[a-z]?(?:[-/]\d+)*"
        rf"(?:[,\s]+(?:{HOUSE}\s*)?\d{{1,4}}(?![\d:.]))*)(?![\d:]|\s*{UNIT})",
    ),
    (
        "door",
        r"\b(?:i\s+live|we\s+live|living)\s+(?:at|in)\s+(?:no\.?|number|#)?\s*"
        rf"(?P<it>[a-z]?\d{{1,4}}[a-z]?(?:[-/]\d+)*){NOT_A_ROOM}",
    ),
    (
        "door",
        rf"\b(?:room|flat|apartment|building|unit)\s+(?P<it>{SAID}(?:[\s-]+{SAID})*)\b",
    ),
)
PATTERNS = tuple((kind, re.compile(pattern)) for kind, pattern in WRITTEN)

# What is read as a number of another kind: it breaks no phone number up, and is none.
HARMLESS = re.compile(
    r"(?<!\d)\d{1,2}:\d{2}(?::\d{2})?(?!\d)"
    r"|(?<![\d-])(?:19|20)\d{2}\s?[-/.年]\s?(?:0?[1-9]|1[0-2])(?!\d)(?:\s?[-/.月]\s?\d{1,2}(?!\d))?"
    rf"|(?<![\d.])\d{{1,8}}(?:\.\d{{1,2}})?(?:\s?[-~到至—]\s?\d{{1,8}}(?:\.\d{{1,2}})?)?\s?{UNIT}"
)
# A code for a parcel or a locker looks like a door, but leads to neither.
CODE = re.compile(
    r"(?:取件|提货|取货|取餐|驿站|货架|柜|快递|运单|单号|订单|尾号|验证码"
    r"|code|locker|parcel|pick\s?-?up|order|tracking)[^。;\n]{0,10}$"
)
A_HOUSE = re.compile(r"[幢栋室]|单元|号楼|号院|\b(?:flat|room|building|unit)\b")
