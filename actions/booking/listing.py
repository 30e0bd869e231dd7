"""action_list_activities: what is on, a few at a time; the page of one; the nearest instead."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk.events import SlotSet

from actions import followup
from actions.booking import showing
from actions.booking.filters import KINDS, RULES, Filter
from actions.booking.model import Session
from actions.booking.page import tell_page
from actions.booking.query import (
    Query,
    find,
    keep,
    named_in,
    read_query,
    read_value,
    recall,
    relaxed,
    write_value,
)
from actions.booking.wishes import only_offline
from actions.conversations import Choice
from actions.dialogue import Answer, Events, Turn
from knowledge.pack import Activity
from knowledge.text import normalise

MORE_SLOT = "activities_more"  # the value that goes on with what was shown last
GOES_ON = re.compile(
    r"(?:还有)?(?:没有)?(?:别的|其他的?|其它的?|更多)(?:活动|的)?(?:吗|么|呢|没有|没)?"
    r"|还有(?:吗|么|没有|哪些|什么)|(?:再)?看看?(?:其他|其它|别的|更多|后面)的?(?:活动)?"
    r"|再看看其他的|下一页|换一批|后面的?呢?|(?:show me )?more|what else(?: is on)?|next"
)
LEVELS = ("sample", "report", "official")  # the weakest is what is told of a list


class ListActivities(Answer):
    """Shows sessions as choices to book them, each time the next few."""

    def name(self) -> str:
        return "action_list_activities"

    def act(self, turn: Turn) -> Events:
        query = read_value(turn.choice or "") or _going_on(turn) or _adding(turn)
        if hidden := only_offline(turn, named_in(turn.pack, query)):
            turn.say("utter_activity_offline", activity=hidden.name)
            return []
        if activity := _only(turn, query):
            tell_page(turn, activity)
            return [SlotSet(MORE_SLOT, None), *_remembered(turn, query)]
        found = find(turn, query)
        if found:
            return self._show(turn, _heading(query), query, found)
        if query.after:
            turn.say("utter_activities_no_more")
            return [SlotSet(MORE_SLOT, None)]
        turn.say(_nothing(query), what=_words(turn, query), period=_period(turn, query))
        return self._instead(turn, query)

    def _instead(self, turn: Turn, query: Query) -> Events:
        """Show the nearest that there is, and say what was given up for it."""
        for asked, given_up in relaxed(query, turn.now):
            found = find(turn, asked)
            if found and given_up:
                without = _word(turn, given_up)
                return self._show(turn, "utter_activities_without", asked, found, without)
            if found:
                return self._show(turn, "utter_activities_next", asked, found)
        return [SlotSet(MORE_SLOT, None)]

    def _show(
        self,
        turn: Turn,
        heading: str,
        query: Query,
        found: Sequence[Session],
        without: str = "",
    ) -> Events:
        shown = found[: showing.limit(turn)]
        choices = showing.session_choices(turn, shown, "book_activity")
        value = write_value(query, shown[-1]) if len(found) > len(shown) else None
        if value:
            label = showing.line(turn, "utter_label_more", count=len(found) - len(shown))
            choices.append(Choice(label, "list_activities", value))
        turn.say(
            heading,
            choices=choices,
            what=_words(turn, query),
            without=without,
            period=_period(turn, query),
            origin=origin_of(turn, shown),
        )
        return [SlotSet(MORE_SLOT, value), *_remembered(turn, query)]


def _remembered(turn: Turn, query: Query) -> Events:
    key = ("activity", query.named[0]) if len(query.named) == 1 else ()
    return followup.answered(turn, followup.ACTIVITIES, record=key, query=keep(query))


def _adding(turn: Turn) -> Query:
    """Return what a message asks, and of the last question what it does not say anew."""
    asked = read_query(turn)
    if not followup.adds(turn):
        return asked
    last = followup.before(turn)
    kind, record_id = last.get("record") or ("", "")
    before = recall(last["query"]) if "query" in last else None
    before = before or replace(asked, named=(record_id,) if kind == "activity" else ())
    return replace(
        asked,
        windows=asked.windows if asked.timed else before.windows,
        timed=asked.timed or before.timed,
        named=asked.named or before.named,
        filters=asked.filters or before.filters,
    )


def _going_on(turn: Turn) -> Query | None:
    """Return what was shown last, when no more is said than “还有吗”."""
    said = normalise(turn.text).strip(" 。.!?！？")
    goes_on = not turn.choice and GOES_ON.fullmatch(said)
    return read_value(turn.slots.get(MORE_SLOT) or "") if goes_on else None


def _only(turn: Turn, query: Query) -> Activity | None:
    """Return the one activity that is asked about, whenever it is on."""
    named = named_in(turn.pack, query)
    return named[0] if len(named) == 1 and not (query.timed or query.after) else None


def _heading(query: Query) -> str:
    if query.after:
        return "utter_activities_more"
    return "utter_activities_like" if query.filters else "utter_activities"


def _nothing(query: Query) -> str:
    return "utter_activities_none_like" if query.filters else "utter_activities_none"


def _period(turn: Turn, query: Query) -> str:
    """Write the days that are asked about."""
    period = showing.period(turn, query.windows)
    if period["first"] == period["last"]:
        return turn.wording.day(period["first"], turn.language)
    return showing.line(turn, "utter_period", **period)


def _words(turn: Turn, query: Query) -> str:
    """Write the filters back: 适合老人、免费."""
    between = showing.line(turn, "utter_filter_between")
    return between.join(_word(turn, one) for one in query.filters)


def _word(turn: Turn, one: Filter) -> str:
    if one.name == "kind":
        kinds = [showing.line(turn, KINDS[kind].response) for kind in one.value.split(",")]
        return showing.line(turn, "utter_filter_between").join(kinds)
    return showing.line(turn, RULES[one.name].response, value=_value(turn, one))


def _value(turn: Turn, one: Filter) -> str:
    """Write a filter's value: the names of what its ids stand for."""
    pack = turn.pack
    named: dict[str, Any] = {"venue": pack.facilities, "except": pack.activities}
    if one.name not in named:
        return one.value
    records = [named[one.name][key] for key in one.value.split(",") if key in named[one.name]]
    between = showing.line(turn, "utter_filter_between")
    return between.join(record.name.in_(turn.language) for record in records)


def origin_of(turn: Turn, sessions: Sequence[Session]) -> object:
    """Return where the weakest of some sessions comes from."""
    activities = turn.pack.activities
    levels = {s.id: getattr(activities.get(s.activity_id), "level", "sample") for s in sessions}
    weakest = min(sessions, key=lambda session: LEVELS.index(levels[session.id]))
    return showing.told(turn, weakest)["origin"]
