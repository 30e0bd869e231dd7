"""What the desk calls things, in Chinese and in English."""

from datetime import timedelta

from actions.alerts import AlertKind
from actions.booking.model import BookingStatus, ChangeKind, DrawStatus, EntryStatus
from actions.booking.stages import Stage
from actions.content.model import State
from actions.content.tasks import Reason as TaskReason
from actions.conversations import Author, Complaint
from actions.conversations import Status as Talk
from actions.governance.model import Kind, Status
from actions.governance.roundtable.model import Stage as Table
from actions.governance.workflow import UNFINISHED
from actions.learning.model import Reason
from actions.neighbours import safety
from actions.neighbours.model import Status as Need
from actions.news.model import Deed as NewsDeed
from actions.news.model import State as Sending
from actions.news.model import Status as NewsStatus
from actions.outbox import NoticeState
from actions.people.model import Role
from actions.sending import SendingState
from actions.turns import EntryState
from actions.undelivered import What
from knowledge.boards import Figure
from knowledge.records import Text

__all__ = ["UNFINISHED"]  # templates ask whether a request is still ours to do

# The sections the navigation leads to, in its order.
SECTIONS = {
    "/": Text(zh="待办", en="Inbox"),
    "/requests": Text(zh="诉求", en="Requests"),
    "/sessions": Text(zh="场次", en="Sessions"),
    "/chat": Text(zh="工作群", en="Chat"),
    "/visits": Text(zh="参观", en="Visits"),
    "/cockpit": Text(zh="驾驶舱", en="Cockpit"),
    "/roundtable": Text(zh="圆桌会", en="Round table"),
    "/calls": Text(zh="打电话", en="Calls"),
    "/undelivered": Text(zh="没送到", en="Not delivered"),
    "/alerts": Text(zh="关怀", en="Care"),
    "/reports": Text(zh="举报", en="Reports"),
    "/helpers": Text(zh="帮手", en="Helpers"),
    "/households": Text(zh="家庭", en="Households"),
    "/news": Text(zh="新闻", en="News"),
    "/content": Text(zh="内容", en="Content"),
    "/content/tasks": Text(zh="要核实", en="To check"),
    "/misses": Text(zh="没答好", en="Missed"),
    "/recalls": Text(zh="更正", en="Recalls"),
    "/content/changes": Text(zh="发布", en="Publish"),
    "/staff": Text(zh="人员", en="Staff"),
    "/audit": Text(zh="记录", en="Log"),
    "/operating": Text(zh="运行", en="Operating"),
    "/data": Text(zh="居民资料", en="Residents' data"),
}

# What is counted of somebody's data.
DATA = {
    "messages": Text(zh="说过的话", en="messages"),
    "bookings": Text(zh="预约和候补", en="bookings, waiting"),
    "requests": Text(zh="诉求", en="requests"),
    "help": Text(zh="邻里互助", en="neighbours' help"),
    "photos": Text(zh="照片", en="photos"),
    "consents": Text(zh="同意过的", en="consents"),
}

STATUSES = {
    Status.RECEIVED: Text(zh="新收到", en="received"),
    Status.ACKNOWLEDGED: Text(zh="已接下", en="acknowledged"),
    Status.IN_PROGRESS: Text(zh="在办", en="in progress"),
    Status.REPLIED: Text(zh="已答复", en="replied"),
    Status.RESOLVED: Text(zh="居民说解决了", en="resolved"),
    Status.DECLINED: Text(zh="不办理", en="declined"),
    Status.REOPENED: Text(zh="居民说没解决", en="reopened"),
    Status.UNCONFIRMED: Text(zh="居民未确认", en="unconfirmed"),
    Status.MERGED: Text(zh="并入别的事", en="merged"),
    Status.WITHDRAWN: Text(zh="居民撤回", en="withdrawn"),
}

