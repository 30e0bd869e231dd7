import ast
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions import budget, planning
from actions.care import family
from actions.governance.model import Status
from actions.planning import KINDS, RULES, Kind
from actions.sending import Priority
from actions.wording import read_wording

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # 7 o'clock of the day after
ANSWERED_AT_ONCE = {"reply", "move", "_shown"}  # in the turn, not by a notice
TOPICS = [file for top in ("actions", "bot") for file in sorted(Path(top).rglob("*.py"))]


def owed() -> Iterator[str]:
    """The responses that are handed, with the store, to something that tells them."""
    for file in TOPICS:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _takes_the_store(node):
                named = [*node.args, *(one.value for one in node.keywords)]
                yield from _responses(named)


def _takes_the_store(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    first = call.args[0] if call.args else None
    what = getattr(first, "attr", getattr(first, "id", ""))
    return what == "db" and name not in ANSWERED_AT_ONCE


def _responses(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        whole = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
        for one in whole:
            if isinstance(one, ast.Constant) and str(one.value).startswith("utter_"):
                yield str(one.value)


def test_every_response_that_is_owed_says_how_much_it_matters() -> None:
    found = set(owed()) | {f"utter_request_{to}" for to in Status if to != Status.RECEIVED}
    found |= {"utter_offer", "utter_requests_news", "utter_theirs_booked", "utter_care_warned"}
    unnamed = {one for one in found if not planning.is_for_staff(one)} - KINDS.keys()
    assert len(found) > 60
    assert sorted(unnamed) == []


def test_every_response_that_is_named_exists_and_once() -> None:
    responses = read_wording(ZONE).responses
    assert [one for one in KINDS if one and one not in responses] == []
    counted = Counter(one for named in planning._OF.values() for one in named)
    assert counted.most_common(1)[0][1] == 1
    assert set(KINDS.values()) == set(RULES) == set(Kind)


def test_a_response_nobody_named_counts_as_news_and_warns() -> None:
    with pytest.warns(UserWarning, match="utter_unheard_of"):
        assert planning.kind_of("utter_unheard_of") == Kind.NEWS


@pytest.mark.parametrize("response", sorted(family.ALARMS))
def test_what_alarms_a_family_wakes_them(response: str) -> None:
    assert RULES[planning.kind_of(response)].wakes


@pytest.mark.parametrize("kind", [Kind.ANSWER, Kind.URGENT])
def test_who_waits_for_an_answer_or_is_in_need_is_told_at_night_and_first(kind: Kind) -> None:
    assert planning.may_go_at(kind, now=NIGHT, zone=ZONE, told_at=NIGHT) == NIGHT
    assert RULES[kind].priority == Priority.REPLY
    assert planning.fits(kind, 1)


@pytest.mark.parametrize("kind", [Kind.NEWS, Kind.CAN_WAIT, Kind.REMINDER])
def test_all_else_wakes_nobody_but_for_what_would_be_too_late(kind: Kind) -> None:
    assert planning.may_go_at(kind, now=NOON, zone=ZONE) == NOON
    assert planning.may_go_at(kind, now=NIGHT, zone=ZONE) == MORNING
    soon = NIGHT + timedelta(hours=1)
    assert planning.may_go_at(kind, now=NIGHT, zone=ZONE, stale_at=soon) == NIGHT


def test_what_can_wait_is_told_once_a_day() -> None:
    before = NOON - timedelta(hours=2)
    assert planning.may_go_at(Kind.CAN_WAIT, now=NOON, zone=ZONE, told_at=before) == MORNING
    assert planning.may_go_at(Kind.NEWS, now=NOON, zone=ZONE, told_at=before) == NOON
    yesterday = NOON - timedelta(days=1)
    assert planning.may_go_at(Kind.CAN_WAIT, now=NOON, zone=ZONE, told_at=yesterday) == NOON


@given(st.lists(st.integers(0, 60 * 24 * 7), min_size=1, max_size=40))
@settings(max_examples=100)
def test_nobody_gets_two_messages_that_can_wait_in_one_day(minutes: list[int]) -> None:
    told: list[datetime] = []
    due = sorted(NOON + timedelta(minutes=each) for each in minutes)
    while due:
        now = due.pop(0)
        at = planning.may_go_at(
            Kind.CAN_WAIT, now=now, zone=ZONE, told_at=told[-1] if told else None
        )
        if at > now:
            due = sorted([*due, at])
            continue
        told.append(now)
        due = [each for each in due if each > now]  # whatever is due goes with it
    days = Counter(each.astimezone(ZONE).date() for each in told)
    assert max(days.values()) == 1
    assert all(7 <= each.astimezone(ZONE).hour < 21 for each in told)


def test_the_last_messages_of_a_window_are_kept_for_what_matters_more() -> None:
    fitting = {left: {kind for kind in Kind if planning.fits(kind, left)} for left in range(6)}
    assert fitting[0] == set()
    assert fitting[1] == {Kind.ANSWER, Kind.URGENT}
    assert fitting[2] == fitting[1] | {Kind.REMINDER}
    assert fitting[3] == fitting[2] | {Kind.NEWS}
    assert fitting[4] == set(Kind)
    assert all(planning.fits(kind, None) for kind in Kind)


def test_what_can_wait_is_told_together_and_where_messages_are_scarce_news_too() -> None:
    assert planning.goes_with(Kind.CAN_WAIT, Kind.CAN_WAIT, is_scarce=False)
    assert not planning.goes_with(Kind.NEWS, Kind.NEWS, is_scarce=False)
    assert planning.goes_with(Kind.NEWS, Kind.CAN_WAIT, is_scarce=True)
    assert not planning.goes_with(Kind.ANSWER, Kind.NEWS, is_scarce=True)


def test_every_kind_has_its_ways_where_a_platform_is_closed() -> None:
    assert set(budget.WAYS) == set(Kind)
    assert budget.WAYS[Kind.CAN_WAIT] == ()
