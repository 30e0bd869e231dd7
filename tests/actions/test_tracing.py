"""A turn is one trace over all processes, of ids and names; without a collector, nothing."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from rasa_sdk.interfaces import Action
from starlette.testclient import TestClient

from actions import server, tracing
from actions.errors import SettingInvalid
from actions.settings import Settings
from actions.spans import Spans

TURN = "0123456789abcdeffedcba9876543210"
OTHER = "5e" * 8 + "3f" * 8
CANARY = "金丝雀在第七号楼"


class Collector:
    """Two processes, each with its own share of every trace."""

    def __init__(self, kept: float = 1.0) -> None:
        self.exporter = InMemorySpanExporter()
        self.bot, self.actions = (
            Spans(service, kept, SimpleSpanProcessor(self.exporter))
            for service in ("bot", "actions")
        )

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}


@pytest.fixture
def collector() -> Iterator[Collector]:
    yield Collector()
    tracing.use(None)


def ids(span: ReadableSpan) -> tuple[str, str, str | None]:
    """A span's trace, its own id, and the id of the one above it."""
    assert span.context
    above = f"{span.parent.span_id:016x}" if span.parent else None
    return f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}", above


def answer(collector: Collector, turn_id: str = TURN) -> None:
    """A turn goes through gateway, Rasa and actions, each in its own process."""
    tracing.use(collector.bot)
    with tracing.turn(turn_id):
        with tracing.rasa("read"):
            pass
        with tracing.rasa("reply", turn_id):
            tracing.use(collector.actions)
            with tracing.action("action_answer_question", turn_id):
                pass
            tracing.use(collector.bot)
        tracing.note(outcome="answered")


def test_one_trace_a_turn_under_the_turns_own_id(collector: Collector) -> None:
    answer(collector)
    turn, read, reply, action = (
        ids(collector.spans[name])
        for name in ("turn", "rasa read", "rasa reply", "action_answer_question")
    )
    assert {turn[0], read[0], reply[0], action[0]} == {TURN}
    assert turn[2] is None
    assert read[2] == reply[2] == turn[1]
    assert action[2] == reply[1]
    assert len({turn[1], read[1], reply[1], action[1]}) == 4


def test_what_is_told_of_a_span_are_names_of_ours(collector: Collector) -> None:
    answer(collector)
    turn, action = collector.spans["turn"], collector.spans["action_answer_question"]
    assert dict(turn.attributes or {}) == {"xiaoli.outcome": "answered"}
    assert turn.resource.attributes["service.name"] == "xiaoli-bot"
    assert action.resource.attributes["service.name"] == "xiaoli-actions"
    assert not action.attributes


def test_an_error_is_told_by_its_kind_and_never_by_its_words(collector: Collector) -> None:
    tracing.use(collector.actions)
    with pytest.raises(ValueError, match=CANARY), tracing.action("action_x", TURN):
        raise ValueError(CANARY)
    span = collector.spans["action_x"]
    assert (span.status.is_ok, span.status.description) == (False, "ValueError")
    assert CANARY not in span.to_json(indent=None).encode().decode("unicode_escape")
    assert not span.events


def test_traces_do_not_mix(collector: Collector) -> None:
    answer(collector)
    collector.exporter.clear()
    answer(collector, OTHER)
    assert {ids(span)[0] for span in collector.spans.values()} == {OTHER}


@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_of_a_turn_all_is_kept_or_nothing(kept: float) -> None:
    turns = [f"{number:032x}" for number in range(2**62, 2**64, 2**58)]
    found = []
    for turn_id in turns:
        collector = Collector(kept)
        answer(collector, turn_id)
        found.append(len(collector.spans))
    tracing.use(None)
    assert set(found) == ({0} if kept == 0 else {0, 4})


@pytest.mark.parametrize("turn_id", ["", "none", "3f", CANARY])
def test_what_is_no_turn_is_not_traced(collector: Collector, turn_id: str) -> None:
    tracing.use(collector.bot)
    with tracing.turn(turn_id), tracing.action("action_x", turn_id):
        pass
    assert collector.spans == {}


class Answers(Action):
    def name(self) -> str:
        return "action_answers"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[dict[str, Any]]:
        return []


def called(**tracker: object) -> dict[str, object]:
    said = {"sender_id": "x", "slots": {}, "events": [], "latest_message": {}} | tracker
    return {"next_action": "action_answers", "tracker": said}


@pytest.mark.parametrize(
    "tracker",
    [
        {"latest_message": {"metadata": {"turn_id": TURN}, "text": CANARY}},
        {"slots": {"session_started_metadata": {"turn_id": TURN}}},
    ],
)
def test_the_action_server_finds_the_turn_in_rasas_call(
    collector: Collector, tracker: dict[str, object]
) -> None:
    tracing.use(collector.actions)
    app = server.build([Answers()], "secret", lambda: None)
    headers = {server.SECRET_HEADER: "secret"}
    answer = TestClient(app).post("/webhook", json=called(**tracker), headers=headers)
    assert answer.status_code == 200
    (span,) = collector.exporter.get_finished_spans()
    assert (ids(span)[0], span.name) == (TURN, "action_answers")
    assert CANARY not in span.to_json(indent=None).encode().decode("unicode_escape")


def test_without_a_collector_nothing_is_loaded_and_nothing_done() -> None:
    tracing.open_for("bot", Settings())
    assert tracing.turn(TURN) is tracing.rasa("reply", TURN) is tracing.NOTHING
    tracing.note(outcome="answered")
    # Of what FastAPI loads by itself nothing makes a span.
    loaded = "import sys, bot.gateway; print([m for m in sys.modules if 'telemetry.sdk' in m])"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_collector_without_the_packages_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "actions.spans", None)
    monkeypatch.delattr("actions.spans")
    said = Settings(otel_exporter_otlp_endpoint="http://127.0.0.1:4318")
    with pytest.raises(SettingInvalid, match="OTEL_EXPORTER_OTLP_ENDPOINT needs"):
        tracing.open_for("bot", said)
