"""What a ride costs, where the feed says so."""

import re

from actions.answers import telling
from actions.answers.bus_questions import Question
from actions.answers.bus_telling import (
    BusAnswer,
    numbers,
)
from actions.dialogue import Turn
from knowledge.transit import Stop, Timetable
from knowledge.transit.fares import Fare

DISCOUNT = re.compile(r"老|优惠|半价|免费|学生|残疾|senior|elder|discount|free|student|child")
CURRENCIES = {"CNY": "utter_price_cny", "JPY": "utter_price_jpy"}


def tell_fare(turn: Turn, timetable: Timetable, asked: Question) -> BusAnswer | None:
    """Tell the full fare, if the feed has it; of discounts it knows nothing."""
    if DISCOUNT.search(turn.text.lower()):
        return None
    fares = _fares(timetable, asked)
    if not fares:
        return None
    cheapest, dearest = fares[0], fares[-1]
    price = _price(turn, cheapest)
    if dearest.price != cheapest.price:
        price = f"{price} – {_price(turn, dearest)}"
    ends = f"{_name(turn, asked.stop)} → {_name(turn, asked.to)}"
    ride = numbers(turn, asked.lines[:1]) or ends
    told = telling.line(turn, "utter_fare", ride=ride, price=price)
    source = {"source": cheapest.source, "day": cheapest.as_of, "owner": ""}
    return BusAnswer([told], telling.line(turn, telling.ORIGINS[cheapest.level], **source))


def _fares(timetable: Timetable, asked: Question) -> list[Fare]:
    lines = [line.id for line in asked.lines]
    if asked.stop and asked.to:
        direct = [line.id for line in timetable.lines_at(asked.stop.id)]
        return timetable.fares.between(lines or direct, asked.stop, asked.to)
    return timetable.fares.of_line(lines) if lines else []


def _price(turn: Turn, fare: Fare) -> str:
    response = CURRENCIES.get(fare.currency, "utter_price")
    price = f"{fare.price.normalize():f}"
    return telling.line(turn, response, price=price, currency=fare.currency)


def _name(turn: Turn, stop: Stop | None) -> str:
    return stop.name.in_(turn.language) if stop else ""
