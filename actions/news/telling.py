"""What residents read of an item, in both languages, and that they were told."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from actions.db import Db
from actions.news.model import NewsItem, NewsVersion, ToldNews
from actions.square import Square
from actions.wording import to_json
from knowledge.pack import Text

SHORT = 240  # characters of a body in a message; the page has all of it


def about(item: NewsItem) -> str:
    """Return what the notices about an item are filed under."""
    return about_id(item.id)


def about_id(news_id: int) -> str:
    """Return the same, by the item's number."""
    return f"news:{news_id}"


def title(told: NewsVersion) -> Text:
    """Return the title; the Chinese one where there is no English."""
    return Text(zh=told.title_zh, en=told.title_en or told.title_zh)


def body(square: Square, told: NewsVersion) -> Text:
    """Return all that it says; where only Chinese is there, the English says so first."""
    if told.body_en:
        return Text(zh=told.body_zh, en=told.body_en)
    note = square.in_both("utter_news_only_chinese")
    return Text(zh=told.body_zh, en=f"{note.en}\n{told.body_zh}")


def origin(square: Square, told: NewsVersion) -> Text:
    """Say where it comes from; of a sample, that it is one."""
    return square.in_both(f"utter_news_level_{told.level}", source=told.source)


def area(square: Square, item: NewsItem) -> Text:
    """Return the name of the area it is for."""
    known = square.pack.areas.get(item.area_id or "")
    return known.name if known else Text(zh=item.area_id or "", en=item.area_id or "")


def topic(square: Square, told: NewsVersion) -> Text:
    """Return what its topic is called."""
    known = square.pack.news_topics.get(told.topic)
    return known.name if known else Text(zh=told.topic, en=told.topic)


def described(square: Square, item: NewsItem, told: NewsVersion) -> dict[str, Any]:
    """Return the values the responses about an item speak of, as JSON."""
    said = body(square, told)
    return to_json(
        {
            "news": item.id,
            "title": title(told),
            "body": Text(zh=_short(said.zh), en=_short(said.en)),
            "area": area(square, item),
            "origin": origin(square, told),
        }
    )


def mark(db: Db, news_id: int, resident_id: str, version: int, *, now: datetime) -> None:
    """Write down that a resident is told a version of an item."""
    known = (ToldNews.news_id == news_id, ToldNews.resident_id == resident_id)
    told = update(ToldNews).where(*known).values(version=version, told_at=now)
    changed = db.execute(told.execution_options(synchronize_session=False))
    if changed.rowcount:  # type: ignore[attr-defined]
        return
    row = ToldNews(news_id=news_id, resident_id=resident_id, version=version, told_at=now)
    try:
        with db.begin_nested():
            db.add(row)
            db.flush()
    except IntegrityError:  # told elsewhere this moment
        pass


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"