# What happened to a request beside its moves.
KINDS = {
    Kind.ASSIGNED: Text(zh="转交", en="assigned"),
    Kind.RETURNED: Text(zh="退回", en="returned"),
    Kind.CATEGORISED: Text(zh="改归类", en="put in another category"),
    Kind.RAISED: Text(zh="升级", en="raised"),
    Kind.NUDGED: Text(zh="催办", en="reminded"),
    Kind.NOTED: Text(zh="内部备注", en="note among staff"),
    Kind.TOLD: Text(zh="告诉居民", en="told the resident"),
    Kind.ASKED: Text(zh="问居民", en="asked the resident"),
    Kind.ANSWERED: Text(zh="继续计时", en="the promise runs on"),
    Kind.ADDED: Text(zh="居民补充", en="the resident added"),
    Kind.PLACED: Text(zh="居民改地点", en="the resident put the place right"),
    Kind.FOLLOWED: Text(zh="又有人遇到", en="somebody else met the same"),
    Kind.SPLIT: Text(zh="拆出一件", en="split"),
    Kind.RATED: Text(zh="居民评价", en="rated"),
}

# Who did to a request what no member of staff did.
BY = {
    "resident": Text(zh="居民", en="resident"),
    "clock": Text(zh="到时自动", en="by itself, in time"),
}

TIERS = {
    "grid": Text(zh="网格", en="grid"),
    "village": Text(zh="村社", en="village"),
    "agency": Text(zh="部门", en="agency"),
    "town": Text(zh="镇", en="town"),
}

REQUEST_MARKS = {
    "late": Text(zh="超时", en="late"),
    "soon": Text(zh="快到期", en="at risk"),
    "waiting": Text(zh="等居民", en="waits for the resident"),
    "raised": Text(zh="升级上来", en="raised"),
    "flagged": Text(zh="要定归谁", en="whose is it?"),
}

# Which requests the work list shows, and in which order.
VIEWS = {
    "open": Text(zh="待办", en="open"),
    "late": Text(zh="超时", en="late"),
    "soon": Text(zh="快到期", en="at risk"),
    "new": Text(zh="新的", en="new"),
    "mine": Text(zh="我的", en="mine"),
    "team": Text(zh="本组", en="my team's"),
    "raised": Text(zh="升级了", en="raised"),
    "flagged": Text(zh="要定归谁", en="whose is it?"),
    "waiting": Text(zh="等居民", en="waiting"),
    "still": Text(zh="一直没动", en="lying still"),
    "replied": Text(zh="已答复", en="replied"),
    "unconfirmed": Text(zh="居民未确认", en="unconfirmed"),
    "all": Text(zh="全部", en="all"),
}

ORDERS = {
    "": Text(zh="按期限排", en="By due time"),
    "households": Text(zh="按户数排", en="By households"),
    "new": Text(zh="新的在前", en="Newest first"),
}

# How the desk can be read; "" is both at once.
LANGUAGES = {
    "": Text(zh="中文和英文", en="Both"),
    "zh": Text(zh="中文", en="Chinese"),
    "en": Text(zh="英文", en="English"),
}

KEYS = {
    "j": Text(zh="下一件", en="next"),
    "k": Text(zh="上一件", en="previous"),
    "Enter": Text(zh="打开", en="open"),
    "a": Text(zh="接下", en="acknowledge"),
    "t": Text(zh="转交", en="pass on"),
    "r": Text(zh="答复", en="reply"),
    "m": Text(zh="备注", en="note"),
    "/": Text(zh="找", en="search"),
    "?": Text(zh="看快捷键", en="these keys"),
}

BULK = {
    "acknowledged": Text(zh="一起接下", en="Acknowledged together"),
    "assigned": Text(zh="一起转交", en="Passed on together"),
    "categorised": Text(zh="一起改归类", en="Put into another category together"),
    "merged": Text(zh="并成一件", en="Merged"),
}

# What stands above the columns of the work list's table.
REQUEST_COLUMNS = {
    "reference": Text(zh="编号", en="Reference"),
    "category": Text(zh="归类", en="Category"),
    "status": Text(zh="状态", en="Status"),
    "team": Text(zh="小组", en="Team"),
    "owner": Text(zh="经办人", en="Owner"),
    "place": Text(zh="地点", en="Place"),
    "created_at": Text(zh="反映时间", en="Reported"),
    "due_at": Text(zh="期限", en="Due"),
    "marks": Text(zh="注意", en="Marks"),
    "households": Text(zh="户数", en="Households"),
}

