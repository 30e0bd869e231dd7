"""All pages of the desk, as one table, put together into an app under /desk."""

from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from actions.people.roles import ANSWERS, EDITS, HANDLES, MANAGES, ORGANISES
from bot.desk import (
    alerts,
    attendance,
    audit_log,
    callers,
    calls,
    chat,
    check_ins,
    cockpit,
    content,
    conversation,
    editing,
    help_for_callers,
    helping,
    households,
    inbox,
    language,
    lists,
    members,
    misses,
    neighbour_help,
    news,
    operating,
    own_data,
    password,
    photo,
    publishing,
    recalls,
    relayed,
    reports,
    request,
    request_bulk,
    request_deeds,
    request_map,
    requests,
    roundtable,
    sessions,
    signin,
    undelivered,
    visits,
)
from bot.desk.events import Events
from bot.desk.labels import SECTIONS
from bot.desk.signin import Door
from bot.desk.visit import HERE, Desk, Page

LARGEST_DOCUMENT = 4_000_000  # bytes of a form: a Chinese character is sent as nine
RECORD = "/content/{kind}/{record_id}"

# method, path, what answers, what shows a refusal
CONTENT = (
    ("GET", "/content", content.see, None),
    ("GET", "/content/tasks", content.see_tasks, None),
    ("GET", "/content/changes", publishing.see, None),
    ("GET", "/content/publications/{publication_id}", publishing.see_publication, None),
    ("GET", "/content/new", editing.see_new, None),
    ("POST", "/content/new", content.begin_new, content.see),
    ("POST", "/content/article", editing.save_new, editing.see_new),
    ("POST", "/content/preview", editing.see_new, editing.see_new),
    ("POST", "/content/offline", content.take_offline, content.see),
    ("POST", "/content/online", content.bring_back, content.see),
    ("POST", "/content/publish", publishing.publish, publishing.see),
    (
        "POST",
        "/content/editions/{edition_id}/roll-back",
        publishing.roll_back,
        publishing.see,
    ),
    ("GET", RECORD, editing.see, None),
    ("POST", RECORD + "/save", editing.save, editing.see),
    ("POST", RECORD + "/preview", editing.see, editing.see),
    ("GET", RECORD + "/history/{revision_id}", editing.see_revision, None),
    ("POST", RECORD + "/restore", editing.restore, editing.see),
)

SESSION = "/sessions/{session_id}"
BOOKING = SESSION + "/bookings/{booking_id}"
GROUP = "/visits/{booking_id}"

BOOKINGS = (
    ("GET", "/sessions", sessions.see, None),
    ("GET", "/sessions/new", sessions.see_new, None),
    ("POST", "/sessions/new", sessions.make, sessions.see_new),
    ("GET", SESSION, sessions.see_one, None),
    ("POST", SESSION + "/move", sessions.move, sessions.see_one),
    ("POST", SESSION + "/places", sessions.change_places, sessions.see_one),
    ("POST", SESSION + "/call-off", sessions.call_off, sessions.see_one),
    ("POST", SESSION + "/line", callers.answer, sessions.see_one),
    ("GET", SESSION + "/list.csv", lists.see_table, None),
    ("GET", SESSION + "/list.pdf", lists.see_paper, sessions.see_one),
    ("GET", SESSION + "/attendance", attendance.see, None),
    ("POST", SESSION + "/attendance", attendance.mark, attendance.see),
    ("POST", SESSION + "/attendance/code", attendance.mark_by_code, attendance.see),
    ("POST", SESSION + "/attendance/close", attendance.close, attendance.see),
    ("GET", SESSION + "/book", callers.see, None),
    ("POST", SESSION + "/book", callers.book, callers.see),
    ("GET", BOOKING, callers.see_booking, None),
    ("POST", BOOKING + "/cancel", callers.cancel, callers.see_booking),
    ("GET", "/visits", visits.see, None),
    ("GET", GROUP, visits.see_one, None),
    ("POST", GROUP + "/approve", visits.approve, visits.see_one),
    ("POST", GROUP + "/decline", visits.decline, visits.see_one),
)

NEED = "/help/{help_id}"

WRITTEN = (  # what its words mean is looked up first
    ("/help/new", help_for_callers.write_down, help_for_callers.see),
    (NEED + "/words", neighbour_help.rewrite, neighbour_help.see),
)

