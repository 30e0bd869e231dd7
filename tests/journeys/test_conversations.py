"""Each conversation over the chat API, in both languages; a step fails with what was said."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.journeys.conftest import Resident

SCRIPTS = yaml.safe_load(Path(__file__).with_name("conversations.yml").read_text("utf-8"))
CASES = [(script["name"], language) for script in SCRIPTS for language in ("zh", "en")]
MOST_CONFIRMATIONS = 4  # how often "1" may be needed until a deed is done


def steps(name: str, language: str) -> list[dict[str, Any]]:
    return next(list(s[language]) for s in SCRIPTS if s["name"] == name)


def heard(answer: dict[str, Any]) -> str:
    lines = [
        "\n".join([reply["text"], *(choice["label"] for choice in reply["choices"])])
        for reply in answer["replies"]
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(("name", "language"), CASES)
def test_a_conversation_works_end_to_end(resident: Resident, name: str, language: str) -> None:
    for step in steps(name, language):
        answer = resident.say(str(step["say"]))
        text = heard(answer)
        for _ in range(MOST_CONFIRMATIONS):
            if all(re.search(done, text) for done in step.get("until", ())):
                break
            text += "\n" + heard(resident.say(str(step["say"])))
        for expected in step.get("expect", ()):
            assert re.search(expected, text, re.MULTILINE), f"{step['say']} → {text}"
        for wrong in step.get("never", ()):
            assert not re.search(wrong, text), f"{step['say']} → {text}"
        if step.get("silent"):
            assert answer["replies"] == []
        assert answer["status"] == step.get("status", answer["status"])