MOVES = {
    Status.ACKNOWLEDGED: Text(zh="接下", en="Acknowledge"),
    Status.IN_PROGRESS: Text(zh="开始办", en="Start work"),
    Status.REPLIED: Text(zh="答复居民", en="Reply"),
    Status.DECLINED: Text(zh="不办理", en="Decline"),
}

NEEDS = {
    Need.REVIEW: Text(zh="等工作人员看", en="waits for review"),
    Need.OPEN: Text(zh="等邻居来帮", en="waits for a neighbour"),
    Need.MATCHED: Text(zh="有邻居接了，等介绍认识", en="taken; introduce the two"),
    Need.DONE: Text(zh="帮好了", en="done"),
    Need.EXPIRED: Text(zh="过期了", en="expired"),
    Need.CANCELLED: Text(zh="取消了", en="cancelled"),
}

# Why staff look at a need first; risks of the pack have names of their own.
REVIEWED = {
    safety.UNKNOWN_KIND: Text(zh="不在清单里的事", en="of no known kind"),
    safety.KIND: Text(zh="这类事都要先看", en="this kind is always looked at"),
    safety.RESTRICTED: Text(zh="限定的事", en="a restricted kind"),
    safety.RISK: Text(zh="风险高", en="high risk"),
    safety.AT_NIGHT: Text(zh="夜里", en="at night"),
    safety.DOUBT: Text(zh="意思像要当心的事", en="means something to be careful of"),
}

ALERTS = {
    AlertKind.NO_ANSWER: Text(zh="没有回应每日问候", en="did not answer the daily question"),
    AlertKind.NOT_WELL: Text(zh="说自己不太舒服", en="says they are not well"),
    AlertKind.EMERGENCY: Text(zh="说到急事", en="wrote of an emergency"),
    AlertKind.WORRIED: Text(zh="有邻居担心", en="a neighbour worries"),
    AlertKind.LATE_WITHDRAWAL: Text(zh="帮忙的邻居临时来不了", en="the helper withdrew late"),
    AlertKind.HELPER_MISSED: Text(zh="帮忙的邻居没有来", en="the helper did not come"),
    AlertKind.NOBODY_FOUND: Text(zh="没有找到邻居", en="no neighbour was found"),
    AlertKind.TOO_MANY_NEEDS: Text(zh="求助发得太多", en="asks neighbours too often"),
}

# What staff pass on to a neighbour for somebody without a page.
RELAYED = {
    "words": Text(zh="要说的话", en="Words"),
    "door": Text(zh="门牌", en="Door"),
    "phone": Text(zh="电话", en="Phone number"),
}

# What staff may decide about a report.
REPORT_OUTCOMES = {
    "open": Text(zh="还没定", en="open"),
    "dismissed": Text(zh="不成立", en="dismissed"),
    "warned": Text(zh="提醒对方", en="warned"),
    "suspended": Text(zh="暂停邻里帮", en="suspended"),
    "police": Text(zh="转派出所", en="handed to the police post"),
}

SIDES = {
    "reporter": Text(zh="举报的居民", en="who reported"),
    "reported": Text(zh="被举报的居民", en="who is reported"),
}

# What came of a call that asks how somebody is.
CHECK_IN_OUTCOMES = {
    "well": Text(zh="很好", en="Well"),
    "unwell": Text(zh="不太舒服", en="Not well"),
    "no_answer": Text(zh="没人接", en="No answer"),
}

# Whether staff have checked who a helper is.
CHECKED = {
    True: Text(zh="已核实", en="checked"),
    False: Text(zh="还没核实", en="not checked yet"),
}

TALKS = {
    Talk.OPEN: Text(zh="由工作人员答复", en="answered by staff"),
    Talk.PENDING: Text(zh="小沥在答", en="answered by Xiaoli"),
    Talk.RESOLVED: Text(zh="已办结", en="resolved"),
}

