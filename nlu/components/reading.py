"""Lets the gateway ask what texts mean, without a turn: nothing is answered or remembered.

`POST /webhooks/reading/` with `{"texts": [...]}` returns, for each text in order, the intents
it may have, likeliest first, with how sure each is, and the ids of what it names.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

MOST = 16  # texts of one message


class ReadingInput(InputChannel):
    """A channel on which nobody speaks."""

    @classmethod
    def name(cls) -> str:
        return "reading"

    def blueprint(self, _on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the one route."""
        reading = Blueprint("reading", "reading")

        @reading.post("/")
        async def read(request: Request) -> HTTPResponse:
            agent = request.app.ctx.agent
            texts = [str(text) for text in request.json["texts"][:MOST]]
            return response.json([meant(await agent.parse_message(text)) for text in texts])

        return reading


def meant(parsed: dict[str, Any]) -> dict[str, Any]:
    """Return what the gateway needs of what the pipeline found."""
    return {
        "ranking": [[one["name"], one["confidence"]] for one in parsed["intent_ranking"]],
        "names": [str(entity["value"]) for entity in parsed.get("entities", ())],
    }
