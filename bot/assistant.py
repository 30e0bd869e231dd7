"""Asks the assistant (Rasa) for its reply to one turn."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import httpx

from actions import told, tracing
from actions.conversations import Choice
from actions.intents import QUESTIONS
from actions.wording import Said, read_payload
from bot import metrics

T = TypeVar("T")

NO_TURN = "none"  # the turn of a word to Rasa itself, which answers no message


class AssistantSilent(Exception):
    """No reply, an empty one, or none in time: the turn has to be given up."""


class AssistantAway(AssistantSilent):
    """It could not be reached and has heard nothing: another may be asked."""


class Assistant(Protocol):
    """Understands a message and answers it."""

    async def reply(
        self, *, seat: str, tracker_id: str, turn_id: str, text: str, within: float
    ) -> list[Said]:
        """Return what to say, never empty; `seat` is the one of several that knows the tracker.

        Raises:
            AssistantAway: it could not be asked.
            AssistantSilent: there is no answer within so many seconds.
        """


@dataclass(frozen=True)
class Meant:
    """What a text may mean by itself, likeliest first, and the ids of what it names."""

    ranking: tuple[tuple[str, float], ...]
    names: frozenset[str] = frozenset()

    @property
    def intent(self) -> str:
        """The likeliest intent."""
        return self.ranking[0][0]

    @property
    def confidence(self) -> float:
        """How sure the intent is; of a question, how surely it is a question at all."""
        if self.intent not in QUESTIONS:
            return self.ranking[0][1]
        return sum(chance for intent, chance in self.ranking if intent in QUESTIONS)


class Reader(Protocol):
    """Understands texts without answering them."""

    async def read(self, texts: Sequence[str], *, within: float) -> list[Meant]:
        """Return what each text means.

        Raises:
            AssistantAway: it could not be asked.
            AssistantSilent: it is not known within so many seconds.
        """


class RasaAssistant:
    """Rasa's REST channel and our own for reading, on loopback: one process."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._root, self._client = f"{url}/", client
        self._url, self._reading = f"{url}/webhooks/rest/webhook", f"{url}/webhooks/reading/"

    async def is_there(self) -> bool:
        """Whether it answers at all."""
        try:
            return (await self._client.get(self._root, timeout=2)).is_success
        except httpx.HTTPError:
            return False

    async def reply(
        self, *, seat: str = "", tracker_id: str, turn_id: str, text: str, within: float
    ) -> list[Said]:
        body = {"sender": tracker_id, "message": text, "metadata": {"turn_id": turn_id}}
        with _measured("reply", turn_id):
            said = await self._ask(self._url, body, _read_all, within)
            if not said:
                raise AssistantSilent("no message")
        return said

    async def read(self, texts: Sequence[str], *, within: float) -> list[Meant]:
        with _measured("read"):
            meant = await self._ask(self._reading, {"texts": list(texts)}, _meant, within)
            if len(meant) != len(texts):
                raise AssistantSilent("not every text was read")
        return meant

    async def _ask(
        self, url: str, body: object, understand: Callable[[Any], list[T]], within: float
    ) -> list[T]:
        try:
            async with asyncio.timeout(within):  # httpx would begin anew with every byte
                answer = await self._client.post(url, json=body, timeout=within)
            answer.raise_for_status()
            return understand(answer.json())
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise AssistantAway(type(error).__name__) from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise AssistantSilent(type(error).__name__) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise AssistantSilent(f"unreadable: {type(error).__name__}") from None


@contextmanager
def _measured(call: str, turn_id: str = "") -> Iterator[None]:
    """Count a call of Rasa, and how long it takes; trace it in its turn."""
    counted = metrics.AT_RASA.track_inprogress(), metrics.RASA.labels(call).time()
    with counted[0], counted[1], tracing.rasa(call, turn_id):
        try:
            yield
        except AssistantSilent:
            metrics.RASA_SILENT.labels(call).inc()
            raise


def _meant(texts: Iterable[dict[str, Any]]) -> list[Meant]:
    return [
        Meant(
            tuple((str(intent), float(chance)) for intent, chance in one["ranking"]),
            frozenset(map(str, one["names"])),
        )
        for one in texts
    ]


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
