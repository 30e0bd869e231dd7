"""Row scope and forged requests, for every page of the desk's own table (P34, P36)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, literal, select, update
from starlette.routing import Mount, Route

from actions.booking.model import Booking
from actions.conversations import Conversation
from actions.db import Base, Database
from actions.governance.model import ServiceRequest
from actions.neighbours.model import Status
from actions.people import scope, staff
from actions.people.model import AuditEntry, Household, Staff
from bot.app import Guarded
from bot.desk import signin
from bot.desk.article_form import fields_of
from bot.desk.pages import PAGES
from bot.desk.visit import Page
from tests.bot.desk.conftest import (
    CANARY,
    DOCUMENTS,
    MISSED,
    NEWS,
    ORIGIN,
    PHOTO,
    RECORD,
    STAFF,
    Colleague,
    Village,
)

TALKS = frozenset({"own", "boss", "town", "mayor", "police", "dispatcher"})
REQUESTS = TALKS | {"roads"}
ACTIVITIES = TALKS | {"organiser"}
EDITORS = frozenset({"boss", "mayor", "editor", "other-boss"})  # of no area
NEWSROOM = EDITORS - {"other-boss"}  # news is of an area
EVERYBODY = frozenset(STAFF)
# Who has what is of 七彩 in a section of the desk.
WHOSE = {
    "/": EVERYBODY,  # each their own
    "/inbox": EVERYBODY,
    "/conversations": TALKS,
    "/help": TALKS,
    "/help/new": TALKS | {"other", "other-boss"},  # each their own
    "/helpers": TALKS,
    "/calls": TALKS,
    "/undelivered": TALKS,
    "/alerts": TALKS,
    "/alerts/check-ins/enrolled": TALKS | {"other", "other-boss"},  # each in their own area
    "/reports": TALKS,
    "/households": TALKS,
    "/chat": EVERYBODY - {"editor", "organiser", "other-organiser"},  # each their own
    "/chat/group": frozenset({"boss", "mayor"}),
    "/requests": REQUESTS,
    "/uploads": REQUESTS,
    "/sessions": ACTIVITIES,
    "/visits": ACTIVITIES,
    "/content": EDITORS,
    "/news": NEWSROOM,
    "/news/new": EDITORS,  # each their own
    "/misses": EDITORS,
    "/recalls": EDITORS,
    "/staff": frozenset({"boss", "mayor"}),
    "/data": frozenset({"boss", "mayor"}),
    "/audit": frozenset({"boss", "mayor", "other-boss"}),  # of their own staff
    "/operating": frozenset({"boss", "mayor", "other-boss"}),  # the same for all of them
    "/cockpit": EVERYBODY - {"editor", "organiser", "other-organiser"},  # each their own
    "/roundtable": TALKS,
    "/password": EVERYBODY,
    "/language": EVERYBODY,
    "/requests/filters/save": EVERYBODY - {"editor", "organiser", "other-organiser"},
    "/requests/filters/{filter_id}/drop": frozenset({"boss"}),  # who kept it
    "/sign-out": EVERYBODY,
}
# Who does little else: what they cannot do for want of reach shows.
NARROWEST = {
    REQUESTS: "roads",
    ACTIVITIES: "organiser",
    EDITORS: "editor",
    NEWSROOM: "editor",
    TALKS: "own",
}
ONE_OF_EACH = ("own", "boss", "dispatcher", "roads", "organiser", "editor")
NOBODY_ELSES = "0" * 32
# Of no resident: a command notes by itself what it reads and does, the others are one's own.
NOT_NOTED = {
    "/chat",
    "/language",
    "/requests/filters/save",
    "/requests/filters/{filter_id}/drop",
}
EACH_BY_ITSELF = {"/requests/picked/deeds"}  # says of each request what came of it
TOLD = {"kind": "article", "id": "ed-card"}


@dataclass(frozen=True)
class Case:
    """How a page is tried: its parameters, ours and unknown ones, what it shows of ours."""

    ours: Callable[[Village], dict[str, str]] = lambda _: {}
    unknown: dict[str, str] | None = None
    sent: Callable[[Village], dict[str, str]] = lambda _: {}
    shows: Callable[[Village], str] = lambda _: ""
    taken: int = 303  # the status of a deed that was not forged


@pytest.fixture
def village(village: Village) -> Village:
    """With something to learn from."""
    village.learn()
    village.organise()
    village.write()
    village.keep_filter("boss")
    village.second = village.file("road-light", "另一盏灯")
    village.meet()
    village.care()
    village.talk_by_phone()
    village.house()
    village.tell_news()
    village.lose()
    return village


def talk(village: Village) -> dict[str, str]:
    return {"conversation_id": village.conversation_id}


def request(village: Village) -> dict[str, str]:
    return {"reference": village.reference}


def need(village: Village) -> dict[str, str]:
    return {"help_id": str(village.need_id)}


def taken(village: Village) -> dict[str, str]:
    return {"help_id": str(village.taken_id)}


def phoned(village: Village) -> dict[str, str]:
    return {"help_id": str(village.phoned_id)}


def helper(village: Village) -> dict[str, str]:
    return {"offer_id": str(village.offer_id)}


def verified(village: Village) -> dict[str, str]:
    return {"offer_id": str(village.checked_id)}


def session(village: Village) -> dict[str, str]:
    return {"session_id": str(village.session_id)}


def today(village: Village) -> dict[str, str]:
    return {"session_id": str(village.today_id)}


def called(village: Village) -> dict[str, str]:
    return session(village) | {"booking_id": str(village.caller_booking_id)}


def group(village: Village) -> dict[str, str]:
    return {"booking_id": str(village.visit_id)}


def code(village: Village) -> dict[str, str]:
    with village.bot.parts.database.reading() as db:
        return {"code": db.get_one(Booking, village.today_booking_id).code}


def guide(village: Village) -> dict[str, str]:
    with village.bot.parts.database.reading() as db:
        return {"guide": str(db.scalars(select(Staff.id).filter_by(username="own")).one())}


def colleague(village: Village) -> dict[str, str]:
    return {"staff_id": guide(village)["guide"]}


def miss(village: Village) -> dict[str, str]:
    return {"numbers": str(village.miss_id)}


def card(_village: Village) -> dict[str, str]:
    return {"kind": "article", "record_id": "ed-card"}


ARTICLE = fields_of(DOCUMENTS["articles/ed-card.md"]) | {"body_zh": "在三楼。"}
NO_CARD = {"kind": "article", "record_id": "no-card"}
RECORD_PAGE = "/content/{kind}/{record_id}"

REQUEST_PAGE, NO_REQUEST = "/requests/{reference}", {"reference": "GQ-261124-9999"}
WORDS = {"words": "看过了"}


def seen(village: Village) -> dict[str, str]:
    return {"seen": village.seen()}


def picked(village: Village) -> dict[str, str]:
    return {"deed": "acknowledged", f"pick-{village.reference}": village.seen()}


def seen_with(sent: dict[str, str]) -> Callable[[Village], dict[str, str]]:
    """What a form sends, and what its writer has seen of the request."""
    return lambda village: sent | seen(village)


MEETING_PAGE, NO_MEETING = "/roundtable/meetings/{meeting_id}", {"meeting_id": "999"}


def meeting(village: Village) -> dict[str, str]:
    return {"meeting_id": str(village.meeting_id)}


def new_request(village: Village) -> str:
    return str(village.request(village.fresh).id)


REPORT_PAGE, NO_REPORT = "/reports/{report_id}", {"report_id": "999"}
ALERT_PAGE, NO_ALERT = "/alerts/{alert_id}", {"alert_id": "999"}


def report(village: Village) -> dict[str, str]:
    return {"report_id": str(village.report_id)}


def alert(village: Village) -> dict[str, str]:
    return {"alert_id": str(village.alert_id)}


HOUSEHOLD, NO_HOUSEHOLD = "/households/{household_id}", {"household_id": "999"}


def home(village: Village) -> dict[str, str]:
    return {"household_id": str(village.household_id)}


def elder(village: Village) -> dict[str, str]:
    return home(village) | {"resident_id": village.elder_id}


def asked(village: Village) -> dict[str, str]:
    return home(village) | {"acting_id": str(village.acting_id)}


NO_SESSION = {"session_id": "999"}
NO_BOOKING = NO_SESSION | {"booking_id": "999"}
WHEN = {"on": "2026-12-24", "from": "20:00", "to": "21:00", "places": "5"}
CALLER = {"name": "李阿姨", "phone": "13911111111", "places": "1"}
ASKED_BY_PHONE = {
    "name": "李阿姨",
    "phone": "13911111111",
    "kind": "fetch-parcel",
    "words": "取快递",
    "on": "2026-12-24",
    "from": "10:00",
    "agreed": "1",
}
SESSION_PAGE = "/sessions/{session_id}"

NEWCOMER = {"username": "li", "role": "staff", "area": "guali/qicai/"}
PASSWORDS = {"password": "correct horse", "new": "battery staple", "again": "battery staple"}
NO_COLLEAGUE = {"staff_id": "999"}

ITEM, NO_ITEM = "/news/{news_id}", {"news_id": "999"}
WRITTEN = {
    "area": "guali/qicai/",
    "topic": "outage",
    "level": "official",
    "source": "社区",
    "title_zh": "停水",
    "body_zh": "八点到五点。",
    "publish_at": "2026-11-24T10:00",
    "expires_at": "2027-11-30T10:00",
    "urgent": "1",
}


def draft(village: Village) -> dict[str, str]:
    return {"news_id": str(village.draft_id)}


def out(village: Village) -> dict[str, str]:
    return {"news_id": str(village.out_id)}


def sending(village: Village) -> dict[str, str]:
    return {"news_id": str(village.sending_id)}


OF_CALLER = "/data/{resident_id}"


def caller(village: Village) -> dict[str, str]:
    with village.bot.parts.database.reading() as db:
        booking = db.get_one(Booking, village.caller_booking_id)
        return {"resident_id": booking.resident_id}


CASES = {
    ("GET", "/data"): Case(shows=lambda _: "居民资料"),
    ("POST", "/data"): Case(sent=lambda _: {"name": CANARY, "phone": "13800000000"}, taken=200),
    ("GET", OF_CALLER): Case(caller, {"resident_id": NOBODY_ELSES}, shows=lambda _: CANARY),
    ("GET", OF_CALLER + "/copy"): Case(
        caller, {"resident_id": NOBODY_ELSES}, shows=lambda _: CANARY
    ),
    ("POST", OF_CALLER + "/forget"): Case(
        caller, {"resident_id": NOBODY_ELSES}, sent=lambda _: {"sure": "1"}
    ),
    ("GET", "/sessions"): Case(shows=lambda v: f"/desk/sessions/{v.session_id}"),
    ("GET", "/sessions/new"): Case(shows=lambda _: "书法社"),
    ("POST", "/sessions/new"): Case(
        sent=lambda _: WHEN | {"activity": "club-calligraphy", "repeat": "2"}
    ),
    ("GET", SESSION_PAGE): Case(session, NO_SESSION, shows=lambda _: CANARY),
    ("POST", SESSION_PAGE + "/move"): Case(session, NO_SESSION, sent=lambda _: WHEN),
    ("POST", SESSION_PAGE + "/places"): Case(session, NO_SESSION, sent=lambda _: WHEN),
    ("POST", SESSION_PAGE + "/call-off"): Case(
        session, NO_SESSION, sent=lambda _: {"words": "停电", "sure": "1"}
    ),
    ("POST", SESSION_PAGE + "/line"): Case(
        session,
        NO_SESSION,
        sent=lambda v: {"entry": str(v.entry_id), "answer": "leave"},
    ),
    ("GET", SESSION_PAGE + "/list.csv"): Case(session, NO_SESSION, shows=lambda _: CANARY),
    ("GET", SESSION_PAGE + "/list.pdf"): Case(session, NO_SESSION, shows=lambda _: "%PDF"),
    ("GET", SESSION_PAGE + "/attendance"): Case(session, NO_SESSION, shows=lambda _: CANARY),
    ("POST", SESSION_PAGE + "/attendance"): Case(
        today,
        NO_SESSION,
        sent=lambda v: {"booking": str(v.today_booking_id), "mark": "here"},
    ),
    ("POST", SESSION_PAGE + "/attendance/code"): Case(today, NO_SESSION, sent=code),
    ("POST", SESSION_PAGE + "/attendance/close"): Case(today, NO_SESSION),
    ("GET", SESSION_PAGE + "/book"): Case(session, NO_SESSION, shows=lambda _: "书法社"),
    ("POST", SESSION_PAGE + "/book"): Case(
        session, NO_SESSION, sent=lambda _: CALLER | {"deed": "wait"}
    ),
    ("GET", SESSION_PAGE + "/bookings/{booking_id}"): Case(
        called, NO_BOOKING, shows=lambda _: CANARY
    ),
    ("POST", SESSION_PAGE + "/bookings/{booking_id}/cancel"): Case(called, NO_BOOKING),
    ("GET", "/visits"): Case(shows=lambda v: f"/desk/visits/{v.visit_id}"),
    ("GET", "/visits/{booking_id}"): Case(group, {"booking_id": "999"}, shows=lambda _: CANARY),
    ("POST", "/visits/{booking_id}/approve"): Case(group, {"booking_id": "999"}, sent=guide),
    ("POST", "/visits/{booking_id}/decline"): Case(
        group, {"booking_id": "999"}, sent=lambda _: {"words": "停电"}
    ),
    ("GET", "/calls"): Case(shows=lambda _: CANARY),
    ("POST", "/calls/{notice_id}/told"): Case(
        lambda v: {"notice_id": str(v.notice_id)}, {"notice_id": "999"}
    ),
    ("POST", "/calls/{notice_id}/said"): Case(
        lambda v: {"notice_id": str(v.said_id)},
        {"notice_id": "999"},
        sent=lambda _: {"words": "在家的"},
    ),
    ("POST", "/calls/{notice_id}/answered"): Case(
        lambda v: {"notice_id": str(v.question_id)},
        {"notice_id": "999"},
        sent=lambda _: {"outcome": "well"},
    ),
    ("GET", "/undelivered"): Case(shows=lambda v: f"/desk/undelivered/sending/{v.lost_id}"),
    **{
        ("POST", "/undelivered/{what}/{row_id}/" + deed): Case(
            lambda v: {"what": "sending", "row_id": str(v.lost_id)},
            {"what": "sending", "row_id": "999"},
        )
        for deed in ("again", "told", "drop")
    },
    ("GET", "/reports"): Case(shows=lambda v: f"/desk/reports/{v.report_id}"),
    ("GET", REPORT_PAGE): Case(report, NO_REPORT, shows=lambda _: CANARY),
    ("POST", REPORT_PAGE + "/outcome"): Case(
        report, NO_REPORT, sent=lambda _: {"outcome": "suspended", "days": "7"}
    ),
    ("POST", REPORT_PAGE + "/talks"): Case(
        report, NO_REPORT, sent=lambda _: {"side": "reporter"}
    ),
    ("GET", "/alerts"): Case(shows=lambda v: f"/desk/alerts/{v.alert_id}"),
    ("GET", "/alerts/check-ins"): Case(shows=lambda _: CANARY),
    ("POST", "/alerts/check-ins/enrolled"): Case(
        sent=lambda _: CALLER | {"from": "09:00", "to": "11:00", "agreed": "1"}
    ),
    ("POST", "/alerts/check-ins/{resident_id}/end"): Case(
        lambda v: {"resident_id": v.enrolled_id}, {"resident_id": NOBODY_ELSES}
    ),
    ("GET", ALERT_PAGE): Case(alert, NO_ALERT, shows=lambda _: CANARY),
    ("POST", ALERT_PAGE + "/take"): Case(alert, NO_ALERT),
    ("POST", ALERT_PAGE + "/close"): Case(alert, NO_ALERT, sent=lambda _: WORDS),
    ("POST", ALERT_PAGE + "/talks"): Case(alert, NO_ALERT),
    ("POST", ALERT_PAGE + "/danger"): Case(alert, NO_ALERT, taken=200),
    ("GET", "/households"): Case(shows=lambda v: f"/desk/households/{v.household_id}"),
    ("POST", "/households"): Case(
        sent=lambda _: {"area": "guali/qicai/", "name": "李奶奶", "phone": "13911111112"}
    ),
    ("GET", HOUSEHOLD): Case(home, NO_HOUSEHOLD, shows=lambda _: CANARY),
    ("POST", HOUSEHOLD + "/code"): Case(home, NO_HOUSEHOLD, taken=200),
    ("POST", HOUSEHOLD + "/place"): Case(
        home, NO_HOUSEHOLD, sent=lambda _: {"area": "guali/qicai/a/"}
    ),
    ("POST", HOUSEHOLD + "/members"): Case(home, NO_HOUSEHOLD, sent=lambda _: CALLER),
    ("POST", HOUSEHOLD + "/members/{resident_id}/code"): Case(
        elder, NO_HOUSEHOLD | {"resident_id": NOBODY_ELSES}, taken=200
    ),
    ("POST", HOUSEHOLD + "/members/{resident_id}/remove"): Case(
        elder, NO_HOUSEHOLD | {"resident_id": NOBODY_ELSES}
    ),
    ("POST", HOUSEHOLD + "/acting/{acting_id}/confirm"): Case(
        asked, NO_HOUSEHOLD | {"acting_id": "999"}
    ),
    ("POST", HOUSEHOLD + "/acting/{acting_id}/end"): Case(
        asked, NO_HOUSEHOLD | {"acting_id": "999"}
    ),
    ("GET", "/roundtable"): Case(shows=lambda v: f"/desk/roundtable/meetings/{v.meeting_id}"),
    ("POST", "/roundtable/topics"): Case(
        sent=lambda v: {"title": "路灯", "requests": new_request(v), "questions": ""}
    ),
    ("POST", "/roundtable/topics/{topic_id}/drop"): Case(
        lambda v: {"topic_id": str(v.topic_id)}, {"topic_id": "999"}
    ),
    ("POST", "/roundtable/meetings"): Case(
        sent=lambda _: WHEN | {"at": "19:00", "place": "文化客厅", "area": "guali/qicai/"}
    ),
    ("GET", MEETING_PAGE): Case(meeting, NO_MEETING, shows=lambda _: CANARY),
    ("GET", MEETING_PAGE + "/questions"): Case(meeting, NO_MEETING, shows=lambda _: CANARY),
    ("POST", MEETING_PAGE + "/agenda"): Case(
        meeting, NO_MEETING, sent=lambda v: {"topic": str(v.topic_id)}
    ),
    ("POST", MEETING_PAGE + "/announce"): Case(
        lambda v: {"meeting_id": str(v.planned_id)},
        NO_MEETING,
        taken=409,  # nothing is on it
    ),
    ("POST", MEETING_PAGE + "/answered"): Case(
        meeting, NO_MEETING, sent=lambda v: {"question": str(v.asked_id)}
    ),
    ("POST", MEETING_PAGE + "/commitments"): Case(
        meeting,
        NO_MEETING,
        sent=lambda v: {
            "topic": str(v.on_agenda_id),
            "category": "road-light",
            "words": "装十盏灯",
        },
    ),
    ("POST", MEETING_PAGE + "/report"): Case(
        meeting, NO_MEETING, sent=lambda _: {"words": "谈成了"}
    ),
    ("GET", "/news"): Case(shows=lambda _: NEWS),
    ("GET", "/news/new"): Case(shows=lambda _: "停水停电"),
    ("POST", "/news/new"): Case(sent=lambda _: WRITTEN),
    ("GET", ITEM): Case(draft, NO_ITEM, shows=lambda _: NEWS),
    ("GET", ITEM + "/edit"): Case(draft, NO_ITEM, shows=lambda _: NEWS),
    ("POST", ITEM + "/edit"): Case(draft, NO_ITEM, sent=lambda _: WRITTEN),
    ("POST", ITEM + "/approve"): Case(draft, NO_ITEM, sent=lambda _: {"version": "1"}),
    ("POST", ITEM + "/withdraw"): Case(draft, NO_ITEM),
    ("POST", ITEM + "/send"): Case(out, NO_ITEM),
    ("POST", ITEM + "/pause"): Case(sending, NO_ITEM),
    ("POST", ITEM + "/go-on"): Case(lambda v: {"news_id": str(v.paused_id)}, NO_ITEM),
    ("POST", ITEM + "/stop"): Case(sending, NO_ITEM),
    ("GET", "/cockpit"): Case(shows=lambda _: "平安村社"),
    ("GET", "/cockpit/unknown"): Case(shows=lambda _: "看不见的事"),
    ("GET", "/cockpit/digest.pdf"): Case(shows=lambda _: "%PDF"),
    ("GET", "/cockpit/{board_id}"): Case(
        lambda _: {"board_id": "village-operation"}, shows=lambda _: "路灯"
    ),
    ("GET", "/misses"): Case(shows=lambda _: MISSED),
    ("POST", "/misses/accept"): Case(
        sent=lambda v: miss(v) | {"question": "怎么借", "language": "zh", "record": RECORD}
    ),
    ("POST", "/misses/dismiss"): Case(sent=miss),
    ("POST", "/misses/retire"): Case(sent=lambda v: {"numbers": str(v.taught_id)}),
    ("GET", "/recalls"): Case(shows=lambda _: "/desk/recalls/new"),
    ("GET", "/recalls/new"): Case(sent=lambda _: TOLD, shows=lambda _: "告诉这些人"),
    ("POST", "/recalls"): Case(sent=lambda _: TOLD | {"once": "a" * 32}),
    ("GET", "/content"): Case(shows=lambda _: "ed-card"),
    ("GET", "/content/tasks"): Case(shows=lambda _: "tr-fare"),
    ("GET", "/content/changes"): Case(),
    ("GET", "/content/publications/{publication_id}"): Case(
        lambda v: {"publication_id": str(v.publication_id)}, {"publication_id": "999"}
    ),
    ("GET", "/content/new"): Case(
        sent=lambda _: {"question": "怎么养鹦鹉"}, shows=lambda _: "怎么养鹦鹉"
    ),
    ("POST", "/content/article"): Case(
        sent=lambda _: ARTICLE | {"seen": "0", "record_id": "new-one"}
    ),
    ("POST", "/content/preview"): Case(
        sent=lambda _: ARTICLE | {"seen": "0", "record_id": "new-one"}, taken=200
    ),
    ("POST", "/content/new"): Case(sent=lambda _: {"kind": "article", "record_id": "new-one"}),
    ("POST", "/content/offline"): Case(sent=lambda _: {"subject": "article:ed-card"}),
    ("POST", "/content/online"): Case(sent=lambda _: {"subject": "article:ed-card"}),
    ("POST", "/content/publish"): Case(),
    ("POST", "/content/editions/{edition_id}/roll-back"): Case(
        lambda v: {"edition_id": str(v.edition_id)},
        {"edition_id": "999"},
        taken=409,  # residents have it already
    ),
    ("GET", RECORD_PAGE): Case(card, NO_CARD, shows=lambda _: "怎么办借书证"),
    ("POST", RECORD_PAGE + "/save"): Case(
        card, NO_CARD, sent=lambda v: ARTICLE | {"seen": str(v.revision_id)}
    ),
    ("POST", RECORD_PAGE + "/preview"): Case(card, NO_CARD, sent=lambda _: ARTICLE, taken=200),
    ("GET", RECORD_PAGE + "/history/{revision_id}"): Case(
        lambda v: card(v) | {"revision_id": str(v.revision_id)},
        NO_CARD | {"revision_id": "999"},
        shows=lambda _: "怎么办借书证",
    ),
    ("POST", RECORD_PAGE + "/restore"): Case(
        card, NO_CARD, sent=lambda v: {"revision_id": str(v.revision_id)}
    ),
    ("GET", "/"): Case(shows=lambda v: v.reference),
    ("GET", "/inbox"): Case(shows=lambda v: v.conversation_id[:6]),
    ("GET", "/conversations/{conversation_id}"): Case(
        talk, {"conversation_id": NOBODY_ELSES}, shows=lambda _: CANARY
    ),
    ("GET", "/conversations/{conversation_id}/later"): Case(
        talk, {"conversation_id": NOBODY_ELSES}, shows=lambda _: CANARY
    ),
    ("POST", "/conversations/{conversation_id}/answers"): Case(
        talk,
        {"conversation_id": NOBODY_ELSES},
        sent=lambda _: {"words": "马上来", "seen": "0", "once": "a" * 32},
    ),
    ("POST", "/conversations/{conversation_id}/elder"): Case(
        talk, {"conversation_id": NOBODY_ELSES}, sent=lambda _: {"elder": "on"}
    ),
    ("POST", "/conversations/{conversation_id}/return"): Case(
        talk, {"conversation_id": NOBODY_ELSES}
    ),
    ("POST", "/conversations/{conversation_id}/resolve"): Case(
        talk, {"conversation_id": NOBODY_ELSES}
    ),
    ("GET", "/requests"): Case(shows=lambda v: v.reference),
    ("GET", "/requests/list.csv"): Case(shows=lambda v: v.reference),
    ("GET", "/requests/map"): Case(shows=lambda _: "<circle class"),
    ("POST", "/requests/picked/deeds"): Case(sent=picked, taken=200),
    ("POST", "/requests/filters/save"): Case(
        sent=lambda _: {"name": "我常看的", "view": "late"}
    ),
    ("POST", "/requests/filters/{filter_id}/drop"): Case(
        lambda v: {"filter_id": str(v.filter_id)}, {"filter_id": "999"}
    ),
    ("GET", REQUEST_PAGE): Case(request, NO_REQUEST, shows=lambda _: CANARY),
    ("POST", REQUEST_PAGE + "/moves"): Case(
        request,
        NO_REQUEST,
        sent=seen_with({"to": "acknowledged"}),
    ),
    ("POST", REQUEST_PAGE + "/tell"): Case(request, NO_REQUEST, sent=seen_with(WORDS)),
    ("POST", REQUEST_PAGE + "/ask"): Case(request, NO_REQUEST, sent=seen_with(WORDS)),
    ("POST", REQUEST_PAGE + "/note"): Case(request, NO_REQUEST, sent=seen_with(WORDS)),
    ("POST", REQUEST_PAGE + "/assign"): Case(
        request, NO_REQUEST, sent=seen_with(WORDS | {"owner": "cleaning-team"})
    ),
    ("POST", REQUEST_PAGE + "/give-back"): Case(
        request, NO_REQUEST, sent=seen_with(WORDS | {"owner": "cleaning-team"})
    ),
    ("POST", REQUEST_PAGE + "/category"): Case(
        request, NO_REQUEST, sent=seen_with({"category": "parking"})
    ),
    ("POST", REQUEST_PAGE + "/merge"): Case(
        request, NO_REQUEST, sent=lambda v: seen(v) | {"into": v.second}
    ),
    ("POST", REQUEST_PAGE + "/split"): Case(
        request, NO_REQUEST, sent=seen_with(WORDS | {"category": "parking"})
    ),
    ("GET", "/help/{help_id}"): Case(need, {"help_id": "999"}, shows=lambda _: CANARY),
    ("GET", "/help/new"): Case(shows=lambda _: "代人求助"),
    ("POST", "/help/new"): Case(sent=lambda _: ASKED_BY_PHONE),
    ("POST", "/help/{help_id}/words"): Case(
        need, {"help_id": "999"}, sent=lambda _: {"words": "接孩子放学"}
    ),
    ("POST", "/help/{help_id}/said"): Case(
        phoned, {"help_id": "999"}, sent=lambda _: {"what": "door", "words": "3幢2单元"}
    ),
    ("POST", "/help/{help_id}/withdraw"): Case(phoned, {"help_id": "999"}),
    ("POST", "/help/{help_id}/approve"): Case(need, {"help_id": "999"}),
    ("POST", "/help/{help_id}/decline"): Case(need, {"help_id": "999"}),
    ("POST", "/help/{help_id}/talks"): Case(
        taken, {"help_id": "999"}, sent=lambda _: {"side": "asker"}
    ),
    ("GET", "/helpers"): Case(shows=lambda v: f"/desk/helpers/{v.offer_id}"),
    ("GET", "/helpers/{offer_id}"): Case(helper, {"offer_id": "999"}, shows=lambda _: CANARY),
    ("POST", "/helpers/{offer_id}/verify"): Case(helper, {"offer_id": "999"}),
    ("POST", "/helpers/{offer_id}/unverify"): Case(verified, {"offer_id": "999"}),
    ("GET", "/uploads/{upload_id}"): Case(
        lambda v: {"upload_id": v.upload_id},
        {"upload_id": NOBODY_ELSES},
        shows=lambda _: PHOTO[3:].decode(),
    ),
    ("GET", "/chat"): Case(shows=lambda _: "领我的绑定码"),
    ("GET", "/chat/later"): Case(shows=lambda _: "lines"),
    ("POST", "/chat"): Case(sent=lambda _: {"words": "帮助", "once": "a" * 32}),
    ("POST", "/chat/code"): Case(taken=200),
    ("POST", "/chat/unlink"): Case(),
    ("POST", "/chat/group"): Case(sent=lambda _: {"area": "guali/qicai/"}, taken=200),
    ("GET", "/staff"): Case(shows=lambda _: "<bdi>own</bdi>"),
    ("POST", "/staff"): Case(sent=lambda _: NEWCOMER, taken=200),
    ("POST", "/staff/{staff_id}/reset"): Case(colleague, NO_COLLEAGUE, taken=200),
    ("POST", "/staff/{staff_id}/disable"): Case(colleague, NO_COLLEAGUE),
    ("GET", "/audit"): Case(shows=lambda _: "read_"),
    ("GET", "/operating"): Case(shows=lambda _: "语言模型"),
    ("GET", "/password"): Case(),
    ("POST", "/password"): Case(sent=lambda _: PASSWORDS),
    ("POST", "/language"): Case(sent=lambda _: {"language": "en"}),
    ("POST", "/sign-out"): Case(),
}
OPEN_TO_ALL = {("GET", "/sign-in"), ("POST", "/sign-in"), ("MOUNT", "/static")}
STREAMS = {("GET", "/events")}  # tried in test_events

DEEDS = [page for page in PAGES if page.method == "POST"]
STRICT = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def whose(page: Page) -> frozenset[str]:
    """Who has what a page shows or does to things of 七彩."""
    return WHOSE.get(page.path) or WHOSE["/" + page.path.split("/")[1]]


def case_of(page: Page) -> Case:
    return CASES[page.method, page.path]


def fill(page: Page, parameters: dict[str, str]) -> str:
    return page.path.format(**parameters)


def rows(database: Database) -> dict[str, list[Any]]:
    """Everything in the database but who is signed in, and the audit log."""
    aside = {"staff_sessions", "sign_in_attempts", "audit"}
    with database.reading() as db:
        return {
            table.name: list(db.execute(select(table).order_by(*table.primary_key)))
            for table in Base.metadata.sorted_tables
            if table.name not in aside
        }


def routes_of(app: Guarded) -> Iterable[tuple[str, str]]:
    """The routes of the desk as the running app has them."""
    mounted = [r for r in app._app.routes if isinstance(r, Mount) and r.path == "/desk"]  # type: ignore[attr-defined]
    (desk,) = mounted
    for route in desk.routes:
        if isinstance(route, Route):
            yield from ((method, route.path) for method in set(route.methods or ()) - {"HEAD"})
        elif isinstance(route, Mount):
            yield ("MOUNT", route.path)


def test_every_route_is_tried_here(village: Village) -> None:
    transport: Any = village.bot.client._transport
    assert set(routes_of(transport.app)) == set(CASES) | OPEN_TO_ALL | STREAMS


CELLS = [
    (name, page)
    for name in [*sorted(STAFF), "anonymous"]
    for page in PAGES
    if name not in whose(page)
]


async def ask(who: Colleague, page: Page, path: str, sent: dict[str, str]) -> httpx.Response:
    if page.method == "GET":
        return await who.get(path, params=sent or None)
    return await who.post(path, **sent)


async def test_a_page_is_for_those_in_whose_area_it_lies(
    village: Village, subtests: pytest.Subtests
) -> None:
    before = rows(village.bot.parts.database)
    for name, page in CELLS:
        with subtests.test(f"{name} {page.method} {page.path}"):
            assert await leaks(village, name, page) == []
    assert rows(village.bot.parts.database) == before


async def test_the_matrix_finds_leaks_where_nothing_is_limited(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same cells, with every page for all and no row out of reach."""
    monkeypatch.setattr(scope, "limit", lambda *_: None)
    monkeypatch.setattr(scope, "reaches", lambda *_: True)
    monkeypatch.setattr(staff, "may_manage", lambda *_: True)
    monkeypatch.setattr(Page, "is_for", lambda *_: True)
    tried = [page for page in PAGES if page.method == "GET" and case_of(page).unknown]
    outside = [page for page in tried if whose(page) is not EDITORS]
    assert [page.path for page in outside if not await leaks(village, "other", page)] == []


