"""Several things in one message, as the trained model understands them."""

import asyncio
import json
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from bot.assistant import RasaAssistant
from bot.several import clauses, things
from setup.supervisor import RUN_FILE, Assistant
from tests.journeys.conftest import Resident
from tests.journeys.test_conversations import heard

HELD_OUT = Path(__file__).with_name("several_held_out.tsv")
# One action answers these, and decides by the knowledge base what it makes of them.
QUESTION = frozenset({"ask_knowledge", "out_of_scope", "nlu_fallback"})


class Asked(NamedTuple):
    """A message, what it asks, and what was found that it asks."""

    text: str
    wanted: list[frozenset[str]]
    found: list[str]

    @property
    def right(self) -> bool:
        return len(self.found) == len(self.wanted) and all(
            intent in wanted or (intent in QUESTION and wanted & QUESTION)
            for intent, wanted in zip(self.found, self.wanted, strict=True)
        )


@pytest.fixture(scope="module")
def held_out(assistant: Assistant) -> list[Asked]:
    return asyncio.run(ask_all(assistant))


async def ask_all(assistant: Assistant) -> list[Asked]:
    run = json.loads((assistant.settings.state_dir / RUN_FILE).read_text("utf-8"))
    rows = [line.split("\t") for line in HELD_OUT.read_text("utf-8").splitlines()]
    async with httpx.AsyncClient(trust_env=False) as client:
        rasa = RasaAssistant(f"http://127.0.0.1:{run['rasa']['port']}", client)
        return [await ask(rasa, *row) for row in rows if not row[0].startswith("#")]


async def ask(rasa: RasaAssistant, text: str, *wanted: str) -> Asked:
    found = clauses(text)
    meant = await rasa.read([clause.of(text) for clause in found], within=10)
    parts = sorted(things(text, found, meant), key=lambda thing: thing.starts)
    return Asked(
        text, [frozenset(w.split("|")) for w in wanted], [part.intent for part in parts]
    )


def test_messages_that_ask_two_things_are_handled_whole(held_out: list[Asked]) -> None:
    two = [asked for asked in held_out if len(asked.wanted) == 2]
    assert sum(asked.right for asked in two) / len(two) >= 0.85


def test_messages_that_ask_one_thing_are_hardly_ever_split(
    held_out: list[Asked],
) -> None:
    one = [asked for asked in held_out if len(asked.wanted) == 1]
    assert sum(len(asked.found) > 1 for asked in one) / len(one) <= 0.03


def test_the_question_is_answered_and_the_report_begins(resident: Resident) -> None:
    text = heard(resident.say("图书馆几点关门，另外6幢楼下的路灯坏了"))
    assert text.index("20:30") < text.index("在什么地方")
    assert "不办了" in heard(resident.say("算了"))


def test_two_deeds_are_done_one_after_the_other(resident: Resident) -> None:
    text = heard(resident.say("我想约周六的书法社，再帮我取消太极"))
    assert "记下了" in text
    assert "书法社" in text
    text = heard(resident.say("算了"))
    assert "接下来" in text


def test_a_side_question_in_a_form_is_answered_and_the_form_goes_on(
    resident: Resident,
) -> None:
    resident.say("我想约周六的书法社")
    text = heard(resident.say("1，对了杭州书房现在开着吗"))
    assert "20:30" in text
