"""Which services run on a day: the weekly calendar, then the dated exceptions."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from knowledge.transit.feed import Feed
from knowledge.transit.validation import DAYS


class Services:
    """A feed's calendar; a feed may have only the weekly or only the dated half of it."""

    def __init__(self, feed: Feed) -> None:
        self._weekly = [
            (
                row["service_id"],
                row["start_date"],
                row["end_date"],
                tuple(row[day] == "1" for day in DAYS),
            )
            for row in feed["calendar.txt"]
        ]
        self._dated: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in feed["calendar_dates.txt"]:
            self._dated[row["date"]].append((row["service_id"], row["exception_type"]))
        self._known: dict[date, frozenset[str]] = {}
        self.first_on, self.last_on = self._covered(feed)

    def on(self, day: date) -> frozenset[str]:
        """Return the ids of the services that run on a day."""
        if day not in self._known:
            self._known[day] = frozenset(self._running(day))
        return self._known[day]

    def covers(self, day: date) -> bool:
        """Tell whether the feed speaks of that day at all."""
        return self.first_on <= day <= self.last_on

    def _running(self, day: date) -> set[str]:
        stamp = f"{day:%Y%m%d}"
        running = {
            service_id
            for service_id, start, end, weekdays in self._weekly
            if start <= stamp <= end and weekdays[day.weekday()]
        }
        for service_id, kind in self._dated.get(stamp, ()):
            (running.add if kind == "1" else running.discard)(service_id)
        return running

    def _covered(self, feed: Feed) -> tuple[date, date]:
        """Return the first and the last day: the calendar's, narrowed by feed_info's."""
        added = [day for day, rows in self._dated.items() if any(k == "1" for _, k in rows)]
        firsts = [start for _, start, _, _ in self._weekly] + added
        lasts = [end for _, _, end, _ in self._weekly] + added
        said = next(iter(feed["feed_info.txt"]), {})
        first = max(min(firsts, default="99991231"), said.get("feed_start_date", ""))
        last = min(max(lasts, default="00010101"), said.get("feed_end_date") or "99991231")
        return _date(first), _date(last)


def day_begins(day: date, zone: ZoneInfo) -> int:
    """Return where the seconds of a service day are counted from, in seconds since 1970.

    GTFS counts from noon minus twelve hours: that is midnight, but for the two days a year
    on which the clocks change.
    """
    noon = datetime.combine(day, time(12), zone).astimezone(UTC)
    return int((noon - timedelta(hours=12)).timestamp())


def _date(stamp: str) -> date:
    return date(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:]))
