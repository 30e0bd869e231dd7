"""What Rasa may call for news: what is out, and what somebody wants to hear of."""

from rasa_sdk.interfaces import Action

from actions.dialogue import Answer, DoDeed, Events, Ground, Turn
from actions.news import showing, subscriptions, taps, wishes
from actions.news.wishes import Want, Wish
from actions.taps import Done, Tap


class AskNews(Answer):
    """action_ask_news: the current items, perhaps of a topic or an area, a few at a time."""

    def name(self) -> str:
        return "action_ask_news"

    def act(self, turn: Turn) -> Events:
        done = _looked(turn, wishes.read(turn.pack, turn.text))
        turn.say(done.response, choices=done.choices, **done.values)
        return []


class ManageNews(DoDeed):
    """action_manage_news: subscribes, ends it, or says what there is, as the words want it."""

    def name(self) -> str:
        return "action_manage_news"

    def act(self, turn: Turn) -> Events:
        wish = wishes.read(turn.pack, turn.text)
        done = _done(turn, wish)
        turn.tell(done.response, choices=done.choices, **done.values)
        return []


def _looked(turn: Turn, wish: Wish) -> Done:
    """Show what there is now of what the message names."""
    return showing.listed(
        turn.db,
        turn.square,
        turn.conversation.resident,
        topics=wish.topics,
        area=wish.area,
        now=turn.now,
    )


def _done(turn: Turn, wish: Wish) -> Done:
    talk, square = turn.conversation, turn.square
    if wish.want == Want.LOOK:
        return _looked(turn, wish)
    if wish.want == Want.WHICH:
        return showing.mine(turn.db, square, talk.resident)
    if wish.want == Want.STOP:
        tap = Tap(talk, "", turn.now)
        return taps.stopped(turn.db, square, tap, list(wish.topics), wish.area)
    known = subscriptions.of(turn.db, talk.resident_id)
    if not wish.topics and not (wish.rhythm and known):
        topics: tuple[str, ...] = tuple(turn.pack.news_topics)
    else:
        topics = wish.topics
    subscriptions.subscribe(
        turn.db, square, talk, topics, area=wish.area, rhythm=wish.rhythm, now=turn.now
    )
    return showing.begun(turn.db, square, talk.resident)


def actions(ground: Ground) -> list[Action]:
    """Make all of the actions of news."""
    return [AskNews(ground), ManageNews(ground)]
