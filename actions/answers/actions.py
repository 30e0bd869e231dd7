"""What Rasa may call for answers; the knowledge base is theirs alone."""

from rasa_sdk.interfaces import Action

from actions.answers.answer_hours import AnswerHours
from actions.answers.departures import AnswerDeparture, AskDepartureForm
from actions.answers.questions import AnswerQuestion, nearest_facility
from actions.dialogue import Ground
from knowledge.search import KnowledgeBase


def actions(ground: Ground, base: KnowledgeBase) -> list[Action]:
    """Make all actions that answer."""
    form, question = AskDepartureForm(ground), AnswerQuestion(ground, base)
    return [
        question,
        AnswerHours(ground, lambda turn: nearest_facility(turn, base), question.act),
        AnswerDeparture(ground, question.act),
        form,
        *form.questions(),
    ]
