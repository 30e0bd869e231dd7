"""What a category wants to know of a report: only what was not said, and all may be skipped."""

from collections.abc import Mapping
from typing import Any

from actions.conversations import Choice
from actions.dialogue import Ground, Turn
from actions.governance import categories, draft
from knowledge.pack import CategoryQuestion, QuestionChoice
from knowledge.text import normalise

ANSWERS = "problem_answers"  # answers so far, by the question's id; never asked for itself
SKIP = "skip"
LONGEST = 200  # characters of an answer that are kept


def open_questions(ground: Ground, slots: Mapping[str, Any]) -> list[CategoryQuestion]:
    """Return the category's questions that neither the report nor an answer has settled."""
    said, answered = normalise(draft.what_of(slots)), slots.get(ANSWERS) or {}
    return [
        question
        for question in draft.category_of(ground, slots).questions
        if question.id not in answered
        and not any(categories.uses(said, word) for word in question.said)
    ]


def ask(turn: Turn) -> None:
    """Put the next question."""
    question = open_questions(turn.ground, turn.slots)[0]
    choices = [
        Choice(choice.in_(turn.language), "choose", str(n))
        for n, choice in enumerate(question.choices)
    ]
    turn.say("utter_ask_problem_details", choices=choices, question=question.ask)


def read(turn: Turn) -> dict[str, str] | None:
    """Take an answer; one that tells of an emergency gets its number at once."""
    question = next(iter(open_questions(turn.ground, turn.slots)), None)
    if question is None:  # an edition that no longer asks came in between
        return {}
    choice = turn.choice
    if choice == SKIP:
        return {question.id: ""}
    if choice is not None:
        if not (choice.isdigit() and int(choice) < len(question.choices)):
            return None
        chosen = question.choices[int(choice)]
        _warn(turn, chosen)
        return {question.id: chosen.in_(turn.language)}
    text = turn.text.strip()
    answers = text and not turn.interrupts
    return {question.id: text[:LONGEST]} if answers else None


def answered(ground: Ground, slots: Mapping[str, Any], language: str) -> str:
    """Return the questions that were answered, each with its answer, in lines."""
    answers = slots.get(ANSWERS) or {}
    return "\n".join(
        f"{question.ask.in_(language)} {answers[question.id]}"
        for question in draft.category_of(ground, slots).questions
        if answers.get(question.id)
    )


def _warn(turn: Turn, chosen: QuestionChoice) -> None:
    kinds = {kind.id: kind for kind in turn.pack.never_request}
    if chosen.emergency in kinds:
        kind = kinds[chosen.emergency]
        turn.say("utter_emergency", number=kind.number, advice=kind.first_sentence)
