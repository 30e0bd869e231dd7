"""Reads which requests a client asks for, by the specification's query."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Annotated

from pydantic import BaseModel, BeforeValidator

from actions.governance.public import Asked, categories
from bot.message import clean
from bot.open311.errors import Wrong
from knowledge.pack import Pack

LONGEST_SPAN = timedelta(days=90)
MOST = 1000  # requests of one answer, and references of one query
LAST_PAGE = 1_000_000

STATES = {"open": True, "closed": False}

Written = Annotated[str, BeforeValidator(clean)]


class Query(BaseModel):
    """Which requests, as it is written; several names are parted by commas."""

    service_request_id: Written = ""
    service_code: Written = ""
    start_date: Written = ""
    end_date: Written = ""
    status: Written = ""
    page: Written = ""
    page_size: Written = ""
    extensions: Written = ""


def read(query: Query, pack: Pack, now: datetime) -> Asked:
    """Read a query; an empty value counts as none.

    Raises:
        Wrong: 400 with the field that cannot be read.
    """
    written = query.model_dump()
    size = _number(written, "page_size", default=MOST, most=MOST)
    since, until = _span(written, pack.zone, now)
    return Asked(
        since=since,
        until=until,
        categories=_known(written, "service_code", categories(pack)),
        states=tuple(STATES[name] for name in _known(written, "status", STATES) or STATES),
        references=_several(written, "service_request_id"),
        limit=size,
        offset=size * (_number(written, "page", default=1, most=LAST_PAGE) - 1),
    )


def _span(query: Mapping[str, str], zone: tzinfo, now: datetime) -> tuple[datetime, datetime]:
    since, until = (_moment(query, name, zone) for name in ("start_date", "end_date"))
    try:
        if until is None:
            until = min(now, since + LONGEST_SPAN) if since else now
        since = since or until - LONGEST_SPAN
        if until - since > LONGEST_SPAN:
            raise Wrong(400, "utter_open311_span", days=LONGEST_SPAN.days)
    except OverflowError:
        raise Wrong(400, "utter_open311_no_date", field="start_date, end_date") from None
    return since, until


def _moment(query: Mapping[str, str], name: str, zone: tzinfo) -> datetime | None:
    """Read a moment as the W3 writes it; a date alone begins at midnight here."""
    written = query[name].replace(" ", "+")  # + is a space in a query
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is None:
            if "T" in written:
                raise ValueError(written)
            moment = moment.replace(tzinfo=zone)
        moment.astimezone(zone)
    except (ValueError, OverflowError):
        raise Wrong(400, "utter_open311_no_date", field=name) from None
    return moment


def _number(query: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    written = query[name]
    if not written:
        return default
    if not (written.isdecimal() and len(written) <= 7 and 1 <= int(written) <= most):
        raise Wrong(400, "utter_open311_no_number", field=name, most=most)
    return int(written)


def _known(query: Mapping[str, str], name: str, known: Mapping[str, object]) -> tuple[str, ...]:
    asked = _several(query, name)
    if set(asked) - set(known):
        raise Wrong(400, "utter_open311_wrong", field=name)
    return asked


def _several(query: Mapping[str, str], name: str) -> tuple[str, ...]:
    parts = (part.strip() for part in query[name].split(","))
    several = tuple(part for part in parts if part)
    if len(several) > MOST:
        raise Wrong(400, "utter_open311_wrong", field=name)
    return several
