"""Services: the pack's public categories, and what is asked about each of them."""

from collections.abc import Sequence
from typing import Any, Protocol

from actions.governance import public
from actions.governance.service import team_name
from actions.wording import Bilingual, Wording
from bot.open311.errors import Wrong
from knowledge.pack import Category, Pack

SHOWN = 40  # characters of what a client sent that an error repeats


class Question(Protocol):
    """Something asked about every problem of a category."""

    @property
    def id(self) -> str: ...

    @property
    def ask(self) -> Bilingual: ...

    @property
    def required(self) -> bool: ...


def questions_of(category: Category) -> Sequence[Question]:
    """Return what is asked about problems of a category, in order."""
    return tuple(getattr(category, "questions", ()))


def service_of(pack: Pack, code: str) -> Category:
    """Return the category that is offered under a code.

    Raises:
        Wrong: 404, there is none; 400, it is confidential and a partner could not follow it.
    """
    found = public.categories(pack).get(code)
    if found is None and code in pack.categories:
        raise Wrong(400, "utter_open311_confidential")
    if found is None:
        raise Wrong(404, "utter_open311_no_service", code=code[:SHOWN])
    return found


def services(pack: Pack, wording: Wording, language: str) -> list[dict[str, Any]]:
    """Return what may be reported here, in the pack's order."""
    return [
        {
            "service_code": category.service_code,
            "service_name": category.name.in_(language),
            "description": _about(pack, wording, category, language),
            "metadata": bool(questions_of(category)),
            "type": "realtime",
            "keywords": ", ".join(category.keywords),
            "group": category.group,
        }
        for category in public.categories(pack).values()
    ]


def definition(category: Category, language: str) -> dict[str, Any]:
    """Return what is asked about problems of a category."""
    return {
        "service_code": category.service_code,
        "attributes": [
            {
                "variable": True,
                "code": question.id,
                "datatype": "text",
                "required": question.required,
                "datatype_description": None,
                "order": order,
                "description": question.ask.zh if language == "zh" else question.ask.en,
            }
            for order, question in enumerate(questions_of(category), start=1)
        ],
    }


def _about(pack: Pack, wording: Wording, category: Category, language: str) -> str:
    return wording.render(
        f"utter_open311_service_{category.promise.clock}",
        language=language,
        values={
            "category": category.name,
            "team": team_name(pack, category),
            "hours": category.promise.hours,
        },
    ).text
