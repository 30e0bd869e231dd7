"""Asks the assistant (Rasa) for its reply to one turn."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

import httpx

from actions import told
from actions.conversations import Choice
from actions.wording import Said, read_payload


class AssistantSilent(Exception):
    """No reply, an empty one, or none in time: the turn has to be given up."""


class Assistant(Protocol):
    """Understands a message and answers it."""

    async def reply(
        self, *, tracker_id: str, turn_id: str, text: str, within: float
    ) -> list[Said]:
        """Return what to say, never empty.

        Raises:
            AssistantSilent: there is no answer within so many seconds.
        """


class RasaAssistant:
    """Rasa's REST channel, on loopback."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url, self._client = f"{url}/webhooks/rest/webhook", client

    async def reply(
        self, *, tracker_id: str, turn_id: str, text: str, within: float
    ) -> list[Said]:
        body = {"sender": tracker_id, "message": text, "metadata": {"turn_id": turn_id}}
        try:
            async with asyncio.timeout(within):  # httpx would begin anew with every byte
                answer = await self._client.post(self._url, json=body, timeout=within)
            answer.raise_for_status()
            said = _read_all(answer.json())
        except (httpx.HTTPError, TimeoutError) as error:
            raise AssistantSilent(type(error).__name__) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise AssistantSilent(f"unreadable: {type(error).__name__}") from None
        if not said:
            raise AssistantSilent("no message")
        return said


def _read_all(messages: Iterable[dict[str, Any]]) -> list[Said]:
    """Read the replies. Rasa sends the mark of what a reply told as a message after it."""
    said: list[Said] = []
    for message in messages:
        if message.get("text"):
            said.append(_read(message))
        elif said and (mark := (message.get("custom") or {}).get("told")):
            said[-1] = replace(said[-1], told=told.from_json(mark))
    return said


def _read(message: dict[str, Any]) -> Said:
    choices = []
    for button in message.get("buttons") or ():
        intent, value = read_payload(button["payload"])
        choices.append(Choice(label=button["title"], intent=intent, value=value))
    return Said(str(message["text"]), tuple(choices))
