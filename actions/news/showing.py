"""The answers about news: what is out, one item, what somebody subscribes to."""

from collections.abc import Collection, Sequence
from datetime import datetime

from actions.conversations import Choice
from actions.db import Db
from actions.news import current, subscriptions, telling
from actions.news.current import Current
from actions.news.model import Rhythm, Subscription
from actions.people.model import Resident
from actions.square import Square
from actions.taps import Done
from actions.wording import to_json
from knowledge.pack import Text

SHOWN, SHOWN_ELDER = 3, 2  # items an answer, beside the tap for more


def listed(  # noqa: PLR0913 - of what, where, from which on
    db: Db,
    square: Square,
    resident: Resident,
    *,
    topics: Collection[str] = (),
    area: str = "",
    first: int = 0,
    now: datetime,
) -> Done:
    """Show the next few current items, of the area and those above it, each as a choice."""
    found = current.find(db, area_id=area or resident.area_id, topics=topics, now=now)
    limit = SHOWN_ELDER if resident.elder else SHOWN
    shown = found[first : first + limit]
    if not shown:
        return Done("utter_news_no_more" if first else "utter_news_none")
    choices = [_choice(one, resident.language) for one in shown]
    if len(found) > first + limit:
        value = f"{','.join(topics)}:{area}:{first + limit}"
        choices.append(labelled(square, resident, "more", "more_news", value))
    return Done("utter_news_list", {"count": len(found)}, choices)


def one(db: Db, square: Square, resident: Resident, found: Current) -> Done:
    """Show one item, with a tap to hear of its topic from now on, or no more."""
    topic = found.told.topic
    mine = {wish.topic for wish in subscriptions.of(db, resident.id)}
    deed = "unsubscribe_news" if topic in mine else "subscribe_news"
    name = telling.topic(square, found.told)
    choices = [labelled(square, resident, deed, deed, topic, topic=name)]
    values = telling.described(square, found.item, found.told)
    return Done("utter_news_item", values, choices)


def mine(db: Db, square: Square, resident: Resident) -> Done:
    """Show what somebody subscribes to, and how often they hear."""
    wishes, reader = subscriptions.of(db, resident.id), subscriptions.reader(db, resident.id)
    if not wishes or reader is None:
        return Done("utter_news_no_subscription", choices=offers(square, resident))
    other = Rhythm.WEEKLY if reader.rhythm == Rhythm.DAILY else Rhythm.DAILY
    choices = [
        labelled(square, resident, str(other), f"{other}_news"),
        labelled(square, resident, "stop", "unsubscribe_news"),
    ]
    values = {"topics": names(square, wishes), "rhythm": rhythm(square, reader.rhythm)}
    return Done("utter_news_mine", to_json(values), choices)


def begun(db: Db, square: Square, resident: Resident) -> Done:
    """Say what they hear of from now on."""
    wishes, reader = subscriptions.of(db, resident.id), subscriptions.reader(db, resident.id)
    everywhere = resident.area_id is None and not any(wish.area for wish in wishes)
    response = "utter_news_subscribed_town" if everywhere else "utter_news_subscribed"
    often = rhythm(square, reader.rhythm if reader else Rhythm.DAILY)
    values = {"topics": names(square, wishes), "rhythm": often}
    return Done(response, to_json(values), [labelled(square, resident, "now", "more_news")])


def offers(square: Square, resident: Resident) -> list[Choice]:
    """Return taps to subscribe: to everything, or to the first topics."""
    topics = list(square.pack.news_topics.values())
    limit = SHOWN_ELDER if resident.elder else len(topics)
    everything = labelled(square, resident, "everything", "subscribe_news")
    few = [
        Choice(topic.name.in_(resident.language), "subscribe_news", topic.id)
        for topic in topics[:limit]
    ]
    return [everything, *few]


def names(square: Square, wishes: Sequence[Subscription]) -> Text:
    """Name what is subscribed to, with the area where one was named."""
    parts = [_name(square, wish) for wish in wishes]
    between = square.in_both("utter_filter_between")
    return Text(
        zh=between.zh.join(part.zh for part in parts),
        en=between.en.join(part.en for part in parts),
    )


def rhythm(square: Square, often: str) -> Text:
    """Say how often."""
    return square.in_both(f"utter_news_rhythm_{often}")


def labelled(
    square: Square,
    resident: Resident,
    label: str,
    intent: str,
    value: str = "",
    **values: object,
) -> Choice:
    """Return a choice with a label of the domain."""
    said = square.wording.render(
        f"utter_label_news_{label}", language=resident.language, values=values
    )
    return Choice(said.text, intent, value)


def _choice(found: Current, language: str) -> Choice:
    return Choice(telling.title(found.told).in_(language), "open_news", str(found.item.id))


def _name(square: Square, wish: Subscription) -> Text:
    topic = square.pack.news_topics.get(wish.topic)
    name = topic.name if topic else Text(zh=wish.topic, en=wish.topic)
    area = square.pack.areas.get(wish.area)
    if area is None:
        return name
    return square.in_both("utter_news_of_area", topic=name, area=area.name)
