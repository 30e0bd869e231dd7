"""The messages held back, and how the bench counts what was understood of them."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.perturb import BENDS
from bench.said import ANSWERS, READERS
from bench.understanding import KINDS, Held, Read, bent, cost, fits, intents, read, slots
from knowledge.pack import Pack, load_pack
from knowledge.text import normalise

# Slots whose values are ids of the pack, and where they are.
IDS = {
    "activity": "activities",
    "facility": "facilities",
    "place": "places",
    "category": "categories",
    "topic": "news_topics",
    "area": "areas",
}
HELD = {kind: read(kind, file) for kind, file in KINDS.items()}
EVERYTHING = [one for kind in HELD.values() for one in kind]


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


@pytest.fixture(scope="module")
def trained() -> dict[str, set[str]]:
    """The training examples of each intent."""
    found: dict[str, set[str]] = {}
    for file in Path("nlu/training").glob("*.yml"):
        for block in yaml.safe_load(file.read_text("utf-8")).get("nlu") or ():
            lines = str(block["examples"]).splitlines()
            found.setdefault(block["intent"], set()).update(
                normalise(line[2:]) for line in lines
            )
    return found


def a(intent: str, found: str, *read_slots: tuple[str, str], **wanted: str) -> Read:
    """A message of this intent that was read as another, or the same."""
    held = Held(
        "slots" if wanted or read_slots else "sentence", "x", (intent,), (*wanted.items(),)
    )
    return Read(held, found, 0.9, read_slots)


def test_enough_messages_of_each_kind_are_held_back() -> None:
    assert len(HELD["sentence"]) >= 1500
    assert len(HELD["slots"]) >= 400
    assert len(HELD["story"]) >= 40


def test_every_intent_is_held_back_at_least_twenty_times(trained: dict[str, set[str]]) -> None:
    counted = Counter(one.intents[0] for one in HELD["sentence"])
    assert {intent: counted[intent] for intent in trained if counted[intent] < 20} == {}


def test_every_message_has_intents_there_are(trained: dict[str, set[str]]) -> None:
    assert {intent for one in EVERYTHING for intent in one.intents} <= set(trained)


def test_no_message_is_held_back_twice() -> None:
    said = Counter((one.text, one.asking) for one in EVERYTHING if one.kind != "short")
    assert [text for text, times in said.items() if times > 1] == []


@pytest.mark.parametrize("kind", ["sentence", "story"])
def test_no_message_is_trained_on(kind: str, trained: dict[str, set[str]]) -> None:
    examples = set().union(*trained.values())
    assert [one.text for one in HELD[kind] if normalise(one.text) in examples] == []


def test_no_message_with_slots_is_trained_on(trained: dict[str, set[str]]) -> None:
    examples = set().union(*trained.values())
    whole = [one for one in HELD["slots"] if not one.asking]  # an answer is a word or two
    assert [one.text for one in whole if normalise(one.text) in examples] == []


def test_short_messages_are_short_and_stories_are_long() -> None:
    assert max(len(one.text) for one in HELD["short"]) <= 3
    assert all(150 <= len(one.text) <= 500 for one in HELD["story"])


@pytest.mark.parametrize("slot", IDS)
def test_the_values_of_slots_are_ids_of_the_pack(slot: str, pack: Pack) -> None:
    known = set(getattr(pack, IDS[slot]))
    values = [value for one in HELD["slots"] for name, value in one.slots if name == slot]
    assert values
    assert {each for value in values for each in value.split("|")} <= known


def test_what_has_slots_has_a_reader_and_what_is_asked_an_answer() -> None:
    unread = [one for one in HELD["slots"] if one.slots and one.intents[0] not in READERS]
    assert {name for one in unread for name, _ in one.slots} <= {"choice"}
    asked = {one.asking.split(".")[1] for one in HELD["slots"] if one.asking}
    assert asked <= set(ANSWERS)


@pytest.mark.parametrize("bend", BENDS)
def test_every_bend_changes_some_messages(bend: str) -> None:
    assert bent(EVERYTHING, BENDS[bend])


@pytest.mark.parametrize(
    ("found", "wanted", "fit"),
    [
        ("a", "a", True),
        ("a", "a|b", True),
        ("a|b", "a|b|c", True),
        ("a|b", "a", False),
        ("b", "a", False),
    ],
)
def test_a_slot_fits_where_it_means_nothing_else(found: str, wanted: str, fit: bool) -> None:
    assert fits(("line", found), ("line", wanted)) == fit
    assert not fits(("stop", found), ("line", wanted))


def test_questions_of_one_action_are_right_and_what_is_rejected_is_out_of_scope() -> None:
    known, strange = a("ask_knowledge", "out_of_scope"), a("out_of_scope", "nlu_fallback")
    assert (known.right, known.exact) == (True, False)
    assert (strange.right, strange.exact) == (True, True)
    assert not a("book_activity", "nlu_fallback").right


def test_any_of_a_messages_intents_is_right() -> None:
    held = Held("short", "帮忙", ("request_help", "offer_help"))
    assert Read(held, "offer_help", 0.9).right


def test_an_answer_to_a_form_has_no_intent_to_be_counted() -> None:
    answer = Read(Held("slots", "四个人", ("book_activity",), asking="f.s"), "affirm", 0.9)
    assert intents([answer, a("greet", "greet")])["messages"] == 1


def test_f1_counts_what_is_missed_and_what_is_too_many() -> None:
    one = a(
        "ask_hours", "ask_hours", ("facility", "gym"), ("date", "x"), facility="gym", time="9"
    )
    counted = slots([one])
    assert (counted["wanted"], counted["found"], counted["right"]) == (2, 2, 1)
    assert counted["f1"] == 0.5
    assert counted["by_slot"]["time"]["recall"] == 0
    assert counted["by_slot"]["date"]["precision"] == 0


def test_two_slots_of_one_name_need_two_values() -> None:
    held = Held("slots", "x", ("ask_departure",), (("line", "r1"), ("line", "r2")))
    once = Read(held, "ask_departure", 0.9, (("line", "r1"),))
    assert len(once.matched) == 1
    assert not once.whole


def test_a_message_whose_intent_is_misread_says_nothing_as_it_is_read() -> None:
    misread = a("ask_hours", "greet", ("facility", "gym"), facility="gym")
    assert slots([misread])["f1"] == 1
    assert slots([misread], as_read=True)["f1"] == 0


def test_a_bend_costs_the_points_that_are_lost_on_what_it_changes() -> None:
    right, wrong = a("greet", "greet"), a("greet", "thank")
    told: dict[str, Any] = cost(
        [(right, wrong), (right, right), (wrong, wrong), (wrong, right)]
    )
    assert told["points"] == 0
    assert cost([(right, wrong), (right, right)])["points"] == 50


def test_a_line_without_a_tab_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.tsv").write_text("# a remark\n\n你好\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="line 3"):
        read("sentence", tmp_path / "f.tsv")


def test_a_slot_without_a_value_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.tsv").write_text("你好\tgreet\twho\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="who"):
        read("slots", tmp_path / "f.tsv")
