"""What residents are told: facts past their date, timetables that have ended."""

from collections.abc import Iterator
from datetime import date, timedelta

from actions.content import editions
from actions.db import Db
from bot.doctor.finding import Finding, Installation
from knowledge import check
from knowledge.calendar import DayKind, published_kind
from knowledge.errors import PackInvalid
from knowledge.pack import Pack, load_pack
from knowledge.transit import FeedInvalid, load_timetable
from knowledge.transit.current import stamp

SOON = timedelta(days=14)  # a new timetable is wanted before the old one ends
AHEAD = timedelta(days=30)  # days residents ask about


def told(db: Db, one: Installation) -> Iterator[Finding]:
    """Look at the edition residents get."""
    active = editions.active(db)
    laid_out = one.said.content_dir / (active.version if active and active.version else "-")
    folder = laid_out if laid_out.is_dir() else one.said.community_dir
    try:
        pack = load_pack(folder)
    except PackInvalid as invalid:
        yield Finding(
            f"内容有 {len(invalid.mistakes)} 处错误，读不出来：{invalid.mistakes[0]}",
            f"The content has {len(invalid.mistakes)} mistakes: {invalid.mistakes[0]}",
        )
        return
    today = one.now.astimezone(pack.zone).date()
    yield from _facts(pack, today)
    yield from _timetable(pack, today)
    yield from _holidays(today)


def _facts(pack: Pack, today: date) -> Iterator[Finding]:
    if old := list(check.stale(pack, today)):
        yield Finding(
            f"{len(old)} 条内容过了有效期，居民会听到“可能已变”："
            "用 python -m knowledge check 逐条列出。",
            f"{len(old)} facts are past their date, and residents are told so: "
            "python -m knowledge check lists them.",
            urgent=False,
        )


def _timetable(pack: Pack, today: date) -> Iterator[Finding]:
    if not stamp(pack.gtfs):
        return  # a community may have none
    try:
        last_on = load_timetable(pack.gtfs).last_on
    except FeedInvalid as invalid:
        yield Finding(
            f"公交时刻表读不出来：{invalid.mistakes[0]}",
            f"The timetable cannot be read: {invalid.mistakes[0]}",
        )
        return
    if last_on < today + SOON:
        ended = last_on < today
        yield Finding(
            f"公交时刻表{'已于' if ended else '将于'} {last_on} 到期："
            "请用 python -m knowledge import-feed 换上新的。",
            f"The timetable {'ended' if ended else 'ends'} on {last_on}: take a new one in by "
            "python -m knowledge import-feed.",
            urgent=ended,
        )


def _holidays(today: date) -> Iterator[Finding]:
    year = (today + AHEAD).year
    if published_kind(date(year, 1, 1)) == DayKind.UNKNOWN:
        yield Finding(
            f"还不知道 {year} 年的放假和调休：公布后请升级软件包 chinesecalendar。",
            f"The holidays of {year} are not known yet: once they are published, upgrade the "
            "package chinesecalendar.",
            urgent=False,
        )
