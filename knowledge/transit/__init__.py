"""Buses by the timetable (GTFS): stops, lines, departures, journeys, fares. Nothing is live.

`feed` reads the tables, `validation` says what is wrong with them, `network`, `trips` and
`services` make stops, lines and calendars of them, `timetable` and `journeys` answer,
`names` and `spelling` understand what residents call a stop or a line, `swap` takes a new
feed in and `current` serves it.
"""

from knowledge.transit.current import load_timetable, open_timetable
from knowledge.transit.feed import FeedInvalid
from knowledge.transit.journeys import Journey, Ride, journeys
from knowledge.transit.network import Line, Stop
from knowledge.transit.timetable import RECORD, Departure, Only, Timetable

__all__ = [
    "RECORD",
    "Departure",
    "FeedInvalid",
    "Journey",
    "Line",
    "Only",
    "Ride",
    "Stop",
    "Timetable",
    "journeys",
    "load_timetable",
    "open_timetable",
]