AUTHORS = {
    Author.RESIDENT: Text(zh="居民", en="resident"),
    Author.ASSISTANT: Text(zh="小沥", en="Xiaoli"),
    Author.STAFF: Text(zh="工作人员", en="staff"),
}

ROLES = {
    Role.DISPATCHER: Text(zh="镇调度", en="town dispatcher"),
    Role.STAFF: Text(zh="工作人员", en="staff"),
    Role.AGENCY: Text(zh="部门人员", en="agency staff"),
    Role.ORGANISER: Text(zh="活动组织", en="organiser"),
    Role.EDITOR: Text(zh="内容编辑", en="editor"),
    Role.ADMIN: Text(zh="管理员", en="admin"),
}

# Who it is done for, as who does it calls them.
KIN = {
    "mother": Text(zh="妈妈", en="mother"),
    "father": Text(zh="爸爸", en="father"),
    "grandfather": Text(zh="爷爷", en="father's father"),
    "grandmother": Text(zh="奶奶", en="father's mother"),
    "mothers_father": Text(zh="外公", en="mother's father"),
    "mothers_mother": Text(zh="外婆", en="mother's mother"),
    "husband": Text(zh="丈夫", en="husband"),
    "wife": Text(zh="妻子", en="wife"),
    "partner": Text(zh="老伴", en="partner"),
    "fathers_in_law": Text(zh="岳父或公公", en="father-in-law"),
    "mothers_in_law": Text(zh="岳母或婆婆", en="mother-in-law"),
    "son": Text(zh="儿子", en="son"),
    "daughter": Text(zh="女儿", en="daughter"),
    "child": Text(zh="孩子", en="child"),
    "brother": Text(zh="兄弟", en="brother"),
    "sister": Text(zh="姐妹", en="sister"),
    "aunt": Text(zh="阿姨", en="aunt"),
    "uncle": Text(zh="叔叔", en="uncle"),
}

CHANNELS = {
    "webchat": Text(zh="网页", en="web page"),
    "kiosk": Text(zh="驿站屏幕", en="public screen"),
    "telegram": Text(zh="Telegram", en="Telegram"),
    "wechat": Text(zh="微信", en="WeChat"),
    "wecom": Text(zh="微信客服", en="WeCom"),
    "dingtalk": Text(zh="钉钉", en="DingTalk"),
    "feishu": Text(zh="飞书", en="Feishu"),
    "desk": Text(zh="前台登记", en="at the desk"),
    "open311": Text(zh="合作平台", en="a partner"),
    "staff": Text(zh="工作群", en="chat of staff"),
}

UNDELIVERED = {
    What.SENDING: Text(zh="发给居民的话", en="a message"),
    What.NOTICE: Text(zh="通知", en="a notice"),
    What.ENTRY: Text(zh="居民写来的", en="from a resident"),
}
UNDELIVERED_STATES = {
    SendingState.DEAD: Text(zh="没送到", en="not delivered"),
    SendingState.HELD: Text(zh="等居民先写", en="held until they write"),
    EntryState.QUARANTINED: Text(zh="处理不了，放在一边", en="set aside"),
}
TROUBLES = {
    "blocked": Text(zh="居民不再接收", en="they blocked us"),
    "refused": Text(zh="平台不收", en="the platform refused it"),
    "closed": Text(zh="平台要居民先写", en="the platform waits for them to write"),
    "slowed": Text(zh="平台要求慢一点", en="the platform wants a pause"),
    "away": Text(zh="平台连不上", en="the platform could not be reached"),
    "failed": Text(zh="发送时出错", en="sending failed"),
}

REASONS = {
    Reason.UNKNOWN: Text(zh="小沥不知道", en="not known"),
    Reason.SUGGESTED: Text(zh="反问了，没有点", en="asked back, nothing tapped"),
    Reason.DISLIKED: Text(zh="居民说没帮助", en="did not help"),
    Complaint.WRONG: Text(zh="居民说不对", en="not right"),
    Complaint.OUTDATED: Text(zh="居民说过时了", en="out of date"),
    Complaint.UNCLEAR: Text(zh="居民没看懂", en="not understood"),
    Complaint.NOT_ASKED: Text(zh="答非所问", en="asked something else"),
}

