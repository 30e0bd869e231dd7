import numpy as np
import pytest
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.encoder import Encoder
from nlu.components.featurizer import SentenceFeaturizer
from nlu.components.rewriter import PLAIN


@pytest.fixture
def featurizer(encoder: Encoder) -> SentenceFeaturizer:
    return SentenceFeaturizer(SentenceFeaturizer.get_default_config(), encoder)


def test_a_message_gets_the_vector_of_its_plain_words_as_its_one_feature(
    featurizer: SentenceFeaturizer, encoder: Encoder
) -> None:
    message = Message({TEXT: "请问几点开门", PLAIN: "几点开门"})
    featurizer.process([message])
    sequence, sentence = message.get_dense_features(TEXT)
    assert sequence is None
    assert np.array_equal(sentence.features[0], encoder.embed("几点开门"))


def test_training_examples_get_theirs(featurizer: SentenceFeaturizer) -> None:
    example = Message({TEXT: "几点开门", PLAIN: "几点开门", INTENT: "ask_hours"})
    featurizer.process_training_data(TrainingData([example]))
    assert example.get_dense_features(TEXT)[1] is not None


def test_a_message_without_words_gets_none(featurizer: SentenceFeaturizer) -> None:
    tapped = Message({TEXT: ""})
    featurizer.process([tapped])
    assert tapped.features == []
