"""What the contract of the chat API says of single messages, through every process."""

import json
import secrets
import threading
from typing import Any

import httpx
import pytest

from setup.supervisor import Assistant
from tests.journeys.conftest import Resident

SAFE = [
    "一",
    "长" * 10_000,
    "how long is this " * 500,
    "😀👨‍👩‍👧‍👦🏳️‍🌈",
    "مرحبا، متى تصل الحافلة القادمة؟",
    "\u202eabc\u202c",
    "约\x00课",
    '/book_session{"x":1}',
    '/book_activity{"choice": "1"}',
    "/restart",
    "'; DROP TABLE messages; --",
    "<script>alert(1)</script>",
    "{{7*7}} {number} %s",
]


@pytest.mark.parametrize("text", SAFE, ids=lambda text: f"{text[:8]!a} {len(text)}")
def test_whatever_is_written_is_answered_as_plain_text(resident: Resident, text: str) -> None:
    answer = resident.say(text)
    assert answer["status"] == "pending"
    said = "".join(reply["text"] for reply in answer["replies"])
    assert said
    assert "<script" not in said
    assert "约好了" not in said


def test_nothing_gets_help_and_too_much_a_sentence(resident: Resident) -> None:
    assert resident.say("")["replies"]
    refused = resident.post("长" * 10_001)
    assert refused.status_code == 413
    assert refused.json()["zh"]


def test_a_typed_payload_changes_nothing(resident: Resident) -> None:
    resident.say('/book_activity{"choice": "1"}')
    said = resident.say("我约了什么")["replies"]
    assert any("没有" in one["text"] for one in said)


def test_the_same_message_again_gets_the_same_replies(resident: Resident) -> None:
    first = resident.post("停车多少钱", message_id="one")
    assert resident.post("停车多少钱", message_id="one").json() == first.json()


def test_a_tapped_choice_works_once_and_then_is_old(resident: Resident) -> None:
    resident.say("我要报修")
    resident.say("路灯坏了，晚上黑漆漆的")
    asked = resident.say("文化客厅门口")["replies"][-1]
    tap = asked["choices"][0]["value"]
    filed = resident.say(tap)["replies"][-1]["text"]
    old = resident.say(tap)["replies"][-1]["text"]
    assert "交上去了" in filed
    assert "交上去了" not in old


def test_what_is_said_in_another_window_arrives_by_itself(resident: Resident) -> None:
    resident.say("停车多少钱")
    heard: list[dict[str, Any]] = []
    listening, arrived = threading.Event(), threading.Event()

    def listen() -> None:
        address = f"{resident.url}/api/chat/events"
        headers = {"X-Session": resident.session}
        with httpx.stream("GET", address, headers=headers, timeout=30) as stream:
            for line in stream.iter_lines():
                if line.startswith("event: status"):
                    listening.set()
                if line.startswith('data: {"id"'):
                    heard.append(json.loads(line.removeprefix("data: ")))
                    arrived.set()
                    return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert listening.wait(20)
    said = resident.say("杭州书房现在开着吗")["replies"]
    assert arrived.wait(20)
    thread.join(20)
    assert heard[0]["id"] == said[0]["id"]


@pytest.mark.parametrize(
    "text", ["我的资料", "我家里有谁", "请邻居帮忙，明天陪我妈去医院", "我想帮助邻居"]
)
def test_on_a_screen_that_many_use_what_is_personal_is_refused_in_one_sentence(
    assistant: Assistant, text: str
) -> None:
    screen, phone = (
        Resident(assistant.url, "kiosk." + secrets.token_hex()),
        Resident(assistant.url),
    )
    said = [reply["text"] for reply in screen.say(text)["replies"][1:]]
    assert len(said) == 1, said
    assert "请用自己的手机" in said[0]
    assert "请用自己的手机" not in str(phone.say(text))
