"""The domain and the training data of all topics, taken together."""

import re
from collections import Counter
from typing import Any

import pytest

from nlu.components.text import fold
from tests.nlu.written import HELD_OUT, domain, examples, held_out, rules

FEWEST_CHINESE, FEWEST_ENGLISH = 40, 15  # examples an intent must have at least
WRITTEN_BY_THE_CLASSIFIER = {"nlu_fallback"}

INTENTS = [intent for intent in domain()["intents"] if intent not in WRITTEN_BY_THE_CLASSIFIER]
FORMS = domain()["forms"]


def chinese(sentence: str) -> bool:
    return re.search("[一-鿿]", sentence) is not None


def intents_of(rule: dict[str, Any]) -> set[str]:
    steps = [one for step in rule["steps"] for one in step.get("or", [step])]
    return {one["intent"] for one in steps if "intent" in one}


def led_to(rule: dict[str, Any]) -> list[Any]:
    return [step.get("action") for step in rule["steps"]]


@pytest.mark.parametrize("intent", INTENTS)
def test_an_intent_has_enough_examples_in_both_languages(intent: str) -> None:
    said = examples().get(intent, [])
    in_chinese = [sentence for sentence in said if chinese(sentence)]
    assert len(in_chinese) >= FEWEST_CHINESE
    assert len(said) - len(in_chinese) >= FEWEST_ENGLISH


def test_examples_are_of_intents_the_domain_has() -> None:
    assert set(examples()) <= set(INTENTS)


def test_no_sentence_is_an_example_twice() -> None:
    said = Counter(fold(s).strip() for sentences in examples().values() for s in sentences)
    assert [sentence for sentence, times in said.items() if times > 1] == []


def test_no_held_out_sentence_is_trained_on() -> None:
    trained = {fold(s).strip() for sentences in examples().values() for s in sentences}
    assert {text for text, _ in held_out()} & trained == set()
    assert {text for text, _ in held_out() if fold(text).strip() in trained} == set()


def test_every_intent_is_held_out_in_both_languages() -> None:
    assert HELD_OUT.is_file()
    zh = Counter(intent for text, intent in held_out() if chinese(text))
    en = Counter(intent for text, intent in held_out() if not chinese(text))
    assert {intent: zh[intent] for intent in INTENTS if zh[intent] < 10} == {}
    assert {intent: en[intent] for intent in INTENTS if en[intent] < 5} == {}


def test_every_intent_starts_a_rule() -> None:
    started = {i for rule in rules() if not rule.get("condition") for i in intents_of(rule)}
    assert set(INTENTS) | WRITTEN_BY_THE_CLASSIFIER <= started


@pytest.mark.parametrize("form", FORMS)
def test_a_form_has_the_actions_its_name_says(form: str) -> None:
    needed = {f"validate_{form}"}
    needed |= {f"action_ask_{form}_{slot}" for slot in FORMS[form]["required_slots"]}
    assert needed <= set(domain()["actions"])


@pytest.mark.parametrize("form", FORMS)
def test_a_form_has_rules_to_start_to_end_and_to_be_called_off(form: str) -> None:
    started = [r for r in rules() if form in led_to(r) and not r.get("condition")]
    inside = [r for r in rules() if {"active_loop": form} in (r.get("condition") or [])]
    ended = [r for r in inside if led_to(r)[0] == form]
    left = {intent for r in inside for intent in intents_of(r)}
    assert started
    assert ended
    assert {"cancel", "ask_person"} <= left


@pytest.mark.parametrize("form", FORMS)
def test_slots_of_a_form_are_filled_by_our_code_alone(form: str) -> None:
    for slot in FORMS[form]["required_slots"]:
        assert domain()["slots"][slot]["mappings"] == [{"type": "custom"}]
        assert domain()["slots"][slot]["influence_conversation"] is False


def test_every_action_is_one_the_code_may_register() -> None:
    listed = domain()["actions"]
    assert len(listed) == len(set(listed))
    assert all(re.fullmatch("(action|validate)_[a-z_]+", name) for name in listed)
