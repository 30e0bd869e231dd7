"""Each conversation over the chat API and on the page, in both languages.

A step that fails says what was answered.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from playwright.sync_api import Browser, Page, Response, expect

from setup.supervisor import Assistant
from tests.journeys.conftest import Resident

SCRIPTS = yaml.safe_load(Path(__file__).with_name("conversations.yml").read_text("utf-8"))
CASES = [(script["name"], language) for script in SCRIPTS for language in ("zh", "en")]
ON_PAGE = [
    (script["name"], language)
    for script in SCRIPTS
    for language in ("zh", "en")
    if script.get("page", True)
]
MOST_CONFIRMATIONS = 4  # how often "1" may be needed until a deed is done

SOON = 15  # seconds until the worker has sent what is due

Say = Callable[[str], dict[str, Any]]
Hear = Callable[[str], None]


def steps(name: str, language: str) -> list[dict[str, Any]]:
    return next(list(s[language]) for s in SCRIPTS if s["name"] == name)


def heard(answer: dict[str, Any]) -> str:
    lines = [
        "\n".join([reply["text"], *(choice["label"] for choice in reply["choices"])])
        for reply in answer["replies"]
    ]
    return "\n".join(lines)


def follow(script: list[dict[str, Any]], people: Mapping[str, Say], hear: Hear) -> None:
    kept: dict[str, str] = {}
    for step in script:
        if "hear" in step:
            hear(str(step["hear"]))
            continue
        say = people[step.get("who", "resident")]
        words = str(step["say"]).format_map(kept)
        answer = say(words)
        text = heard(answer)
        for _ in range(MOST_CONFIRMATIONS):
            if all(re.search(done, text) for done in step.get("until", ())):
                break
            text += "\n" + heard(say(words))
        for expected in step.get("expect", ()):
            found = re.search(expected, text, re.MULTILINE)
            assert found, f"{words} → {text}"
            kept |= found.groupdict()
        for wrong in step.get("never", ()):
            assert not re.search(wrong, text), f"{words} → {text}"
        if step.get("silent"):
            assert answer["replies"] == []
        assert answer["status"] == step.get("status", answer["status"])


@pytest.mark.parametrize(("name", "language"), CASES)
def test_a_conversation_works_over_the_api(
    resident: Resident, name: str, language: str
) -> None:
    other = Resident(resident.url)
    people = {"resident": resident.say, "other": other.say}
    follow(steps(name, language), people, lambda words: arrives(resident, words))


@pytest.mark.parametrize(("name", "language"), ON_PAGE)
def test_a_conversation_works_on_the_page(
    assistant: Assistant, browser: Browser, name: str, language: str
) -> None:
    context = browser.new_context(locale="zh-CN" if language == "zh" else "en-GB")
    page = context.new_page()
    page.goto(assistant.url)
    people = {
        "resident": lambda text: write_or_tap(page, text),
        "other": Resident(assistant.url).say,
    }
    log = page.locator("#log")
    follow(
        steps(name, language),
        people,
        lambda words: expect(log).to_contain_text(words, timeout=SOON * 1000),
    )
    context.close()


def arrives(resident: Resident, words: str) -> None:
    """Wait until the stream of later messages brings these words."""
    headers = {"X-Session": resident.session, "Last-Event-ID": "0"}
    url = f"{resident.url}/api/chat/events"
    with httpx.stream("GET", url, headers=headers, timeout=SOON) as stream:
        assert any(words in line for line in stream.iter_lines()), words


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
