"""Deeds of one tap about news: read one, more, hear of a topic or no more, how often."""

from collections.abc import Mapping
from dataclasses import replace

from actions.db import Db
from actions.errors import Refusal
from actions.news import current, showing, subscriptions, telling, wishes
from actions.news.model import Rhythm
from actions.square import Square
from actions.taps import Deed, Done, Spoken, Tap


def open_one(db: Db, square: Square, tap: Tap) -> Done:
    """Show an item; it is not told again by itself. The value is its number."""
    found = current.get(db, int(tap.value), now=tap.now)
    if found is None:
        raise Refusal("utter_news_over")
    resident = tap.conversation.resident
    telling.mark(db, found.item.id, resident.id, found.told.number, now=tap.now)
    return showing.one(db, square, resident, found)


def more(db: Db, square: Square, tap: Tap) -> Done:
    """Show the next few. The value is `topics:area:first`, or empty for the first of all."""
    topics, area, first = (tap.value or "::0").split(":")
    return showing.listed(
        db,
        square,
        tap.conversation.resident,
        topics=[topic for topic in topics.split(",") if topic],
        area=area,
        first=int(first),
        now=tap.now,
    )


def subscribe(db: Db, square: Square, tap: Tap) -> Done:
    """Hear of a topic from now on. The value is the topic, empty for all."""
    topics = [tap.value] if tap.value else list(square.pack.news_topics)
    if any(topic not in square.pack.news_topics for topic in topics):
        raise Refusal("utter_old_choice")
    subscriptions.subscribe(db, square, tap.conversation, topics, now=tap.now)
    return showing.begun(db, square, tap.conversation.resident)


def unsubscribe(db: Db, square: Square, tap: Tap) -> Done:
    """Hear of a topic no more. The value is the topic, empty for all."""
    return stopped(db, square, tap, [tap.value] if tap.value else [])


def stopped(
    db: Db, square: Square, said: Tap | Spoken, topics: list[str], area: str = ""
) -> Done:
    """Take a wish back, and say what is left."""
    had = subscriptions.unsubscribe(db, said.conversation, topics, area=area)
    left = subscriptions.of(db, said.conversation.resident_id)
    if not had:
        return Done("utter_news_not_subscribed")
    if not left:
        return Done("utter_news_stopped")
    return Done("utter_news_fewer", {"topics": showing.names(square, left)})


def weekly(db: Db, square: Square, tap: Tap) -> Done:
    """Tell once a week."""
    return _often(db, square, tap, Rhythm.WEEKLY)


def daily(db: Db, square: Square, tap: Tap) -> Done:
    """Tell once a day."""
    return _often(db, square, tap, Rhythm.DAILY)


def take_stop(db: Db, square: Square, spoken: Spoken) -> Done | None:
    """Take the words that end it, of somebody who gets news."""
    resident_id = spoken.conversation.resident_id
    if not wishes.is_stop(spoken.text) or subscriptions.reader(db, resident_id) is None:
        return None
    wish = wishes.read(square.pack, spoken.text)
    return stopped(db, square, spoken, list(wish.topics), wish.area)


def _often(db: Db, square: Square, tap: Tap, rhythm: Rhythm) -> Done:
    if subscriptions.reader(db, tap.conversation.resident_id) is None:
        subscribe(db, square, replace(tap, value=""))
    subscriptions.subscribe(db, square, tap.conversation, (), rhythm=rhythm, now=tap.now)
    return showing.begun(db, square, tap.conversation.resident)


# The intent of a choice → what a tap on it does.
TAPS: Mapping[str, Deed] = {
    "open_news": open_one,
    "more_news": more,
    "subscribe_news": subscribe,
    "unsubscribe_news": unsubscribe,
    "weekly_news": weekly,
    "daily_news": daily,
}
