"""How Rasa passes on the mark of what a reply told: as a message after the reply."""

import asyncio
from typing import Any

import pytest
from rasa.core.actions.action import RemoteAction
from rasa.core.channels.channel import CollectingOutputChannel

TOLD = {"told": {"kind": "article", "id": "ed-card", "version": "0" * 16}}


def sent(loop: asyncio.AbstractEventLoop, **response: Any) -> list[dict[str, Any]]:
    """What Rasa's REST channel makes of one response of our action server."""
    said = {"template": None, "response": None, "elements": [], "image": None} | response

    async def through_rasa() -> list[dict[str, Any]]:
        channel = CollectingOutputChannel()
        for event in await RemoteAction._utter_responses([said], channel, None, None):
            await channel.send_response("t", event.message())
        return channel.messages

    return loop.run_until_complete(through_rasa())


@pytest.fixture
def loop() -> Any:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def test_the_mark_comes_after_its_reply(loop: asyncio.AbstractEventLoop) -> None:
    messages = sent(loop, text="要身份证。", buttons=[], custom=TOLD)
    assert [message.get("text") for message in messages] == ["要身份证。", None]
    assert messages[-1]["custom"] == TOLD


def test_the_mark_comes_after_every_paragraph(loop: asyncio.AbstractEventLoop) -> None:
    messages = sent(loop, text="一\n\n二", buttons=[], custom=TOLD)
    assert [message.get("text") for message in messages] == ["一", "二", None]


def test_the_mark_comes_after_a_reply_with_buttons(loop: asyncio.AbstractEventLoop) -> None:
    buttons = [{"title": "是", "payload": "/choose"}]
    messages = sent(loop, text="哪一个？", buttons=buttons, custom=TOLD)
    assert messages[0]["buttons"] == buttons
    assert messages[1:] == [{"recipient_id": "t", "custom": TOLD}]


def test_without_a_mark_nothing_follows(loop: asyncio.AbstractEventLoop) -> None:
    assert len(sent(loop, text="您好", buttons=[], custom={})) == 1
