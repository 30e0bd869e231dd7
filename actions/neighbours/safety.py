"""What in a need calls for care, by the pack's table: staff first, a warning, or a refusal."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from actions.errors import Refusal
from actions.neighbours import kinds
from knowledge.pack import HelpKind, HelpRisk, Pack
from knowledge.text import normalise

GAP, GAP_LATIN = 6, 24  # characters … may stand for
DAY_FROM, DAY_TO = time(7), time(21)  # outside of these staff look first

# Why staff look at a need first, beside the risks of the pack.
UNKNOWN_KIND, KIND, RESTRICTED, RISK = "unknown-kind", "kind", "restricted", "risk"
AT_NIGHT, DOUBT = "night", "doubt"


@dataclass(frozen=True)
class Verdict:
    """The risks some words speak of, in the order of the pack's table."""

    risks: tuple[HelpRisk, ...]

    @property
    def refused(self) -> HelpRisk | None:
        """Why neighbours are not asked at all, if they are not."""
        return next((risk for risk in self.risks if risk.then == "refuse"), None)

    @property
    def warned(self) -> HelpRisk | None:
        """What the asker is warned of, if anything: neighbours never hear of it."""
        return next((risk for risk in self.risks if risk.then == "warn"), None)

    @property
    def reasons(self) -> list[str]:
        """Why staff look at it first, by name."""
        return [risk.id for risk in self.risks if risk.then != "refuse"]


def judge(pack: Pack, words: str) -> Verdict:
    """Return what some words of a need call for."""
    said = normalise(words)
    return Verdict(tuple(risk for risk in pack.help_risks.values() if _speaks_of(risk, said)))


def require_allowed(pack: Pack, words: str) -> Verdict:
    """Return as `judge`, of words neighbours may be asked with.

    Raises:
        Refusal: no neighbour is asked for this; it says why, and offers a person.
    """
    verdict = judge(pack, words)
    if verdict.refused is not None:
        raise Refusal("utter_help_refused", why=verdict.refused.say)
    if verdict.warned is None and kinds.forbidden(pack, words):
        raise Refusal("utter_help_never")
    return verdict


def reasons_of_kind(kind: HelpKind | None) -> list[str]:
    """Return why staff look at needs of a kind first, by name; none when they need not."""
    if kind is None:
        return [UNKNOWN_KIND]
    found = {
        KIND: kind.staff_review,
        RESTRICTED: kind.restricted,
        RISK: kind.risk == "high",
    }
    return [reason for reason, holds in found.items() if holds]


def is_at_night(wanted: tuple[datetime, datetime], zone: ZoneInfo) -> bool:
    """Whether a wanted time of one day reaches into the night; days are by day."""
    start, end = (moment.astimezone(zone) for moment in wanted)
    if start == end:
        return not DAY_FROM <= start.time() < DAY_TO
    if (end - timedelta(seconds=1)).date() > start.date():
        return False
    last = (end - timedelta(seconds=1)).time()
    return start.time() < DAY_FROM or last >= DAY_TO


def _speaks_of(risk: HelpRisk, said: str) -> bool:
    cues, harmless = _expression(risk.cues), _expression(risk.harmless)
    return cues.search(harmless.sub(" ", said)) is not None


@lru_cache(maxsize=64)
def _expression(cues: Sequence[str]) -> re.Pattern[str]:
    """Return one expression for all cues; words of the Latin alphabet stand by themselves."""
    return re.compile("|".join(map(_cue, cues)) or r"(?!)")


def _cue(cue: str) -> str:
    latin = cue.replace("…", "").isascii()
    gap = f".{{0,{GAP_LATIN if latin else GAP}}}"
    said = gap.join(re.escape(normalise(part)) for part in cue.split("…"))
    return rf"(?<![a-z]){said}(?![a-z])" if latin else said
