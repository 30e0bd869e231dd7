"""Services: the pack's public categories, and what is asked about each of them."""

from typing import Any

from actions.governance import public
from actions.governance.service import team_name
from actions.wording import Wording
from bot.open311.errors import Wrong
from knowledge.pack import Category, Pack

SHOWN = 40  # characters of what a client sent that an error repeats


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
            "metadata": bool(category.questions),
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
                "description": question.ask.in_(language),
            }
            for order, question in enumerate(category.questions, start=1)
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