NOTICES = {
    NoticeState.WAITING: Text(zh="等着发", en="waiting"),
    NoticeState.TO_PHONE: Text(zh="等着打电话", en="to be phoned"),
    NoticeState.HELD: Text(zh="等居民先写", en="held until they write"),
    NoticeState.SENT: Text(zh="已送到", en="sent"),
    NoticeState.CANCELLED: Text(zh="收回了", en="taken back"),
    NoticeState.DEAD: Text(zh="没送到", en="not delivered"),
}

BOOKINGS = {
    BookingStatus.REQUESTED: Text(zh="等工作人员答复", en="waits for an answer"),
    BookingStatus.BOOKED: Text(zh="约好了", en="booked"),
    BookingStatus.CANCELLED: Text(zh="取消了", en="cancelled"),
}

ENTRIES = {
    EntryStatus.WAITING: Text(zh="在等", en="waiting"),
    EntryStatus.OFFERED: Text(zh="在问", en="offered"),
}

STAGES = {
    Stage.BEFORE: Text(zh="还没开始登记", en="not open yet"),
    Stage.OPEN: Text(zh="正在登记", en="open"),
    Stage.CLOSED: Text(zh="登记截止，还没抽", en="closed, not drawn"),
    Stage.DRAWN: Text(zh="抽完了", en="drawn"),
}

LOTS = {
    DrawStatus.ENTERED: Text(zh="等抽签", en="entered"),
    DrawStatus.WON: Text(zh="抽中", en="won"),
    DrawStatus.LOST: Text(zh="没抽中", en="not drawn"),
}

CHANGES = {
    ChangeKind.MADE: Text(zh="排了这一场", en="made"),
    ChangeKind.MOVED: Text(zh="改了时间地点", en="moved"),
    ChangeKind.PLACES: Text(zh="改了名额", en="places changed"),
    ChangeKind.CALLED_OFF: Text(zh="取消了", en="called off"),
}

FIGURES = {
    Figure.OPEN: Text(zh="在办", en="unfinished"),
    Figure.NEW: Text(zh="没人接", en="not taken on"),
    Figure.SOON: Text(zh="快到期", en="due soon"),
    Figure.LATE: Text(zh="已超时", en="overdue"),
    Figure.FLAGGED: Text(zh="等分派", en="to dispatch"),
    Figure.RAISED: Text(zh="升级过", en="raised"),
    Figure.WAITING: Text(zh="等居民回答", en="waiting for the resident"),
    Figure.STILL: Text(zh="一直没动", en="lying still"),
    Figure.REPLIED: Text(zh="等居民确认", en="to be confirmed"),
    Figure.UNCONFIRMED: Text(zh="居民没确认", en="unconfirmed"),
    Figure.FILED: Text(zh="一周新收", en="filed this week"),
    Figure.ON_TIME: Text(zh="按时答复（30 天）", en="kept in time (30 d)"),
    Figure.FIRST_MOVE: Text(zh="多久接下（中位）", en="time to take on (median)"),
    Figure.FIRST_ANSWER: Text(zh="多久答复（中位）", en="time to reply (median)"),
    Figure.NOT_SOLVED: Text(zh="说没解决（30 天）", en="not solved (30 d)"),
    Figure.RATING: Text(zh="评价（满分 3）", en="rating (of 3)"),
    Figure.FOLLOWED: Text(zh="“我也遇到”（30 天）", en="met by others (30 d)"),
    Figure.TALKS: Text(zh="找人的对话", en="conversations"),
    Figure.MISSED: Text(zh="没答好的问题", en="missed questions"),
    Figure.STALE: Text(zh="要核实的答案", en="answers to check"),
    Figure.SESSIONS: Text(zh="七天内场次", en="sessions in 7 days"),
    Figure.PLACES: Text(zh="约了/名额", en="taken of places"),
    Figure.LINES: Text(zh="在候补", en="in line"),
    Figure.VISITS: Text(zh="等答复的参观", en="visits to answer"),
    Figure.NEEDS: Text(zh="在帮的求助", en="needs under way"),
    Figure.HELPED: Text(zh="帮好了（30 天）", en="helped (30 d)"),
    Figure.HELPERS: Text(zh="愿意帮的邻居", en="willing neighbours"),
}

