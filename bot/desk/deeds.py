"""What deeds of the audit log and their subjects are called, by their first words."""

from actions.people.model import AuditEntry
from knowledge.records import Text

# A deed begins with one of these: `read_request`, `moved_to_replied`, `changed_password`.
DEEDS = {
    "accepted": Text(zh="替人接受", en="accepted for"),
    "answered": Text(zh="答复", en="answered"),
    "approved": Text(zh="同意", en="approved"),
    "booked": Text(zh="代人登记", en="booked for"),
    "brought": Text(zh="重新上线", en="brought back"),
    "called": Text(zh="取消场次", en="called off"),
    "cancelled": Text(zh="代人取消", en="cancelled for"),
    "cared": Text(zh="接手", en="sees to"),
    "changed": Text(zh="改了", en="changed"),
    "closed": Text(zh="结束签到", en="closed the list of"),
    "decided": Text(zh="定了", en="decided"),
    "declined": Text(zh="不同意", en="declined"),
    "dismissed": Text(zh="放过", en="dismissed"),
    "ended": Text(zh="停掉每日问候", en="ended the daily question of"),
    "enrolled": Text(zh="登记每日问候", en="enrolled for the daily question"),
    "exported": Text(zh="导出", en="exported"),
    "forgot": Text(zh="删除", en="forgot"),
    "introduced": Text(zh="介绍认识", en="introduced"),
    "left": Text(zh="替人退出排队", en="left the line for"),
    "made": Text(zh="新排", en="made"),
    "marked": Text(zh="签到", en="ticked off"),
    "moved": Text(zh="推进", en="moved"),
    "opened": Text(zh="接过对话", en="took over"),
    "ordered": Text(zh="发布", en="published"),
    "paused": Text(zh="暂停群发", en="paused the sending of"),
    "printed": Text(zh="打印", en="printed"),
    "read": Text(zh="看了", en="read"),
    "recalled": Text(zh="更正", en="recalled"),
    "resolved": Text(zh="办结", en="resolved"),
    "resumed": Text(zh="接着群发", en="went on sending"),
    "returned": Text(zh="交还小沥", en="gave back"),
    "rolled": Text(zh="退回旧版", en="rolled back"),
    "sent": Text(zh="群发", en="sent to all"),
    "settled": Text(zh="了结", en="settled"),
    "signed": Text(zh="登录", en="signed in"),
    "staff": Text(zh="管理人员", en="managed"),
    "stopped": Text(zh="停止群发", en="stopped the sending of"),
    "taught": Text(zh="教了", en="taught"),
    "told": Text(zh="电话告诉", en="told on the phone"),
    "took": Text(zh="下线", en="took offline"),
    "untaught": Text(zh="收回教的", en="took back"),
    "withdrew": Text(zh="撤下", en="withdrew"),
    "wrote": Text(zh="代人写下", en="wrote down for"),
}

SUBJECTS = {
    "alert": Text(zh="关怀", en="alert"),
    "booking": Text(zh="预约", en="booking"),
    "conversation": Text(zh="对话", en="conversation"),
    "edition": Text(zh="版本", en="edition"),
    "entries": Text(zh="记录", en="log entries"),
    "help": Text(zh="邻里互助", en="need"),
    "misses": Text(zh="没答好的", en="misses"),
    "news": Text(zh="新闻", en="news"),
    "notice": Text(zh="通知", en="notice"),
    "publication": Text(zh="发布", en="publication"),
    "relay": Text(zh="邻居之间的话", en="what neighbours wrote"),
    "report": Text(zh="举报", en="report"),
    "request": Text(zh="事项", en="request"),
    "resident": Text(zh="居民", en="resident"),
    "revision": Text(zh="修订", en="revision"),
    "session": Text(zh="场次", en="session"),
    "staff": Text(zh="人员", en="staff"),
    "upload": Text(zh="照片", en="photo"),
    "waitlist": Text(zh="候补", en="turn in the line"),
}


def done(entry: AuditEntry) -> Text:
    """Say what was done to what, as well as these tables know."""
    deed = DEEDS.get(entry.deed.partition("_")[0])
    what = SUBJECTS.get(entry.subject.partition(":")[0])
    known = [each for each in (deed, what) if each]
    return Text(zh="".join(one.zh for one in known), en=" ".join(one.en for one in known))
