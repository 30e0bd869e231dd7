"""News at the desk: written, read as residents get it, approved, and sent when it is urgent."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from starlette.responses import Response

from actions.db import Db
from actions.errors import Refusal
from actions.news import broadcast, history, service, telling
from actions.news.model import NewsItem, NewsVersion, State, Status
from actions.news.service import Content
from actions.people import scope
from actions.people.model import Staff
from bot.desk.sessions import identity
from bot.desk.visit import Missing, Visit, go
from bot.message import clean

SHOWN = 60  # items, the latest first
LASTS = timedelta(days=14)  # what a new item is offered to be told for
TEXTS = ("title_zh", "title_en", "body_zh", "body_en", "source")
LEVELS = service.LEVELS


def see(visit: Visit) -> Response:
    """Show the latest items, and how far each has come."""
    items = visit.db.scalars(select(NewsItem).order_by(NewsItem.id.desc()).limit(SHOWN)).all()
    return visit.show(
        "news.html",
        items=[
            (item, history.latest(visit.db, item), broadcast.of(visit.db, item))
            for item in items
        ],
    )


def see_new(visit: Visit) -> Response:
    """Show an empty form, or what was typed into it."""
    zone = visit.pack.zone
    times = {
        "publish_at": visit.now.astimezone(zone),
        "expires_at": (visit.now + LASTS).astimezone(zone),
    }
    typed = {name: f"{at:%Y-%m-%dT%H:%M}" for name, at in times.items()}
    return _form(visit, item=None, typed=typed | {"level": LEVELS[0]} | dict(visit.sent))


def make(visit: Visit) -> Response:
    """Write a new item down, as a draft.

    Raises:
        Refusal: something is missing, too long, or its time is over.
    """
    area_id = visit.sent.get("area", "")
    if area_id not in visit.pack.areas or not scope.reaches([visit.staff.area_id], area_id):
        raise Missing
    item = service.write(
        visit.db,
        visit.pack,
        _content(visit),
        area_id=area_id,
        staff_id=visit.staff.id,
        now=visit.now,
    )
    visit.note("made_news", f"news:{item.id}")
    return go(f"/news/{item.id}")


def see_one(visit: Visit) -> Response:
    """Show an item as residents get it, what can be done with it, and what happened to it."""
    item = _find(visit)
    latest, sent = history.latest(visit.db, item), broadcast.of(visit.db, item)
    told = history.version(visit.db, item, item.version)
    visit.note("read_news", f"news:{item.id}")
    return visit.show(
        "news_item.html",
        item=item,
        latest=latest,
        told=told,
        preview=_preview(visit, item, latest),
        changes=history.of(visit.db, item),
        names=_names(visit.db),
        sent=sent,
        progress=broadcast.progress(visit.db, item, sent) if sent else {},
        next_states=broadcast.MOVES[State(sent.state)] if sent else frozenset(),
        may_send=_may_send(item, told, sent),
        moves=service.MOVES[Status(item.status)],
        may_approve=not (latest.urgent and latest.staff_id == visit.staff.id),
    )


def see_edit(visit: Visit) -> Response:
    """Show the form with what the item says now, or what was typed."""
    item = _find(visit)
    latest, zone = history.latest(visit.db, item), visit.pack.zone
    said = {name: str(getattr(latest, name)) for name in (*TEXTS, "topic", "level")}
    for name in ("publish_at", "expires_at"):
        said[name] = f"{getattr(latest, name).astimezone(zone):%Y-%m-%dT%H:%M}"
    for name in ("urgent", "danger"):
        said[name] = "1" if getattr(latest, name) else ""
    typed = {} if not visit.sent else {"urgent": "", "danger": ""} | dict(visit.sent)
    return _form(visit, item=item, typed=said | typed)


def edit(visit: Visit) -> Response:
    """Write another version; it has to be approved.

    Raises:
        Refusal: something is missing, or the item is over.
    """
    item = _find(visit)
    service.rewrite(
        visit.db, visit.pack, item, _content(visit), staff_id=visit.staff.id, now=visit.now
    )
    visit.note("changed_news", f"news:{item.id}")
    return go(f"/news/{item.id}")


def approve(visit: Visit) -> Response:
    """Approve the version that was read.

    Raises:
        Refusal: it was changed meanwhile, or is urgent and one's own.
    """
    item, number = _find(visit), identity(visit.sent.get("version", ""))
    service.approve(visit.db, item, number=number, staff_id=visit.staff.id, now=visit.now)
    visit.note("approved_news", f"news:{item.id}")
    return go(f"/news/{item.id}")


def withdraw(visit: Visit) -> Response:
    """Tell it to nobody any more.

    Raises:
        Refusal: it is over, or was sent.
    """
    item = _find(visit)
    service.withdraw(visit.db, item, staff_id=visit.staff.id, now=visit.now)
    visit.note("withdrew_news", f"news:{item.id}")
    return go(f"/news/{item.id}")


def send(visit: Visit) -> Response:
    """Begin to tell everybody of the area.

    Raises:
        Refusal: it is not urgent, not out, or was sent.
    """
    item = _find(visit)
    broadcast.send(visit.db, item, staff_id=visit.staff.id, now=visit.now)
    visit.note("sent_news", f"news:{item.id}")
    return go(f"/news/{item.id}")


def _moving(to: State, deed: str) -> Callable[[Visit], Response]:
    def move(visit: Visit) -> Response:
        item = _find(visit)
        broadcast.move(visit.db, item, to, staff_id=visit.staff.id, now=visit.now)
        visit.note(f"{deed}_news", f"news:{item.id}")
        return go(f"/news/{item.id}")

    return move


pause = _moving(State.PAUSED, "paused")
go_on = _moving(State.RUNNING, "resumed")
stop = _moving(State.STOPPED, "stopped")


def _names(db: Db) -> dict[int, str]:
    return {number: name for number, name in db.execute(select(Staff.id, Staff.username))}


def _find(visit: Visit) -> NewsItem:
    """Return the item of the address; unknown and forbidden look the same."""
    found = visit.db.get(NewsItem, identity(visit.path["news_id"]))
    if found is None:
        raise Missing
    return found


def _form(visit: Visit, *, item: NewsItem | None, typed: dict[str, str]) -> Response:
    return visit.show(
        "news_form.html",
        item=item,
        typed=typed,
        areas=[a for a in visit.pack.areas.values() if a.id.startswith(visit.staff.area_id)],
        longest=service,
    )


def _content(visit: Visit) -> Content:
    """Read what was typed.

    Raises:
        Refusal: a time is none.
    """
    texts = {
        name: clean(visit.sent.get(name, "").replace("\r\n", "\n")).strip() for name in TEXTS
    }
    return Content(
        **texts,
        topic=visit.sent.get("topic", ""),
        level=visit.sent.get("level", ""),
        urgent=visit.sent.get("urgent") == "1",
        danger=visit.sent.get("danger") == "1",
        publish_at=_moment(visit, "publish_at"),
        expires_at=_moment(visit, "expires_at"),
    )


def _moment(visit: Visit, name: str) -> datetime:
    try:
        said = datetime.fromisoformat(visit.sent.get(name, ""))
    except ValueError:
        raise Refusal("utter_desk_news_times") from None
    return said.replace(tzinfo=visit.pack.zone)


def _may_send(item: NewsItem, told: NewsVersion | None, sent: object) -> bool:
    return bool(told and told.urgent and item.status == Status.PUBLISHED and not sent)


def _preview(visit: Visit, item: NewsItem, latest: NewsVersion) -> list[tuple[str, str]]:
    """Return what a resident reads of the latest version, in each language."""
    response = "utter_news_urgent" if latest.urgent else "utter_news_item"
    values = telling.described(visit.square, item, latest)
    return [
        (
            language,
            visit.desk.wording.render(response, language=language, values=values).text,
        )
        for language in ("zh", "en")
    ]
