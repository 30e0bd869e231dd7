import pytest
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.tokenizer import MixedTokenizer


@pytest.fixture
def tokenizer() -> MixedTokenizer:
    return MixedTokenizer(MixedTokenizer.get_default_config())


def tokens(tokenizer: MixedTokenizer, text: str) -> list[str]:
    message = Message.build(text)
    tokenizer.process([message])
    return [token.text for token in message.get(TOKENS_NAMES[TEXT])]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("去坎山", ["去", "坎", "山"]),
        ("748B路几点", ["748", "b", "路", "几", "点"]),
        ("Where's the library?", ["where's", "the", "library", "?"]),
        ("坐BUS去", ["坐", "bus", "去"]),
        ("３６０路", ["360", "路"]),
        ("🙂好", ["🙂", "好"]),
        ("   ", []),
    ],
)
def test_chinese_is_cut_by_character_the_rest_by_word_and_number(
    tokenizer: MixedTokenizer, text: str, cut: list[str]
) -> None:
    assert tokens(tokenizer, text) == cut


def test_offsets_point_into_what_was_typed(tokenizer: MixedTokenizer) -> None:
    typed = "圖書館 Open嗎？"
    message = Message.build(typed)
    tokenizer.process([message])
    for token in message.get(TOKENS_NAMES[TEXT]):
        assert len(typed[token.start : token.end]) == len(token.text)


def test_training_data_is_cut_too(tokenizer: MixedTokenizer) -> None:
    example = Message.build("几点", intent="ask_hours")
    tokenizer.process_training_data(TrainingData([example]))
    assert [token.text for token in example.get(TOKENS_NAMES[TEXT])] == ["几", "点"]
