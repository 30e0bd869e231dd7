"""What Rasa may answer, on a small real server: anything but replies in time is silence."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from actions.conversations import Choice
from actions.told import Told
from actions.wording import Said
from bot.assistant import AssistantSilent, RasaAssistant


@dataclass
class Server:
    """Answers every request with these bytes, or not at all."""

    answer: bytes = b""
    drip: float = 0.0  # seconds between two bytes
    calls: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        self.calls.append(await reader.readexactly(length))
        try:
            for byte in range(len(self.answer) if self.drip else 0):
                writer.write(self.answer[byte : byte + 1])
                await writer.drain()
                await asyncio.sleep(self.drip)
            if not self.drip:
                writer.write(self.answer)
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()


def http(body: object, status: str = "200 OK") -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    yield made
    listening.close()
    await listening.wait_closed()


@pytest.fixture
async def rasa(server: Server) -> AsyncIterator[RasaAssistant]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield RasaAssistant(f"http://127.0.0.1:{server.port}", client)


async def ask(rasa: RasaAssistant, within: float = 5) -> list[Said]:
    return await rasa.reply(tracker_id="abc-0", turn_id="t1", text="你好", within=within)


async def test_replies_are_read_with_their_choices(server: Server, rasa: RasaAssistant) -> None:
    button = {"title": "是", "payload": '/choose{"choice": "yes"}'}
    server.answer = http([{"text": "好吗？", "buttons": [button]}, {"text": "再见"}])
    assert await ask(rasa) == [Said("好吗？", (Choice("是", "choose", "yes"),)), Said("再见")]


async def test_rasa_is_told_the_tracker_and_the_turn(
    server: Server, rasa: RasaAssistant
) -> None:
    server.answer = http([{"text": "好"}])
    await ask(rasa)
    expected = {"sender": "abc-0", "message": "你好", "metadata": {"turn_id": "t1"}}
    assert json.loads(server.calls[0]) == expected


@pytest.mark.parametrize(
    "answer",
    [
        http([]),
        http([{"custom": {"x": 1}}]),
        http([{"text": ""}]),
        http({"error": "not a list"}),
        http("words"),
        http(None),
        http(["words"]),
        http([{"text": "好", "buttons": [{"title": "是"}]}]),
        http([{"text": "好", "buttons": [{"title": "是", "payload": "/choose{x"}]}]),
        http([{"text": "好", "buttons": 7}]),
        http(b"\xff\xfe garbage"),
        http(b""),
        http([{"text": "a trace"}], "500 Internal Server Error"),
        http([{"text": "busy"}], "503 Service Unavailable"),
        http(b"<html>", "302 Found"),
        b"not HTTP at all",
        http([{"text": "cut"}])[:-4],
        b"",
    ],
)
async def test_everything_that_is_no_reply_is_silence(
    server: Server, rasa: RasaAssistant, answer: bytes
) -> None:
    server.answer = answer
    with pytest.raises(AssistantSilent) as silent:
        await ask(rasa)
    assert "你好" not in str(silent.value)


async def test_nobody_listening_is_silence(server: Server) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(AssistantSilent):
            await ask(RasaAssistant("http://127.0.0.1:9", client))


async def test_an_answer_that_comes_byte_by_byte_does_not_stretch_the_time(
    server: Server, rasa: RasaAssistant
) -> None:
    """Every byte is in time, the whole answer never would be."""
    server.answer, server.drip = http([{"text": "好"}]), 0.05
    with pytest.raises(AssistantSilent):
        await ask(rasa, within=0.3)


CARD = {"kind": "article", "id": "ed-card", "version": "0" * 16, "chosen": False, "likely": []}


async def test_the_mark_of_what_was_told_is_no_message_of_its_own(
    server: Server, rasa: RasaAssistant
) -> None:
    """As Rasa sends them: the mark follows its reply (tests/nlu/test_marks.py)."""
    server.answer = http(
        [
            {"text": "第一段"},
            {"text": "第二段"},
            {"recipient_id": "t", "custom": {"told": CARD}},
            {"text": "还有"},
        ]
    )
    said = await rasa.reply(tracker_id="t", turn_id="x", text="借书证", within=2)
    assert [one.text for one in said] == ["第一段", "第二段", "还有"]
    assert [one.told for one in said] == [None, Told("article", "ed-card", "0" * 16), None]


@pytest.mark.parametrize("custom", [{"told": {"id": "x"}}, {"told": 1}, {"told": "x"}, [1]])
async def test_a_mark_that_cannot_be_read_is_silence(
    server: Server, rasa: RasaAssistant, custom: object
) -> None:
    server.answer = http([{"text": "一"}, {"custom": custom}])
    with pytest.raises(AssistantSilent):
        await rasa.reply(tracker_id="t", turn_id="x", text="借书证", within=2)


async def test_what_is_custom_but_no_mark_is_left_alone(
    server: Server, rasa: RasaAssistant
) -> None:
    server.answer = http([{"custom": {"told": CARD}}, {"text": "一"}, {"custom": {}}])
    said = await rasa.reply(tracker_id="t", turn_id="x", text="借书证", within=2)
    assert said == [Said("一")]
