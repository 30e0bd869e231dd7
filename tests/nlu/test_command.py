"""Rasa as we start it reads the same and answers with the same, and leaves TensorFlow out."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import ruamel.yaml
from rasa.shared.utils import io  # registers its pattern for ${…}
from ruamel.yaml import resolver
from ruamel.yaml.nodes import ScalarNode

from nlu import command

WORDS = (
    *("yes", "true", "No", "~", "", "null", "1", "0o17", "017", "1.5", ".inf", "1e3", "-", "="),
    *("2026-11-30", "12:30:45", "<<", "公交", "a b", "${HOME}", "x ${HOME} y", "$HOME", "!x"),
)
PLAIN = ((True, False), (False, True), (False, False))  # how a word was written


@pytest.fixture
def as_delivered() -> Iterator[None]:
    kept = resolver.VersionedResolver.resolve
    yield
    resolver.VersionedResolver.resolve = kept


def made() -> resolver.VersionedResolver:
    parser = ruamel.yaml.YAML(typ="safe")
    parser.version = io.YAML_VERSION
    return resolver.VersionedResolver(parser.version, loader=parser)


def tags() -> list[str]:
    return [made().resolve(ScalarNode, word, plain) for word in WORDS for plain in PLAIN]


def longest_list() -> int:
    """Resolve a few hundred words; return how many patterns the longest list then has."""
    words = made()
    for _ in range(300):
        words.resolve(ScalarNode, "nobody", (True, False))
    return max(map(len, words.versioned_resolver.values()))


def test_every_word_gets_the_tag_it_had(as_delivered: None) -> None:
    before = tags()
    command.read_yaml_in_linear_time()
    assert tags() == before
    assert len(set(before)) > 5


def test_the_lists_of_patterns_stay_as_they_are(as_delivered: None) -> None:
    assert longest_list() > 300  # a pattern more for each word: what is put right
    command.read_yaml_in_linear_time()
    assert longest_list() < 20


# What is accepted in docs/accepted-risks.toml because it is not loaded is among these.
ABSENT = "tensorflow jax matplotlib keras skops google.protobuf pydantic wheel"
SERVER = """
import sys
from nlu import command
command.leave_training_out()
import rasa.__main__, rasa.server, rasa.core.run
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
import nlu.components.classifier
print(sorted({*sys.argv[1:]} & set(sys.modules)))
print(DefaultV1Recipe._from_registry("RulePolicy").clazz.__name__)
try:
    from rasa.utils.tensorflow.model_data import RasaModelData
    RasaModelData()
except command.OnlyForTraining as refused:
    print(refused)
"""


def test_a_server_has_its_policies_and_no_tensorflow() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SERVER, *ABSENT.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines() == [
        "[]",
        "RulePolicy",
        "rasa.utils.tensorflow.model_data.RasaModelData",
    ]