# What the lines and bars of the trends are, by chart.
SERIES = {
    "many": (
        Text(zh="新收", en="filed"),
        Text(zh="答复", en="replied"),
        Text(zh="说解决了", en="solved"),
        Text(zh="说没解决", en="not solved"),
    ),
    "times": (Text(zh="接下", en="taken on"), Text(zh="答复", en="replied")),
    "shares": (Text(zh="按时答复", en="in time"), Text(zh="说没解决", en="not solved")),
    "rated": (Text(zh="平均", en="mean"), Text(zh="几个评价", en="ratings")),
}

TABLES = {
    Table.PLANNED: Text(zh="在准备", en="planned"),
    Table.ANNOUNCED: Text(zh="通知了", en="announced"),
    Table.REPORTED: Text(zh="结果公布了", en="result out"),
}

NEWS = {
    NewsStatus.DRAFT: Text(zh="等批准", en="to be approved"),
    NewsStatus.APPROVED: Text(zh="批准了，到时发布", en="approved, not out yet"),
    NewsStatus.PUBLISHED: Text(zh="已发布", en="published"),
    NewsStatus.WITHDRAWN: Text(zh="撤下了", en="withdrawn"),
    NewsStatus.EXPIRED: Text(zh="过期了", en="expired"),
}
NEWS_DEEDS = {
    NewsDeed.WRITTEN: Text(zh="写了", en="written"),
    NewsDeed.APPROVED: Text(zh="批准", en="approved"),
    NewsDeed.PUBLISHED: Text(zh="发布", en="published"),
    NewsDeed.WITHDRAWN: Text(zh="撤下", en="withdrawn"),
    NewsDeed.EXPIRED: Text(zh="过期", en="expired"),
    NewsDeed.SENT: Text(zh="开始群发", en="sending begun"),
    NewsDeed.PAUSED: Text(zh="群发暂停", en="sending paused"),
    NewsDeed.RESUMED: Text(zh="接着群发", en="sending goes on"),
    NewsDeed.STOPPED: Text(zh="群发停了", en="sending stopped"),
    NewsDeed.TOLD_ALL: Text(zh="全部发出", en="all sent"),
}
SENDING = {
    Sending.RUNNING: Text(zh="正在发", en="being sent"),
    Sending.PAUSED: Text(zh="暂停了", en="paused"),
    Sending.STOPPED: Text(zh="停了", en="stopped"),
    Sending.DONE: Text(zh="发完了", en="all sent"),
}
PROGRESS = {
    "told": Text(zh="已告诉", en="told"),
    "waiting": Text(zh="还没告诉", en="still to be told"),
    "to_phone": Text(zh="要打电话", en="to be phoned"),
    "failed": Text(zh="没送到", en="failed"),
}

# What stands in the daily digest.
DIGEST = {
    "title": Text(zh="每日简报", en="Daily digest"),
    "as_of": Text(zh="截至", en="as of"),
    "of_day": Text(zh="这一天", en="On this day"),
    "now": Text(zh="现在", en="Now"),
    "overdue": Text(zh="超时最久的", en="Longest overdue"),
    "unseen": Text(zh="容易看不见的", en="Easily not seen"),
    "stale": Text(zh="要核实的答案", en="answers to check"),
    "returned": Text(zh="退回的分派（30 天）", en="routes given back (30 d)"),
    "missed": Text(zh="没答好的问题", en="missed questions"),
}
OF_DAY = {
    "filed": Text(zh="新收", en="filed"),
    "answered": Text(zh="答复", en="replied"),
    "resolved": Text(zh="居民说解决了", en="solved"),
    "reopened": Text(zh="居民说没解决", en="not solved"),
}

