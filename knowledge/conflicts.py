"""Finds records that disagree: each is a task for its owner, and says so to the resident.

An article names the facilities and activities it speaks of (`about`); times, phone numbers and
prices in its text must be theirs. What editors noted (`conflicts`) counts too.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from knowledge.article import Article
from knowledge.pack import Activity, Facility, Pack
from knowledge.records import RecordKey, Sourced

LEVELS = ("sample", "report", "official")  # the last is believed first
CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?!\d)")
PHONE = re.compile(r"(?<![\d-])(?:\d{3,4}-\d{4}-?\d{3,4}|\d{7,8})(?![\d-])")
YUAN = re.compile(r"(\d+(?:\.\d+)?)\s*(?:元|yuan)")


@dataclass(frozen=True)
class Conflict:
    """A record that disagrees with another, or with what an editor noted (`other` is None).

    `what` is hours, phone, fees or noted; `found` what the record says and the other does not,
    the editor's note where that is all. `believed` is the record to tell: of a better level,
    else the newer one.
    """

    record: RecordKey
    other: RecordKey | None
    what: str
    found: str
    believed: RecordKey


def find(pack: Pack) -> list[Conflict]:
    """Return every conflict of a pack, by article."""
    return [conflict for article in pack.articles.values() for conflict in of(pack, article)]


def concerning(pack: Pack, key: RecordKey) -> Conflict | None:
    """Return the first conflict a record takes part in, None when nobody disagrees with it."""
    _, record_id = key
    articles = (
        article
        for article in pack.articles.values()
        if record_id == article.id or record_id in article.about
    )
    found = (conflict for article in articles for conflict in of(pack, article))
    return next((one for one in found if key in (one.record, one.other)), None)


def of(pack: Pack, article: Article) -> Iterator[Conflict]:
    """Yield what disagrees with an article."""
    key = ("article", article.id)
    for note in article.conflicts:
        yield Conflict(key, None, "noted", note, key)
    about = [found for one in article.about if (found := _record(pack, one))]
    told = f"{article.body.zh}\n{article.body.en}"
    for what, read in READERS.items():
        known = {fact for _, record in about for fact in read(_facts(record))}
        strange = sorted(read(told) - known)
        if known and strange:  # of what the others do not speak at all, they cannot disagree
            other, record = about[0]
            believed = key if _rank(article) > _rank(record) else other
            yield Conflict(key, other, what, ", ".join(strange), believed)


def _record(pack: Pack, record_id: str) -> tuple[RecordKey, Facility | Activity] | None:
    if facility := pack.facilities.get(record_id):
        return ("facility", record_id), facility
    if activity := pack.activities.get(record_id):
        return ("activity", record_id), activity
    return None


def _facts(record: Facility | Activity) -> str:
    """Return the times, numbers and prices of a record, as text."""
    if isinstance(record, Facility):
        return "\n".join(filter(None, (record.opening_hours, record.phone, record.fees)))
    return f"{record.start:%H:%M} {record.end:%H:%M}\n{record.fee.zh}"


def _rank(record: Sourced) -> tuple[int, date]:
    return LEVELS.index(record.level), record.as_of


def _times(text: str) -> set[str]:
    return {f"{int(hour):02}:{minute}" for hour, minute in CLOCK.findall(text)}


def _phones(text: str) -> set[str]:
    return {number.replace("-", "") for number in PHONE.findall(text)}


def _prices(text: str) -> set[str]:
    return {f"{float(price):g}" for price in YUAN.findall(text)}


# What is compared: how it is read from text.
READERS: dict[str, Callable[[str], set[str]]] = {
    "hours": _times,
    "phone": _phones,
    "fees": _prices,
}