async def leaks(village: Village, name: str, page: Page) -> list[str]:
    """Say what somebody who should not learns or may do at a page."""
    case, who = case_of(page), village.colleague(name)
    sent = case.sent(village)
    answer = await ask(who, page, fill(page, case.ours(village)), sent)
    found = [secret for secret in secrets_from(village, name, page) if secret in answer.text]
    if name == "anonymous":
        if (answer.status_code, answer.headers.get("location")) != (303, "/desk/sign-in"):
            found.append("is not sent to the sign-in")
    elif case.unknown:
        same = await ask(who, page, fill(page, case.unknown), sent)
        if (answer.status_code, answer.content) != (404, same.content):
            found.append("does not look unknown")
    elif page.method == "POST" and answer.is_success and page.path not in EACH_BY_ITSELF:
        found.append("was done")
    return found


def secrets_from(village: Village, name: str, page: Page) -> list[str]:
    """What somebody is not to read at a page."""
    kept = {
        CANARY: whose(page),
        PHOTO[3:].decode(): REQUESTS,
        village.reference: REQUESTS,
        village.conversation_id[:6]: TALKS,
        MISSED: EDITORS,
        "ed-card": EDITORS,
        NEWS: NEWSROOM,
        "<bdi>own</bdi>": WHOSE["/staff"] | {"own"},
    }
    return [secret for secret, those in kept.items() if name not in those]


