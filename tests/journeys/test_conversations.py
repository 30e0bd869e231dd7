"""Each conversation over the chat API and on the page, in both languages.

A step that fails says what was answered.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Page, Response, expect

from setup.supervisor import Assistant
from tests.journeys.conftest import Resident

SCRIPTS = yaml.safe_load(Path(__file__).with_name("conversations.yml").read_text("utf-8"))
CASES = [(script["name"], language) for script in SCRIPTS for language in ("zh", "en")]
MOST_CONFIRMATIONS = 4  # how often "1" may be needed until a deed is done

Say = Callable[[str], dict[str, Any]]


def steps(name: str, language: str) -> list[dict[str, Any]]:
    return next(list(s[language]) for s in SCRIPTS if s["name"] == name)


def heard(answer: dict[str, Any]) -> str:
    lines = [
        "\n".join([reply["text"], *(choice["label"] for choice in reply["choices"])])
        for reply in answer["replies"]
    ]
    return "\n".join(lines)


def follow(script: list[dict[str, Any]], say: Say) -> None:
    for step in script:
        answer = say(str(step["say"]))
        text = heard(answer)
        for _ in range(MOST_CONFIRMATIONS):
            if all(re.search(done, text) for done in step.get("until", ())):
                break
            text += "\n" + heard(say(str(step["say"])))
        for expected in step.get("expect", ()):
            assert re.search(expected, text, re.MULTILINE), f"{step['say']} → {text}"
        for wrong in step.get("never", ()):
            assert not re.search(wrong, text), f"{step['say']} → {text}"
        if step.get("silent"):
            assert answer["replies"] == []
        assert answer["status"] == step.get("status", answer["status"])


@pytest.mark.parametrize(("name", "language"), CASES)
def test_a_conversation_works_over_the_api(
    resident: Resident, name: str, language: str
) -> None:
    follow(steps(name, language), resident.say)


@pytest.mark.parametrize(("name", "language"), CASES)
def test_a_conversation_works_on_the_page(
    assistant: Assistant, browser: Browser, name: str, language: str
) -> None:
    context = browser.new_context(locale="zh-CN" if language == "zh" else "en-GB")
    page = context.new_page()
    page.goto(assistant.url)
    follow(steps(name, language), lambda text: write_or_tap(page, text))
    context.close()


def write_or_tap(page: Page, text: str) -> dict[str, Any]:
    """Tap the choice that a digit names, write anything else; wait until all of it is shown."""
    offered = page.locator(".choices button:enabled")
    with page.expect_response(_is_chat) as answered:
        if text.isdigit() and offered.count() >= int(text):
            offered.nth(int(text) - 1).click()
        else:
            page.fill("#text", text)
            page.press("#text", "Enter")
    answer = dict(answered.value.json())
    for reply in answer["replies"]:
        shown = page.locator(f'article[data-id="{reply["id"]}"]')
        expect(shown).to_be_visible()
        expect(shown.locator(".choices button")).to_have_count(len(reply["choices"]))
    return answer


def _is_chat(response: Response) -> bool:
    return response.url.endswith("/api/chat") and response.request.method == "POST"
