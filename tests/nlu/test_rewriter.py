"""What is read for its meaning: plain words, rightly spelt; what was typed stays."""

import sys
from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.rewriter import PLAIN, PlainRewriter

CONTEXT = ExecutionContext(GraphSchema({}))
EXAMPLES = ["图书馆几点关门", "我要预约书法课", "电梯坏了"]


@pytest.fixture
def rewriter(tmp_path: Path) -> PlainRewriter:
    """The rewriter as a server loads it from a trained model."""
    storage, resource = LocalModelStorage(tmp_path), Resource("rewriter")
    said = [Message({TEXT: text, INTENT: "any"}) for text in EXAMPLES]
    PlainRewriter.create({}, storage, resource, CONTEXT).train(
        TrainingData([*said, Message({INTENT: "greet"})])
    )
    return PlainRewriter.load({}, storage, resource, CONTEXT)


def plain(rewriter: PlainRewriter, text: str) -> str:
    [message] = rewriter.process([Message({TEXT: text})])
    assert message.get(TEXT) == text
    return str(message.get(PLAIN))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("图书管几点关门", "图书馆几点关门"),
        ("我要预越书法课", "我要预约书法课"),
        ("电悌坏了", "电梯坏了"),
        ("嗯，電悌坏了", "电梯坏了"),
    ],
)
def test_a_word_of_the_examples_is_put_right(
    rewriter: PlainRewriter, typed: str, meant: str
) -> None:
    assert plain(rewriter, typed) == meant


@pytest.mark.parametrize("typed", ["没人理我", "天气怎么样", "when is it open", "12345"])
def test_what_sounds_like_none_of_them_is_left_alone(
    rewriter: PlainRewriter, typed: str
) -> None:
    assert plain(rewriter, typed) == typed


def test_codes_are_all_the_same_one(rewriter: PlainRewriter) -> None:
    assert plain(rewriter, "取消 A12345") == plain(rewriter, "取消 B54321")


def test_a_message_without_words_gets_none(rewriter: PlainRewriter) -> None:
    [tapped] = rewriter.process([Message({TEXT: ""})])
    assert tapped.get(PLAIN) is None


def test_training_examples_are_written_in_plain_words_too(rewriter: PlainRewriter) -> None:
    data = TrainingData([Message({TEXT: "嗯，图书馆几点关门", INTENT: "any"})])
    [example] = rewriter.process_training_data(data).training_examples
    assert example.get(PLAIN) == "图书馆几点关门"


def test_to_read_nobody_needs_the_dictionary_of_sounds(
    rewriter: PlainRewriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pypinyin", None)
    assert plain(rewriter, "图书管几点关门") == "图书馆几点关门"