LISTS = [page for page in PAGES if page.method == "GET" and "{" not in page.path]
OUTSIDERS = ("other", "water", "other-roads", "other-organiser", "other-boss")


@pytest.mark.parametrize("limited", [True, False], ids=["limited", "control"])
async def test_what_is_out_of_reach_is_not_even_counted(
    village: Village, monkeypatch: pytest.MonkeyPatch, limited: bool
) -> None:
    """Not a byte of any list changes for the others when more comes to the desk of 七彩."""
    if not limited:
        monkeypatch.setattr(scope, "limit", lambda *_: None)
        monkeypatch.setattr(scope, "reaches", lambda *_: True)
    village.bot.clock.pass_by(timedelta(days=30))  # nobody books twice for one hour
    those = [village.colleague(name) for name in OUTSIDERS]
    elsewhere = {"/audit", "/cockpit/digest.pdf"}  # of their own staff; as the cockpit's page
    of_area = [
        page for page in LISTS if whose(page) is not EDITORS and page.path not in elsewhere
    ]
    for pages, happens in (
        (of_area, lambda: (village.file("road-light", CANARY), village.need(Status.REVIEW))),
        # How much is on is for everybody to see, and the cockpit counts it.
        ([page for page in of_area if "/cockpit" not in page.path], village.organise),
    ):
        before = [await shown(who, page) for who in those for page in pages]
        happens()
        after = [await shown(who, page) for who in those for page in pages]
        assert (before == after) is limited