MARKS = {
    "off": Text(zh="已取消", en="called off"),
    "moved": Text(zh="改过时间", en="moved"),
    "undrawn": Text(zh="该抽签没抽", en="draw not held"),
    "at_risk": Text(zh="缺人", en="at risk"),
    "full": Text(zh="满", en="full"),
}

ATTENDANCE = {
    "here": Text(zh="到了", en="here"),
    "missed": Text(zh="没来", en="missed"),
    "not_yet": Text(zh="还没到", en="not yet"),
}

# What stands above the columns of a session's list.
COLUMNS = {
    "code": Text(zh="编号", en="Code"),
    "name": Text(zh="姓名", en="Name"),
    "whom": Text(zh="给谁约", en="For"),
    "places": Text(zh="名额", en="Places"),
    "how": Text(zh="情况", en="Status"),
    "came_at": Text(zh="到的时间", en="Came at"),
}

RECORDS = {
    "article": Text(zh="问答", en="article"),
    "facility": Text(zh="设施", en="facility"),
    "activity": Text(zh="活动", en="activity"),
    "timetable": Text(zh="时刻表", en="timetable"),
    "topic": Text(zh="主题", en="topic"),
    "file": Text(zh="文件", en="file"),
}

LEVELS = {
    "official": Text(zh="官方", en="official"),
    "report": Text(zh="报道", en="report"),
    "sample": Text(zh="示例", en="sample"),
}

FLAGS = {
    "expired": Text(zh="过期", en="expired"),
    "conflict": Text(zh="说法不一", en="sources disagree"),
    "changed": Text(zh="没发布", en="unpublished"),
    "offline": Text(zh="已下线", en="offline"),
}

TASK_REASONS = {
    TaskReason.EXPIRED: Text(zh="已过期，请核实", en="expired; check it again"),
    TaskReason.CONFLICT: Text(zh="两种说法，请定下来", en="sources disagree; settle it"),
    TaskReason.SOON: Text(zh="两周内到期", en="expires within two weeks"),
}

# What records that disagree disagree about.
CONFLICTS = {
    "hours": Text(zh="时间", en="hours"),
    "phone": Text(zh="电话", en="phone"),
    "fees": Text(zh="费用", en="fees"),
    "noted": Text(zh="编辑记下的", en="noted by an editor"),
}

PUBLICATIONS = {
    State.ORDERED: Text(zh="等着开始", en="waiting to begin"),
    State.RUNNING: Text(zh="正在发布", en="under way"),
    State.PUBLISHED: Text(zh="已发布", en="published"),
    State.REFUSED: Text(zh="没有通过，居民看到的没有变", en="refused; nothing changed"),
    State.FAILED: Text(zh="没有做完，居民看到的没有变", en="broke off; nothing changed"),
}

STEPS = {
    "": Text(zh="开始", en="begin"),
    "check": Text(zh="检查内容", en="checking the content"),
    "build": Text(zh="建立索引", en="building the index"),
    "golden": Text(zh="问金牌问题", en="asking the golden questions"),
    "activate": Text(zh="换上新版", en="activating"),
}

UNITS = (
    (timedelta(days=1), Text(zh="天", en="d")),
    (timedelta(hours=1), Text(zh="小时", en="h")),
    (timedelta(minutes=1), Text(zh="分钟", en="min")),
)
MOMENT = Text(zh="不到 1 分钟", en="less than a minute")


def long(time: timedelta) -> Text:
    """Write how long something takes, in its largest unit: 3 小时, 3 h."""
    for unit, name in UNITS:
        if time >= unit:
            return Text(zh=f"{time // unit} {name.zh}", en=f"{time // unit} {name.en}")
    return MOMENT


def hours(count: float) -> Text:
    """Write hours, to a tenth."""
    return Text(zh=f"{count:.1f} 小时", en=f"{count:.1f} h")


def days(count: float) -> Text:
    """Write days, to a tenth."""
    return Text(zh=f"{count:.1f} 天", en=f"{count:.1f} d")