HELP = (
    ("GET", "/help/new", help_for_callers.see, None),
    ("GET", NEED, neighbour_help.see, None),
    ("POST", NEED + "/approve", neighbour_help.approve, neighbour_help.see),
    ("POST", NEED + "/decline", neighbour_help.decline, neighbour_help.see),
    ("POST", NEED + "/withdraw", neighbour_help.withdraw, neighbour_help.see),
    ("POST", NEED + "/talks", neighbour_help.talk, neighbour_help.see),
    ("POST", NEED + "/said", relayed.say, neighbour_help.see),
    ("POST", "/calls/{notice_id}/said", relayed.answer, calls.see),
)

REPORT, ALERT = "/reports/{report_id}", "/alerts/{alert_id}"
CHECK_INS = "/alerts/check-ins"

CARE = (
    ("POST", "/calls/{notice_id}/answered", check_ins.answered, calls.see),
    ("GET", "/reports", reports.see, None),
    ("GET", REPORT, reports.see_one, None),
    ("POST", REPORT + "/outcome", reports.decide, reports.see_one),
    ("POST", REPORT + "/talks", reports.talk, reports.see_one),
    ("GET", "/alerts", alerts.see, None),
    ("GET", CHECK_INS, check_ins.see, None),
    ("POST", CHECK_INS + "/enrolled", check_ins.enrol, check_ins.see),
    ("POST", CHECK_INS + "/{resident_id}/end", check_ins.end, check_ins.see),
    ("GET", ALERT, alerts.see_one, None),
    ("POST", ALERT + "/take", alerts.take, alerts.see_one),
    ("POST", ALERT + "/close", alerts.close, alerts.see_one),
    ("POST", ALERT + "/talks", alerts.talk, alerts.see_one),
    ("POST", ALERT + "/danger", alerts.in_danger, alerts.see_one),
)

ROW = "/undelivered/{what}/{row_id}"

UNDELIVERED = (
    ("GET", "/undelivered", undelivered.see, None),
    ("POST", ROW + "/again", undelivered.again, undelivered.see),
    ("POST", ROW + "/told", undelivered.told, undelivered.see),
    ("POST", ROW + "/drop", undelivered.drop, undelivered.see),
)

HELPER = "/helpers/{offer_id}"

HELPERS = (
    ("GET", "/helpers", helping.see, None),
    ("GET", HELPER, helping.see_one, None),
    ("POST", HELPER + "/verify", helping.verify, helping.see_one),
    ("POST", HELPER + "/unverify", helping.unverify, helping.see_one),
)

HOME = "/households/{household_id}"

HOUSEHOLDS = (
    ("GET", "/households", households.see, None),
    ("POST", "/households", households.found, households.see),
    ("GET", HOME, households.see_one, None),
    ("POST", HOME + "/code", households.give_code, households.see_one),
    ("POST", HOME + "/place", households.place, households.see_one),
    ("POST", HOME + "/members", households.enter, households.see_one),
    (
        "POST",
        HOME + "/members/{resident_id}/code",
        households.give_link_code,
        households.see_one,
    ),
    ("POST", HOME + "/members/{resident_id}/remove", households.remove, households.see_one),
    ("POST", HOME + "/acting/{acting_id}/confirm", households.confirm, households.see_one),
    ("POST", HOME + "/acting/{acting_id}/end", households.end, households.see_one),
)

CHAT = (
    ("GET", "/chat", chat.see, None),
    ("GET", "/chat/later", chat.see_later, None),
    ("POST", "/chat/code", chat.make_code, chat.see),
    ("POST", "/chat/unlink", chat.unlink, chat.see),
)

REQUEST = "/requests/{reference}"
PHOTOS = 4  # at once

BULK_FIELDS = 80  # a page of picks, and what is to be done with them

