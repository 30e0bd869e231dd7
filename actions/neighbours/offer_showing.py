"""action_manage_offer: what somebody offers, shown and changed in one message or one tap."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from actions import confirming
from actions.dialogue import DoDeed, Events, Turn
from actions.neighbours import hours, offer_words, offers, showing, weekly_words
from actions.neighbours.model import HelpOffer
from actions.neighbours.offer_words import EVERYTHING
from knowledge.dates import When, read_when
from knowledge.text import normalise

STOP = re.compile(
    r"不(?:想|再|要)?(?:帮|干|做)(?:忙|帮手|了)|不(?:想|再)?当帮手|退出|注销|取消帮手|不参加了"
    r"|\b(?:stop helping|quit|no longer (?:want to )?help|remove me|delete my offer)\b"
    r"|\bdon't want to help\b"
)
RESUME = re.compile(
    r"回来了|恢复|继续(?:帮|叫)|可以(?:再)?叫我|又有空|重新开始|不暂停"
    r"|\b(?:resume|i'm back|i am back|back again|start again|unpause)\b"
)
NEVER = re.compile(
    r"(?:别|不要|不用)(?:再)?(?:问|叫|找|喊)我?.*|不(?:想|再)(?:接|做).*"
    r"|\b(?:don't|do not|never|stop) (?:ask|call).*"
)
PAUSE = re.compile(
    r"暂停|不在|别(?:再)?[叫找喊]|不要(?:再)?[叫找喊]|先不|没空|没时间|出差|出门|旅游|旅行|休息|回老家|住院|生病|(?<!帮)忙"
    r"|\b(?:pause|away|busy|holiday|vacation|travel|not available|sick|take a break)\b"
)
TIMES = re.compile(
    r"几次|多少次|多少回|几回|帮过|(?:多少|几个?)(?:小时|钟头)|时长"
    r"|\bhow (?:many|often|long|much)\b"
)
MORE = re.compile(r"加上?|再帮|也(?:能|可以|会|帮)|还(?:能|可以|会)|\b(?:also|add|too)\b")
BACK = re.compile(r"回来|\bback\b")
FOR = re.compile(
    r"(?P<n>\d{1,3}|[一两二三四五六七八九十半])(?:个)?(?P<unit>天|周|星期|礼拜|月)"
    r"|(?P<en>\d{1,3}|a|one|two|three|four) (?P<en_unit>day|week|month)s?"
)
UNITS = {"天": 1, "周": 7, "星期": 7, "礼拜": 7, "月": 30, "day": 1, "week": 7, "month": 30}
NUMBERS = {han: n for n, han in enumerate("零一二三四五六七八九十")} | {
    **{"两": 2, "半": 0.5},
    **{"a": 1, "one": 1, "two": 2, "three": 3, "four": 4},
}


EVER = datetime(2000, 1, 1, tzinfo=UTC)  # before anybody helped here


class ManageOffer(DoDeed):
    """action_manage_offer: does what is said, or shows the offer with what may be tapped."""

    def name(self) -> str:
        return "action_manage_offer"

    def act(self, turn: Turn) -> Events:
        said = normalise(turn.text)
        if TIMES.search(said):  # a record stays, whatever becomes of the offer
            turn.tell("utter_offer_times", **_record(turn))
            return []
        offer = offers.require(turn.db, turn.resident_id)
        if not self._is_deed(turn, said):
            self._do(turn, offer, said)
        elif meant := confirming.words(turn, "manage_offer"):
            self._do(meant, offer, normalise(meant.text))
        return []

    def _is_deed(self, turn: Turn, said: str) -> bool:
        """Whether words may change something; a yes to them does."""
        asks = STOP.search(said) or (PAUSE.search(said) and until_in(turn) is None)
        return turn.choice is not None or (not asks and _says_something(turn, said))

    def _do(self, turn: Turn, offer: HelpOffer, said: str) -> None:
        if STOP.search(said):
            turn.tell("utter_offer_stop_sure")
        elif RESUME.search(said) and not PAUSE.search(said):
            offers.resume(turn.db, offer)
            turn.tell("utter_offer_resumed", **_told(turn, offer))
        elif NEVER.search(said) and (kinds := _kinds(turn)):
            self._never(turn, offer, kinds[0])
        elif PAUSE.search(said):
            self._pause(turn, offer)
        elif self._changes(turn, offer):
            turn.tell("utter_offer_changed", **_told(turn, offer))
        else:
            turn.tell(offers.shown_as(offer, turn.local.date()), **_told(turn, offer))

    def _pause(self, turn: Turn, offer: HelpOffer) -> None:
        until = until_in(turn)
        if until is None:
            turn.tell("utter_offer_how_long")
            return
        offers.pause(turn.db, offer, until)
        turn.tell("utter_offer_paused", until=until)

    def _never(self, turn: Turn, offer: HelpOffer, kind_id: str) -> None:
        offers.never(turn.db, offer, kind_id)
        kind = showing.name_of(turn.square, kind_id)
        turn.tell("utter_offer_never", kind=kind, kind_id=kind_id)

    def _changes(self, turn: Turn, offer: HelpOffer) -> bool:
        """Take new terms from the words; False when they tell none."""
        hours, reach = weekly_words.read(turn.text), offer_words.reach_in(turn.text)
        per_week, kinds = offer_words.per_week_in(turn.text), _kinds(turn)
        spoken = offer_words.languages_in(turn.text)
        if hours is not None:
            offer.hours = list(hours)
        if reach:
            offer.reach = reach
        if per_week:
            offer.per_week = per_week
        if spoken:
            offer.languages = sorted({*offer.languages, *spoken})
        if kinds:
            before = offers.given(turn.db, offer) if MORE.search(turn.text.lower()) else []
            offers.set_kinds(turn.db, offer, [*before, *kinds])
        turn.db.flush()
        return hours is not None or bool(reach or per_week or kinds or spoken)


def until_in(turn: Turn) -> date | None:
    """Return the last day words say somebody is not to be asked; None when they do not say."""
    said, today = normalise(turn.text), turn.local.date()
    if lasting := FOR.search(said):
        unit = UNITS[lasting["unit"] or lasting["en_unit"]]
        told = lasting["n"] or lasting["en"]
        number = float(told) if told.isdigit() else NUMBERS[told]
        return today + timedelta(days=max(1, round(number * unit)) - 1)
    when = read_when(turn.text, turn.local)
    if not isinstance(when, When):
        return None
    last = (when.end - timedelta(seconds=1)).date()
    if BACK.search(said):  # 下周一回来: until the day before
        last = when.start.date() - timedelta(days=1)
    return last if last >= today else None


def _says_something(turn: Turn, said: str) -> bool:
    """Whether words tell anything of an offer, or only ask to see it."""
    terms = (
        weekly_words.read(turn.text),
        offer_words.reach_in(turn.text),
        offer_words.per_week_in(turn.text),
        offer_words.languages_in(turn.text) or None,
        _kinds(turn) or None,
    )
    return bool(RESUME.search(said) or PAUSE.search(said)) or any(
        one is not None for one in terms
    )


def _kinds(turn: Turn) -> list[str]:
    found = offer_words.kinds_in(turn.pack, turn.text, turn.ground.sorter) or []
    return [one for one in found if one != EVERYTHING]


def _record(turn: Turn) -> dict[str, Any]:
    """Return how often and how long somebody has helped, for themselves alone."""
    record = hours.of_resident(turn.db, turn.resident_id, EVER.astimezone(turn.pack.zone))
    month = record.by_month.get(f"{turn.local:%Y-%m}", 0)
    return {
        "times": record.times,
        "hours": f"{record.minutes / 60:.1f}",
        "month": f"{month / 60:.1f}",
    }


def _told(turn: Turn, offer: HelpOffer) -> dict[str, Any]:
    told = offers.described(turn.db, turn.square, offer)
    return told | {"until": offer.paused_until or turn.local.date()}
