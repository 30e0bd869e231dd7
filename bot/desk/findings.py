"""What is said of the assistant's parts, of its queues, and of what a look at them found."""

from bot.desk.labels import CHANNELS
from bot.operating.health import Part, State
from knowledge.records import Text

STATES = {
    State.OK: Text(zh="正常", en="works"),
    State.DEGRADED: Text(zh="不太好", en="struggles"),
    State.DOWN: Text(zh="不行了", en="down"),
}

# The first line: whether residents are answered.
VERDICTS = {
    State.OK: Text(zh="居民都有回答", en="Residents are being answered"),
    State.DEGRADED: Text(
        zh="居民有回答，有的部分不太好", en="Residents are being answered; some parts struggle"
    ),
    State.DOWN: Text(zh="居民现在得不到回答", en="Residents are not being answered"),
}

PARTS = {
    "database": Text(zh="数据库", en="Database"),
    "rasa": Text(zh="听懂的部分（Rasa）", en="Rasa, which understands"),
    "actions": Text(zh="办事的部分（actions）", en="Actions, which do things"),
    "worker": Text(zh="后台（worker）", en="Worker, which tells and reminds"),
    "index": Text(zh="问答索引", en="Index of answers"),
    "model": Text(zh="语言模型", en="Language model"),
    "disk": Text(zh="磁盘", en="Disk"),
    **CHANNELS,
}

# What was found, of a part where it means something there, else of any.
SENTENCES = {
    ("", "works"): Text(zh="正常。", en="It works."),
    ("", "elsewhere"): Text(zh="不在这台机器上。", en="It lies on another machine."),
    ("", "slow"): Text(zh="回答得很慢。", en="It answers slowly."),
    ("", "silent"): Text(zh="没有回答。", en="It does not answer."),
    ("", "some_silent"): Text(
        zh="有几个没有回答，别的在回答。", en="Some of them do not answer; others do."
    ),
    ("", "not_ready"): Text(
        zh="在运行，但还办不了事。", en="It runs, and cannot do its work yet."
    ),
    ("", "unseen"): Text(
        zh="数据库没有回答，所以看不到。", en="It cannot be seen while the database is away."
    ),
    ("", "missing"): Text(zh="文件不见了。", en="Its files are missing."),
    ("", "changed"): Text(
        zh="有文件和做好的时候不一样了。", en="One of its files is not as it was made."
    ),
    ("", "never"): Text(zh="从来没有运行过。", en="It has never gone its rounds."),
    ("", "late"): Text(
        zh="停下来了，没有人送消息、提醒。",
        en="It stands still: nothing is brought or reminded of.",
    ),
    ("database", "silent"): Text(
        zh="没有回答。居民的消息收不下，会请他们再发。",
        en="It does not answer: no message can be kept, and residents are asked to send again.",
    ),
    ("database", "unsafe"): Text(
        zh="设置不安全，断电会丢消息。",
        en="Its settings are not safe: power cuts lose messages.",
    ),
    ("rasa", "silent"): Text(
        zh="没有回答。居民的消息都留着，先告诉他们要等一等。",
        en="It does not answer: messages are kept, and residents told that it takes longer.",
    ),
    ("actions", "silent"): Text(
        zh="没有回答。预约、诉求和问答都办不了，消息留着。",
        en="They do not answer: nothing is booked, filed or looked up; messages are kept.",
    ),
    ("index", "none"): Text(
        zh="还没有发布过内容，什么都答不了。",
        en="No content was published: nothing is answered.",
    ),
    ("disk", "nearly_full"): Text(zh="快满了。", en="It is nearly full."),
    ("disk", "full"): Text(
        zh="满了，马上就收不下消息了。", en="It is full: soon no message can be kept."
    ),
    ("", "unheard"): Text(
        zh="连不上这个平台，居民的消息进不来。",
        en="The platform cannot be reached: messages from there do not arrive.",
    ),
    ("", "waits"): Text(
        zh="消息送得很慢，有的等了两分钟以上。",
        en="Messages go out slowly: one has waited for more than two minutes.",
    ),
    ("", "stuck"): Text(
        zh="消息送不出去，有的等了一刻钟以上。",
        en="Messages do not go out: one has waited for more than a quarter of an hour.",
    ),
}

QUEUES = {
    "inbox": Text(zh="居民的消息，还没回答", en="messages not answered yet"),
    "quarantined": Text(zh="处理不了、放在一边的消息", en="messages set aside"),
    "handoffs": Text(zh="等真人回答的对话", en="conversations waiting for a person"),
    "alerts": Text(zh="没人接的关怀提醒", en="residents nobody looks after yet"),
    "notices": Text(zh="到时候了还没说的通知", en="notices that are due"),
    "calls": Text(zh="要打的电话", en="calls to make"),
    "sendings": Text(zh="正送往平台", en="on their way to a platform"),
    "broadcasts": Text(zh="正群发", en="being told to many"),
    "held": Text(zh="等居民先写来再送", en="held until the resident writes"),
    "dead_sendings": Text(zh="平台没收下、不再送", en="given up on the way to a platform"),
    "dead_notices": Text(zh="没说成的通知", en="notices given up"),
    "publications": Text(zh="等着发布的内容", en="content waiting to be published"),
}

# Where the desk deals with what waits in a queue.
LEADS = {
    "quarantined": "/undelivered",
    "handoffs": "/",
    "alerts": "/alerts",
    "calls": "/calls",
    "held": "/undelivered",
    "dead_sendings": "/undelivered",
    "dead_notices": "/undelivered",
    "publications": "/content/changes",
}

VERSIONS = {
    "version": Text(zh="程序版本", en="Program"),
    "commit": Text(zh="提交", en="Commit"),
    "schema": Text(zh="数据库结构", en="Schema"),
    "model": Text(zh="语言模型", en="Language model"),
    "edition": Text(zh="内容第几版", en="Edition"),
    "content": Text(zh="内容", en="Content"),
    "index": Text(zh="索引", en="Index"),
}

SIZES = {
    "database": Text(zh="数据库", en="Database"),
    "wal": Text(zh="数据库日志", en="Its log"),
    "disk_free": Text(zh="磁盘还剩", en="Free on the disk"),
    "disk": Text(zh="磁盘一共", en="The disk"),
}


def sentence(part: Part) -> Text:
    """Say what was found of a part."""
    return SENTENCES.get((part.name, part.why)) or SENTENCES["", part.why]


def size(count: float) -> str:
    """Write so many bytes, in a unit that leaves few digits."""
    units = ["B", "kB", "MB", "GB", "TB"]
    while count >= 1000 and len(units) > 1:
        count, units = count / 1000, units[1:]
    return f"{count:.0f} {units[0]}" if count >= 10 else f"{count:.1f} {units[0]}"