REQUESTS: tuple[tuple[Any, ...], ...] = (
    ("GET", "/requests", requests.see, None, {}),
    ("GET", "/requests/list.csv", requests.see_table, None, {}),
    ("GET", "/requests/map", request_map.see, None, {}),
    ("POST", "/requests/picked/deeds", request_bulk.act, requests.see, {"fields": BULK_FIELDS}),
    ("POST", "/requests/filters/save", requests.save, requests.see, {}),
    ("POST", "/requests/filters/{filter_id}/drop", requests.drop, requests.see, {}),
    ("GET", REQUEST, request.see, None, {}),
    ("POST", REQUEST + "/moves", request_deeds.move, request.see, {"photos": PHOTOS}),
    ("POST", REQUEST + "/tell", request_deeds.tell, request.see, {"photos": PHOTOS}),
    ("POST", REQUEST + "/ask", request_deeds.ask, request.see, {"photos": PHOTOS}),
    ("POST", REQUEST + "/note", request_deeds.note, request.see, {}),
    ("POST", REQUEST + "/assign", request_deeds.assign, request.see, {}),
    ("POST", REQUEST + "/give-back", request_deeds.give_back, request.see, {}),
    ("POST", REQUEST + "/category", request_deeds.categorise, request.see, {}),
    ("POST", REQUEST + "/merge", request_deeds.merge, request.see, {}),
    ("POST", REQUEST + "/split", request_deeds.split, request.see, {}),
)

COCKPIT = (
    ("/cockpit", cockpit.see, None),
    ("/cockpit/unknown", cockpit.see_unknown, misses.embed),
    ("/cockpit/digest.pdf", cockpit.see_digest, None),
    ("/cockpit/{board_id}", cockpit.see_board, None),
)

MEETING = "/roundtable/meetings/{meeting_id}"

ROUND_TABLE = (
    ("GET", "/roundtable", roundtable.see, None),
    ("POST", "/roundtable/topics", roundtable.make_topic, roundtable.see),
    ("POST", "/roundtable/topics/{topic_id}/drop", roundtable.drop, roundtable.see),
    ("POST", "/roundtable/meetings", roundtable.plan, roundtable.see),
    ("GET", MEETING, roundtable.see_one, None),
    ("GET", MEETING + "/questions", roundtable.see_later, None),
    ("POST", MEETING + "/agenda", roundtable.put_on, roundtable.see_one),
    ("POST", MEETING + "/announce", roundtable.announce, roundtable.see_one),
    ("POST", MEETING + "/answered", roundtable.answered, roundtable.see_one),
    ("POST", MEETING + "/commitments", roundtable.commit, roundtable.see_one),
    ("POST", MEETING + "/report", roundtable.report, roundtable.see_one),
)

ITEM = "/news/{news_id}"

NEWS = (
    ("GET", "/news", news.see, None),
    ("GET", "/news/new", news.see_new, None),
    ("POST", "/news/new", news.make, news.see_new),
    ("GET", ITEM, news.see_one, None),
    ("GET", ITEM + "/edit", news.see_edit, None),
    ("POST", ITEM + "/edit", news.edit, news.see_edit),
    ("POST", ITEM + "/approve", news.approve, news.see_one),
    ("POST", ITEM + "/withdraw", news.withdraw, news.see_one),
    ("POST", ITEM + "/send", news.send, news.see_one),
    ("POST", ITEM + "/pause", news.pause, news.see_one),
    ("POST", ITEM + "/go-on", news.go_on, news.see_one),
    ("POST", ITEM + "/stop", news.stop, news.see_one),
)

OWN_DATA = "/data/{resident_id}"

DATA = (
    ("GET", "/data", own_data.see, None),
    ("POST", "/data", own_data.find, own_data.see),
    ("GET", OWN_DATA, own_data.see_one, None),
    ("GET", OWN_DATA + "/copy", own_data.see_copy, None),
    ("POST", OWN_DATA + "/forget", own_data.forget, own_data.see_one),
)

