"""What a client asked that cannot be done, the way the specification tells it."""

from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from actions.errors import Refusal
from actions.wording import Wording
from bot.problems import Problem

RETRY_SECONDS = 5  # when it is our own fault


class Wrong(Exception):
    """A request we do not take: its status, and the response that says why."""

    def __init__(self, status: int, response: str, retry_after: int = 0, **values: Any) -> None:
        super().__init__(response)
        self.status, self.response = status, response
        self.retry_after, self.values = retry_after, values


def wrong_of(found: Exception) -> Wrong:
    """Return what is told of anything that went wrong; of what is not known, nothing."""
    match found:
        case Wrong():
            return found
        case Problem():
            told = f"utter_problem_{found.code}"
            return Wrong(found.status, told, found.retry_after, **found.values)
        case Refusal():
            return Wrong(400, found.response, **found.details)
        case RequestValidationError():  # only the form can be
            return Wrong(404, "utter_problem_unknown")
        case HTTPException():
            known = found.status_code == 404
            told = "utter_problem_unknown" if known else "utter_problem_refused"
            return Wrong(found.status_code, told)
        case _:
            return Wrong(503, "utter_problem_store_down", RETRY_SECONDS)


def described(wrong: Wrong, wording: Wording, language: str) -> list[dict[str, Any]]:
    """Return the specification's list of errors, here always one."""
    said = wording.render(wrong.response, language=language, values=wrong.values)
    return [{"code": wrong.status, "description": said.text}]
