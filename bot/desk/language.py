"""In which language somebody reads the desk: Chinese, English, or both at once."""

from starlette.responses import Response

from actions.errors import Refusal
from bot.desk.labels import LANGUAGES
from bot.desk.visit import Visit, go


def choose(visit: Visit) -> Response:
    """Note how who is signed in reads the desk, on whatever machine.

    Raises:
        Refusal: the desk has no such language.
    """
    language = visit.sent.get("language")
    if language not in LANGUAGES:
        raise Refusal("utter_desk_not_like_that")
    visit.staff.language = language or None
    visit.db.flush()
    return go("/")
