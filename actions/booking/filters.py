"""What a message asks of activities: kind, age, place, fee, for whom, places left; as tables.

Filters are joined by “and”. A table's order is the order in which they are read, and in which
they are given up when nothing fits all of them.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from actions.booking.programme import TASK, VISIT
from actions.booking.reading import ENGLISH, number
from knowledge.pack import Activity, Pack
from knowledge.text import normalise

GROWN_UP, CHILD, ELDER = 18, 15, 60  # ages: of children's activities, below which, from which
SPORTS = re.compile(r"球|乒乓|武术|太极|舞|跑|走|瑜伽|游泳|健身|操")
AGES = (
    re.compile(r"(?P<age>\d{1,3}|[一二两三四五六七八九十]{1,3})(?:来|多|几)?个?周?岁"),
    re.compile(r"(?P<age>[五六七八九]十|[5-9]0)(?:来|多|几)(?!个|位|人|块|元)"),
    re.compile(rf"\b(?P<age>\d{{1,3}}|{'|'.join(ENGLISH)})[- ]years?[- ]olds?\b"),
    re.compile(r"\bage(?:d|s)? (?P<age>\d{1,3})\b"),
)

Fits = Callable[[Activity, str], bool]


@dataclass(frozen=True)
class Filter:
    """One thing asked of activities; `value` where there is one: an age, kinds, ids."""

    name: str
    value: str = ""


@dataclass(frozen=True)
class Rule:
    """How a filter is said, told (`response`) and checked."""

    response: str
    said: re.Pattern[str]
    fits: Fits


def _of_kind(*kinds: str) -> Fits:
    return lambda activity, _: activity.kind in kinds


KINDS = {
    "public_class": Rule(
        "utter_filter_public_class",
        re.compile(r"公益课程?|\bpublic class(?:es)?\b"),
        _of_kind("public_class"),
    ),
    "club": Rule(
        "utter_filter_club", re.compile(r"社团|兴趣班|\bclubs?\b"), _of_kind("club")
    ),
    "class": Rule(
        "utter_filter_class",
        re.compile(r"课|培训|\bclass(?:es)?\b|\bcourses?\b|\blessons?\b"),
        _of_kind("class", "public_class"),
    ),
    "volunteer": Rule(
        "utter_filter_volunteer", re.compile(r"志愿|义工|volunteer"), _of_kind(TASK)
    ),
    "sport": Rule(
        "utter_filter_sport",
        re.compile(r"比赛|运动|体育|锻炼|健身(?!房|中心)|\bsports?\b|\bexercise\b"),
        lambda a, _: a.kind == "sport" or SPORTS.search(a.name.zh) is not None,
    ),
    "culture": Rule(
        "utter_filter_culture",
        re.compile(r"演出|文化|看戏|文艺|\bcultur|\bshows?\b"),
        _of_kind("culture"),
    ),
    VISIT: Rule(
        "utter_filter_visit", re.compile(r"参观|考察|\bvisits?\b"), _of_kind(VISIT)
    ),
}  # fmt: skip

NEVER_SAID = re.compile(r"(?!)")
RULES = {
    "left": Rule(
        "utter_filter_left",
        re.compile(
            r"(?:有|剩)(?:没有)?(?:空)?(?:名额|位子|空位|位置|座位)|[没未](?:报)?满"
            r"|\b(?:places?|spots?|seats?|room) (?:left|free|available)\b|\bnot (?:yet )?full\b"
        ),
        lambda activity, _: not activity.draw,
    ),
    "free": Rule(
        "utter_filter_free",
        re.compile(r"免费|不要钱|不收费|不花钱|\bfree\b(?! place| spot| seat)"),
        lambda activity, _: activity.is_free,
    ),
    "except": Rule(
        "utter_filter_except", NEVER_SAID, lambda a, ids: a.id not in ids.split(",")
    ),
    "venue": Rule("utter_filter_venue", NEVER_SAID, lambda a, ids: a.venue in ids.split(",")),
    "kind": Rule(
        "utter_filter_kind",
        NEVER_SAID,
        lambda a, kinds: any(KINDS[kind].fits(a, "") for kind in kinds.split(",")),
    ),
    "elder": Rule(
        "utter_filter_elder",
        re.compile(
            r"老人|老年|长辈|老头|老太|爸妈|父母|爷爷|奶奶|外公|外婆|上了?年纪|退休"
            r"|elder|senior|\bold(?:er)? people|\bretired\b"
        ),
        lambda activity, _: activity.elder_friendly,
    ),
    "kids": Rule(
        "utter_filter_kids",
        re.compile(r"小孩|孩子|小囡|儿童|少儿|小朋友|亲子|宝宝|娃|\bkids?\b|child|toddler"),
        lambda a, _: a.age.max is not None and a.age.max <= GROWN_UP,
    ),
    "age": Rule(
        "utter_filter_age",
        NEVER_SAID,
        lambda a, age: (a.age.min or 0) <= int(age) <= (a.age.max or int(age)),
    ),
}  # fmt: skip


def read_filters(pack: Pack, text: str) -> tuple[Filter, ...]:
    """Return what a message asks of activities, in the table's order.

    An age says more than its number: below 15 it is a child's, from 60 on an elder's.
    """
    said = normalise(text)
    age = read_age(said)
    names = {name for name, rule in RULES.items() if rule.said.search(said)}
    if age is not None:
        names |= {"age"} | ({"kids"} if age < CHILD else set())
        names |= {"elder"} if age >= ELDER else set()
    found = [Filter(name, str(age) if name == "age" else "") for name in names]
    return in_order([*found, *_kinds(pack, said)])


def read_age(said: str) -> int | None:
    """Return the age a message speaks of, in years."""
    match = next((match for pattern in AGES if (match := pattern.search(said))), None)
    return number(match["age"]) if match else None


def in_order(filters: Iterable[Filter]) -> tuple[Filter, ...]:
    """Return filters in the table's order."""
    names = list(RULES)
    return tuple(sorted(filters, key=lambda one: names.index(one.name)))


def fitting(pack: Pack, filters: Collection[Filter]) -> list[Activity]:
    """Return the activities all filters admit; visits of groups only where they are meant."""
    visits = Filter("kind", VISIT) in filters
    return [
        activity
        for activity in pack.activities.values()
        if (activity.kind == VISIT) == visits and fits(activity, filters)
    ]


def fits(activity: Activity, filters: Iterable[Filter]) -> bool:
    """Whether all filters admit an activity."""
    return all(RULES[one.name].fits(activity, one.value) for one in filters)


def _kinds(pack: Pack, said: str) -> Sequence[Filter]:
    """Return the kinds said; what no activity is at once (社团和课程) as one or the other."""
    named: list[str] = []
    for name, rule in KINDS.items():
        if rule.said.search(said):
            named.append(name)
            said = rule.said.sub("\n", said)  # the 课 of 公益课 says nothing more
    each = [Filter("kind", name) for name in named]
    together = any(fits(activity, each) for activity in pack.activities.values())
    return each if together or not named else [Filter("kind", ",".join(named))]
