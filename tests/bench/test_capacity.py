"""The arithmetic from what a message costs to what a place needs."""

from typing import Any

import pytest

from bench.capacity import BUSY, Spent, needs, of_the_mix, tables
from bench.drills.soak import PROCESSES
from bench.everyday import KINDS, ON_TELEGRAM
from bench.peak import SURGE, Place

COST: dict[str, Any] = {"cpu_ms": dict.fromkeys(PROCESSES, 10.0), "bytes": 2000, "commits": 8.0}
FOUND: dict[str, Any] = {
    "idle_cpu_ms_a_second": dict.fromkeys(PROCESSES, 5.0),
    "open_page_cpu_ms_a_second": {**dict.fromkeys(PROCESSES, 0.0), "bot": 2.0},
    "by_kind": {name: {**COST, "messages_a_talk": 2.0} for name in KINDS},
    "on_telegram": COST,
    "memory_mb": dict.fromkeys(PROCESSES, 512),
}
# Its peak is one message a second.
VILLAGE = Place("a village", people=36_000, a_day=1.0, busiest_hour=0.1)


def test_what_was_spent_is_the_difference_of_two_readings() -> None:
    spent = Spent({"bot": 9.0}, 500, 30).since(Spent({"bot": 7.5}, 200, 10))
    assert spent == Spent({"bot": 1.5}, 300, 20)


def test_in_the_mix_a_kind_counts_by_its_talks_and_their_messages() -> None:
    assert of_the_mix(FOUND)["bytes"] == 2000
    booking = {**COST, "messages_a_talk": 8.0, "bytes": 6000}
    mix = of_the_mix({**FOUND, "by_kind": {**FOUND["by_kind"], "booking": booking}})
    share = KINDS["booking"].share
    of_bookings = 8 * share / (8 * share + 2 * (1 - share))
    assert mix["bytes"] == pytest.approx(2000 + 4000 * of_bookings * (1 - ON_TELEGRAM), abs=1)
    assert mix["messages_a_talk"] == pytest.approx(8 * share + 2 * (1 - share))


def test_a_place_needs_cores_memory_and_room_for_its_surge() -> None:
    found = {**FOUND, "mix": of_the_mix(FOUND)}
    assert VILLAGE.peak == pytest.approx(1)
    need = needs(VILLAGE, found)
    assert need[f"… and in a surge, {SURGE} times as many"] == SURGE
    pages = SURGE * (1 - ON_TELEGRAM) / 2 * 180
    assert need["pages open then"] == pages == 360
    # 4 × 10 ms × 5 a second are a fifth of one, and 360 pages at 2 ms are .72.
    assert need["cores, with the store's"] == 2
    assert need["processes: bot"] == 2
    assert need["memory of the processes, GB"] == 2.5
    assert need["commits a second in the store"] == 8 * SURGE
    assert need["GB in the store after a year"] == round(36_000 * 365 * 2000 / 1e9)


def test_no_process_is_busier_than_answers_allow() -> None:
    cpu = {**dict.fromkeys(PROCESSES, 10.0), "rasa": 1000 * 2.1 * BUSY / SURGE}
    busy = {**COST, "cpu_ms": cpu, "messages_a_talk": 2.0}
    kinds = {name: busy for name in KINDS}
    mix = of_the_mix({**FOUND, "by_kind": kinds, "on_telegram": busy})
    need = needs(VILLAGE, {**FOUND, "mix": mix})
    assert (need["processes: rasa"], need["processes: actions"]) == (3, 1)


def test_the_tables_have_a_line_for_each_kind_and_each_need() -> None:
    found = {**FOUND, "mix": of_the_mix(FOUND)}
    found["places"] = {"a village": needs(VILLAGE, found)}
    told = tables(found)
    for kind in KINDS:
        assert f"| {kind} | 10.0 | 10.0 | 10.0 | 10.0 | 40.0 | 2,000 | 8.0 |" in told
    assert "| people | 36,000 |" in told
    assert "| nobody (ms a second) | 5.0 |" in told
    assert "| an open page (ms a second) | 2.0 | 0.0 | 0.0 | 0.0 | 2.0 |" in told
    assert "| one bears (messages a second) | 60 |" in told


def test_a_store_that_counts_no_commits_is_not_said_to_make_none() -> None:
    cost = {name: value for name, value in COST.items() if name != "commits"}
    kinds = {name: {**cost, "messages_a_talk": 2.0} for name in KINDS}
    found = {**FOUND, "by_kind": kinds, "on_telegram": cost}
    found["mix"] = of_the_mix(found)
    found["places"] = {"a village": needs(VILLAGE, found)}
    assert "| 40.0 | 2,000 |  |" in tables(found)
    assert "commits a second" not in tables(found)
