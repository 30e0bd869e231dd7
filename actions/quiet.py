"""The quiet hours: what can wait until the morning wakes nobody."""

from datetime import datetime, time, timedelta, tzinfo

QUIET_FROM, QUIET_TO = time(21), time(7)


def is_quiet(moment: datetime, zone: tzinfo) -> bool:
    """Whether nothing that can wait is sent at this moment."""
    local = moment.astimezone(zone).time()
    return local >= QUIET_FROM or local < QUIET_TO


def quiet_ends(moment: datetime, zone: tzinfo) -> datetime:
    """Return when something that can wait may be sent: the moment itself, or the morning."""
    if not is_quiet(moment, zone):
        return moment
    local = moment.astimezone(zone)
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_FROM else 0)
    return datetime.combine(day, QUIET_TO, zone)


def quiet_begins(moment: datetime, zone: tzinfo) -> datetime:
    """Return when the next night begins, of a moment by day."""
    return datetime.combine(moment.astimezone(zone).date(), QUIET_FROM, zone)