async def shown(who: Colleague, page: Page) -> str:
    """A list as somebody sees it, without what makes a double click of a form harmless."""
    return re.sub(r'(name="once" value=")[0-9a-f]{32}', r"\1", (await who.get(page.path)).text)


async def test_a_page_works_for_those_whose_work_it_is(
    village: Village, subtests: pytest.Subtests
) -> None:
    for name in ONE_OF_EACH:
        who = village.colleague(name)
        for page in PAGES:
            if page.method == "GET" and name in whose(page):
                with subtests.test(f"{name} {page.path}"):
                    case, before = case_of(page), noted(village)
                    path = fill(page, case.ours(village))
                    answer = await ask(who, page, path, case.sent(village))
                    assert answer.status_code == 200
                    if page.path not in {"/", "/inbox"} or name in TALKS:
                        assert case.shows(village).encode() in answer.content
                    assert answer.headers["cache-control"] == "no-store"
                    assert answer.headers["content-security-policy"] == STRICT
                    assert noted(village) > before or not names_somebody(answer)


def names_somebody(answer: httpx.Response) -> bool:
    """Whether a page shows words of a resident, which is to be written down."""
    is_list = answer.headers["content-type"] == "application/pdf"
    return is_list or CANARY in answer.text or MISSED in answer.text or PHOTO in answer.content