PAGES = (
    *(
        Page(method, path, answer, shows, roles=HANDLES, **more)
        for method, path, answer, shows, more in REQUESTS
    ),
    *(
        Page(method, path, answer, shows, ANSWERS, ahead)
        for method, path, answer, shows in ROUND_TABLE
        for ahead in [None if path.startswith(MEETING) else roundtable.embed]
    ),
    *(Page("GET", path, see, cockpit.see, HANDLES, ahead) for path, see, ahead in COCKPIT),
    *(
        Page(method, path, answer, shows, roles=ORGANISES)
        for method, path, answer, shows in BOOKINGS
    ),
    *(Page(method, path, answer, shows, roles=HANDLES) for method, path, answer, shows in CHAT),
    *(
        Page(method, path, answer, shows, roles=EDITS, largest=LARGEST_DOCUMENT)
        for method, path, answer, shows in CONTENT
    ),
    *(Page(method, path, answer, shows, roles=EDITS) for method, path, answer, shows in NEWS),
    Page("GET", "/", inbox.see),
    Page("GET", "/inbox", inbox.see_list),
    Page("GET", "/calls", calls.see, roles=ANSWERS),
    Page("POST", "/calls/{notice_id}/told", calls.told, calls.see, ANSWERS),
    Page("GET", "/conversations/{conversation_id}", conversation.see, roles=ANSWERS),
    Page(
        "GET",
        "/conversations/{conversation_id}/later",
        conversation.see_later,
        roles=ANSWERS,
    ),
    Page(
        "POST",
        "/conversations/{conversation_id}/answers",
        conversation.answer,
        shows=conversation.see,
        roles=ANSWERS,
    ),
    Page(
        "POST",
        "/conversations/{conversation_id}/return",
        conversation.give_back,
        shows=conversation.see,
        roles=ANSWERS,
    ),
    Page(
        "POST",
        "/conversations/{conversation_id}/resolve",
        conversation.resolve,
        shows=conversation.see,
        roles=ANSWERS,
    ),
    Page(
        "POST",
        "/conversations/{conversation_id}/elder",
        conversation.speak_plainly,
        shows=conversation.see,
        roles=ANSWERS,
    ),
    Page("POST", "/chat", chat.say, chat.see, HANDLES, photos=PHOTOS),
    Page("POST", "/chat/group", chat.make_chat_code, chat.see, MANAGES),
    *(
        Page("POST", path, answer, shows, ANSWERS, help_for_callers.understand)
        for path, answer, shows in WRITTEN
    ),
    *(
        Page(method, path, answer, shows, roles=ANSWERS)
        for method, path, answer, shows in (*HELP, *CARE, *UNDELIVERED, *HELPERS, *HOUSEHOLDS)
    ),
    *(Page(method, path, answer, shows, roles=MANAGES) for method, path, answer, shows in DATA),
    Page("GET", "/misses", misses.see, roles=EDITS, prepare=misses.embed),
    Page("POST", "/misses/accept", misses.accept, misses.see, EDITS, misses.embed),
    Page("POST", "/misses/dismiss", misses.dismiss, misses.see, EDITS, misses.embed),
    Page("POST", "/misses/retire", misses.retire, misses.see, EDITS, misses.embed),
    Page("GET", "/recalls", recalls.see, roles=EDITS),
    Page("GET", "/recalls/new", recalls.see_new, roles=EDITS),
    Page("POST", "/recalls", recalls.recall, recalls.see_new, EDITS),
    Page("GET", "/uploads/{upload_id}", photo.see, roles=HANDLES),
    Page("GET", "/staff", members.see, roles=MANAGES),
    Page("POST", "/staff", members.add, members.see, MANAGES),
    Page("POST", "/staff/{staff_id}/reset", members.reset, members.see, MANAGES),
    Page("POST", "/staff/{staff_id}/disable", members.disable, members.see, MANAGES),
    Page("GET", "/audit", audit_log.see, roles=MANAGES),
    Page("GET", "/operating", operating.see, roles=MANAGES, prepare=operating.look),
    Page("GET", "/password", password.see),
    Page("POST", "/password", password.change, password.see, prepare=password.look_at),
    Page("POST", "/language", language.choose, shows=inbox.see),
    Page("POST", "/sign-out", signin.sign_out),
)


NAVIGATION = tuple(
    page for path in SECTIONS for page in PAGES if (page.method, page.path) == ("GET", path)
)


def section_of(path: str) -> str:
    """Return the section a page belongs to: the nearest, else the inbox."""
    around = [one for one in SECTIONS if path == one or path.startswith(f"{one}/")]
    return max(around, key=len, default="/")


def build(desk: Desk) -> Starlette:
    """Make the desk; mount it under `visit.ROOT`."""
    desk.templates.globals |= {"navigation": NAVIGATION, "section_of": section_of}
    door = Door(desk)
    sorry = signin.sorry(desk)
    return Starlette(
        routes=[
            Route("/sign-in", door.see_sign_in, methods=["GET"]),
            Route("/sign-in", door.sign_in, methods=["POST"]),
            Route("/events", Events(desk).see, methods=["GET"]),
            *(Route(page.path, door.endpoint(page), methods=[page.method]) for page in PAGES),
            Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
        ],
        exception_handlers=dict.fromkeys(signin.FAILURES, sorry),
    )
