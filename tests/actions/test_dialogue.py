"""What an action knows of its message: how sure Rasa is, of a question as of a deed."""

import pytest

from actions import dialogue


def read(*ranking: tuple[str, float]) -> float:
    """The confidence of a message whose intents Rasa ranked so."""
    listed = [{"name": name, "confidence": chance} for name, chance in ranking]
    return dialogue._confidence({"intent": listed[0], "intent_ranking": listed})


def test_that_it_is_a_question_is_as_sure_as_all_kinds_of_questions_together() -> None:
    ranking = (("ask_hours", 0.5), ("ask_knowledge", 0.3), ("report_problem", 0.2))
    assert read(*ranking) == pytest.approx(0.8)


def test_a_deed_is_as_sure_as_it_is_alone() -> None:
    ranking = (("report_problem", 0.5), ("ask_knowledge", 0.3), ("request_help", 0.2))
    assert read(*ranking) == 0.5


def test_a_message_without_a_ranking_is_as_sure_as_its_intent() -> None:
    assert dialogue._confidence({"intent": {"name": "ask_hours", "confidence": 0.7}}) == 0.7
    assert dialogue._confidence({}) == 0.0
