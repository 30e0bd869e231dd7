"""Which category a problem belongs to, guessed from the pack's keywords."""

import re
from functools import cache

from pypinyin import lazy_pinyin

from actions.governance.model import ServiceRequest
from knowledge.pack import Category, Pack
from knowledge.text import normalise

OTHER = "other"  # the pack's category for what nobody else owns
CLEARLY = 1.4  # the best guess has to be so much better than the second
SOUNDS_LIKE = 0.8  # a word spelled otherwise but sounding the same counts less

# Openings that say somebody wants to report, and nothing of what.
OPENINGS = re.compile(
    r"我(?:想|要|来)?|(?:想|要|来)|你好|您好|帮我|麻烦|请问?|一下|一个|个|反映|反应|上报|报修|报告|举报|投诉"
    r"|提|有点?|建议|意见|问题|事情?|情况|小沥|那个|东西|[，。！？、,.!?~]"
    r"|\b(?:hi|hello|please|i|we|would|like|want|need|to|report|complain|complaint|make|file|a|an|"
    r"the|about|problem|issue|something|suggestion|have|there|is|my|can|you)\b"
)


def of(pack: Pack, request: ServiceRequest) -> Category:
    """Return a request's category; of one the pack no longer has, that for other things."""
    return pack.categories.get(request.category_id) or other(pack)


def other(pack: Pack) -> Category:
    """Return the category for what nobody else owns."""
    return pack.categories.get(OTHER) or next(reversed(pack.categories.values()))


def dispatcher(pack: Pack) -> str:
    """Return the team that says where a request belongs: as the pack says, else the town's."""
    teams = pack.teams.values()
    return min(teams, key=lambda team: (not team.dispatches, team.tier != "town")).id


def owner(pack: Pack, category: Category) -> tuple[str, bool]:
    """Return the team that gets a category's requests, and whether nobody owns it.

    What nobody owns goes to the dispatcher, flagged.
    """
    owned = category.team in pack.teams
    return (category.team, False) if owned else (dispatcher(pack), True)


def rank(pack: Pack, text: str) -> list[tuple[Category, float]]:
    """Return the categories whose keywords the text uses, best first, with a score."""
    said = normalise(text)
    scored = [(category, _score(category, said)) for category in pack.categories.values()]
    if not any(score for _, score in scored):
        sounds = _sounds(said)
        scored = [(category, _score_by_sound(category, sounds)) for category, _ in scored]
    return sorted(((c, s) for c, s in scored if s), key=lambda pair: -pair[1])


def guess(pack: Pack, text: str) -> Category | None:
    """Return the category of a problem; None when several fit about as well.

    A text no keyword fits goes to the pack's category for other things.
    """
    ranked = rank(pack, text)
    if not ranked:
        return other(pack)
    if len(ranked) > 1 and ranked[0][1] < CLEARLY * ranked[1][1]:
        return None
    return ranked[0][0]


def alternatives(pack: Pack, text: str, limit: int) -> list[Category]:
    """Return the categories to choose from, best first, the one for other things last."""
    fitting = [category for category, _ in rank(pack, text) if category.service_code != OTHER]
    other = [pack.categories[OTHER]] if OTHER in pack.categories else []
    return fitting[: limit - len(other)] + other


def says_what(pack: Pack, text: str) -> bool:
    """Whether a first message tells the problem, and not only that there is one."""
    rest = OPENINGS.sub("", normalise(text))
    return len(rest.replace(" ", "")) >= 2 and bool(rank(pack, rest))


def _score(category: Category, said: str) -> float:
    hits = [normalise(keyword) for keyword in category.keywords]
    score = sum(_weight(keyword) for keyword in hits if _uses(said, keyword))
    # 坏了 alone fits a lift and a bench: what else the name has in common decides.
    return score + 0.25 * len(set(said) & set(category.name.zh)) if score else 0.0


def _uses(said: str, keyword: str) -> bool:
    if keyword.isascii():
        return re.search(rf"\b{re.escape(keyword)}", said) is not None
    return keyword in said


def _weight(keyword: str) -> float:
    return len(keyword) / 3 if keyword.isascii() else float(len(keyword))


def _score_by_sound(category: Category, sounds: str) -> float:
    hits = [k for k in category.keywords if len(k) > 1 and not k.isascii()]
    return SOUNDS_LIKE * sum(len(k) for k in hits if _sounds_of_keyword(k) in sounds)


@cache
def _sounds_of_keyword(keyword: str) -> str:
    return _sounds(keyword)


def _sounds(text: str) -> str:
    """Return the syllables without tones: 路登 and 路灯 both sound ` lu deng `."""
    return f" {' '.join(lazy_pinyin(text))} "