def noted(village: Village) -> int:
    with village.bot.parts.database.reading() as db:
        return db.scalars(select(func.count(AuditEntry.id))).one()


async def test_looking_changes_nothing(village: Village) -> None:
    """GET of a page leaves every row as it was; GET of a deed is not possible at all."""
    who, database = village.colleague("boss"), village.bot.parts.database
    read = {page.path for page in PAGES if page.method == "GET"}
    before = rows(database)
    for page in PAGES:
        case = case_of(page)
        answer = await who.get(fill(page, case.ours(village)), params=case.sent(village))
        assert answer.status_code == (200 if page.path in read else 405), page.path
    assert rows(database) == before


# what a forged deed lacks: the token it sends (None: the right one), and its headers
FORGERIES: list[tuple[str | None, dict[str, str]]] = [
    ("", ORIGIN),
    ("another's", ORIGIN),
    (None, {"Origin": "http://evil.example"}),
    (None, {"Origin": "http://bot.evil.example"}),
    (None, {"Origin": "null"}),
    (None, {}),
    (None, ORIGIN | {"Sec-Fetch-Site": "cross-site"}),
    (None, ORIGIN | {"Sec-Fetch-Site": "same-site"}),
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # refused before the store
@pytest.mark.parametrize("page", DEEDS, ids=lambda page: page.path)
async def test_a_deed_that_was_forged_is_refused(village: Village, page: Page) -> None:
    """… and done when it was not, for a role that reaches little else, and written down."""
    case, who = case_of(page), village.colleague(NARROWEST.get(whose(page), "boss"))
    path, another = fill(page, case.ours(village)), village.colleague("town").token
    before = rows(village.bot.parts.database)
    for token, headers in FORGERIES:
        sent = {"another's": another, None: who.token}.get(token, "")
        data = case.sent(village) | {"csrf_token": sent}
        answer = await who._send("POST", path, data=data, headers=headers)
        assert answer.status_code == 403, headers
    assert rows(village.bot.parts.database) == before
    answer = await who.post(path, **case.sent(village))
    assert answer.status_code == case.taken
    is_written_down = noted(village) or page.path in NOT_NOTED
    assert is_written_down or rows(village.bot.parts.database) == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("page", DEEDS, ids=lambda page: page.path)
async def test_a_forged_deed_is_done_where_nobody_looks(
    village: Village, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the same deed without a token, from another site's page."""
    monkeypatch.setattr(signin, "_from_our_page", lambda _: True)
    monkeypatch.setattr(signin, "_check_token", lambda *_: None)
    case, who = case_of(page), village.colleague(NARROWEST.get(whose(page), "boss"))
    path, headers = fill(page, case.ours(village)), {"Origin": "http://evil.example"}
    answer = await who._send("POST", path, data=case.sent(village), headers=headers)
    assert answer.status_code == case.taken


async def test_signing_in_from_a_foreign_page_is_refused(village: Village) -> None:
    answer = await village.colleague("anonymous")._send(
        "POST",
        "/sign-in",
        data={"username": "own", "password": "correct horse"},
        headers={"Origin": "http://evil.example"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("who", "area"),
    [
        ("own", "guali/qicai/"),
        ("town", ""),  # all there is, whether it has an area or not
        ("other", None),
        ("editor", None),
        ("organiser", None),
    ],
)
def test_the_scope_holds_whatever_way_is_asked(
    village: Village, who: str, area: str | None
) -> None:
    for table, key in (
        (Conversation, village.conversation_id),
        (ServiceRequest, village.request().id),
        (Household, village.household_id),
    ):
        with village.bot.parts.database.reading() as db:
            within = table.area_id.startswith(area) if area else literal(area == "")
            count = db.scalar(select(func.count()).select_from(table).where(within))
            member = staff.to_sign_in(db, who)
            assert member
            scope.limit(db, staff.reach_of(member))
            assert len(db.scalars(select(table)).all()) == count
            assert db.scalar(select(func.count()).select_from(table)) == count
            assert db.scalar(select(func.count(table.id))) == count
            assert bool(db.get(table, key)) is bool(count) is (area is not None)
            assert db.query(table).count() == count
            changed = db.execute(update(table).values(area_id="guali/"))
            assert changed.rowcount == count  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("who", "sees"), [("police", True), ("own", False), ("town", False), ("mayor", False)]
)
async def test_a_restricted_request_is_for_its_team_alone(
    village: Village, who: str, sees: bool
) -> None:
    reference = village.file("scam-report", "骗子打电话")
    colleague = village.colleague(who)
    answer = await colleague.get(f"/requests/{reference}")
    assert (answer.status_code == 200) is sees
    assert (reference in (await colleague.get("/")).text) is sees


async def test_admins_hear_of_restricted_requests_nobody_can_see(village: Village) -> None:
    reference = village.file("fire-hazard", "楼道堆满纸箱")
    inbox = (await village.colleague("mayor").get("/")).text
    assert re.search(r"在线消防站.*1 件限定事项没有人看得到", inbox, re.DOTALL)
    assert reference not in inbox
    for name in ("boss", "town", "police"):
        assert "限定事项" not in (await village.colleague(name).get("/")).text


def test_every_deed_on_something_says_where_its_refusal_is_shown() -> None:
    assert all(page.shows for page in DEEDS if "{" in page.path)
