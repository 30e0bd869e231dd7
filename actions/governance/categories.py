"""Which category a problem belongs to: by the pack's keywords and by what the words mean."""

import re
from collections.abc import Mapping
from functools import cache
from math import exp

from actions.governance.model import ServiceRequest
from knowledge.pack import Category, Pack
from knowledge.sorting import Sorter
from knowledge.sounds import syllables
from knowledge.text import normalise

Ranking = list[tuple[Category, float]]

OTHER = "other"  # the pack's category for what nobody else owns
CLEARLY = 1.4  # the best guess by keywords has to be so much better than the second
SOUNDS_LIKE = 0.8  # a word spelled otherwise but sounding the same counts less
# Chosen on the messages that may be tuned on, never on those held back.
KEYWORD, MOST = 0.5, 3.0  # what a point of a keyword's score adds to a meaning's, and till when
SURE = 0.3  # from this probability on the best guess need only be confirmed
TELLS = 0.5  # from this one on a message tells a problem, whatever its words
CHARACTERS, WORDS = 4, 3  # with fewer beside its opening it tells nothing without a keyword

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


def rank(pack: Pack, text: str, sorter: Sorter | None = None) -> Ranking:
    """Return the categories a text fits, best first, with a score.

    With a sorter the scores are probabilities, without one only keywords are looked at.
    """
    by_words = _by_words(pack, text)
    return _by_meaning(pack, text, by_words, sorter) or _best_first(pack, by_words)


def guess(pack: Pack, text: str, sorter: Sorter | None = None) -> Category | None:
    """Return the category of a problem, to be confirmed; None when it is too doubtful.

    A text that fits none goes to the pack's category for other things.
    """
    by_words = _by_words(pack, text)
    if meant := _by_meaning(pack, text, by_words, sorter):
        best, probability = meant[0]
        return best if probability >= SURE else None
    ranked = _best_first(pack, by_words)
    if not ranked:
        return other(pack)
    if len(ranked) > 1 and ranked[0][1] < CLEARLY * ranked[1][1]:
        return None
    return ranked[0][0]


def alternatives(
    pack: Pack, text: str, limit: int, sorter: Sorter | None = None
) -> list[Category]:
    """Return the categories to choose from, best first, the one for other things last."""
    ranked = rank(pack, text, sorter)
    fitting = [category for category, _ in ranked if category.service_code != OTHER]
    other = [pack.categories[OTHER]] if OTHER in pack.categories else []
    return fitting[: limit - len(other)] + other


def tells(pack: Pack, text: str, sorter: Sorter | None = None) -> bool:
    """Whether a text tells of a problem, by a keyword or clearly by its meaning."""
    if _by_words(pack, text):
        return True
    meant = _by_meaning(pack, text, {}, sorter)
    return bool(meant) and meant[0][1] >= TELLS


def says_what(pack: Pack, text: str, sorter: Sorter | None = None) -> bool:
    """Whether a first message tells the problem, and not only that there is one."""
    rest = OPENINGS.sub("", normalise(text)).strip()
    if len(rest) < 2:
        return False
    enough = len(rest.split()) >= WORDS if rest.isascii() else len(rest) >= CHARACTERS
    return bool(_by_words(pack, rest)) or (enough and tells(pack, text, sorter))


def uses(said: str, word: str) -> bool:
    """Whether a text, in the form messages are brought to, has a word of the pack in it."""
    if word.isascii():
        return re.search(rf"(?<![a-z\d]){re.escape(word)}", said) is not None
    return word in said


def _by_meaning(
    pack: Pack, text: str, by_words: Mapping[str, float], sorter: Sorter | None
) -> Ranking:
    """Return every category with how probable it is; nothing without a sorter."""
    meant = sorter.scores(pack, text) if sorter else {}
    if not meant:
        return []
    least = min(meant.values())  # of a category without examples
    points = {
        code: meant.get(code, least) + KEYWORD * min(by_words.get(code, 0.0), MOST)
        for code in pack.categories
    }
    most = max(points.values())
    likely = {code: exp(point - most) for code, point in points.items()}
    whole = sum(likely.values())
    return _best_first(pack, {code: one / whole for code, one in likely.items()})


def _best_first(pack: Pack, scores: Mapping[str, float]) -> Ranking:
    ordered = sorted(scores.items(), key=lambda pair: -pair[1])
    return [(pack.categories[code], score) for code, score in ordered]


def _by_words(pack: Pack, text: str) -> dict[str, float]:
    """Return the score of each category a keyword of which is used, or sounds like it."""
    said = normalise(text)
    scores = {code: _score(category, said) for code, category in pack.categories.items()}
    if not any(scores.values()):
        sounds = _sounds(said)
        scores = {
            code: _score_by_sound(category, sounds)
            for code, category in pack.categories.items()
        }
    return {code: score for code, score in scores.items() if score}


def _score(category: Category, said: str) -> float:
    hits = [normalise(keyword) for keyword in category.keywords]
    score = sum(_weight(keyword) for keyword in hits if uses(said, keyword))
    # 坏了 alone fits a lift and a bench: what else the name has in common decides.
    return score + 0.25 * len(set(said) & set(category.name.zh)) if score else 0.0


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
    return f" {' '.join(syllables(text))} "
