import shutil
from pathlib import Path

import pytest
from rasa.engine.training.fingerprinting import calculate_fingerprint_key

from nlu.components import settings
from nlu.components.classifier import SentenceIntentClassifier
from nlu.components.entities import PackEntityExtractor
from nlu.components.featurizer import SentenceFeaturizer
from nlu.components.tokenizer import MixedTokenizer

OURS = [MixedTokenizer, SentenceFeaturizer, SentenceIntentClassifier, PackEntityExtractor]


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the pack, for the test to edit."""
    shutil.copytree(settings.community_dir(), tmp_path / "pack")
    monkeypatch.setenv("COMMUNITY_DIR", str(tmp_path / "pack"))
    return tmp_path / "pack"


@pytest.mark.parametrize("component", OURS)
def test_a_component_is_trained_again_when_the_pack_was_edited(
    component: type, pack: Path
) -> None:
    before = calculate_fingerprint_key(component, {}, {})
    assert calculate_fingerprint_key(component, {}, {}) == before
    with (pack / "help.yml").open("a") as file:
        file.write("\n# edited\n")
    assert calculate_fingerprint_key(component, {}, {}) != before


def test_without_it_rasa_would_take_the_old_names_from_its_cache(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PackEntityExtractor, "fingerprint_addon", lambda config: None)
    before = calculate_fingerprint_key(PackEntityExtractor, {}, {})
    (pack / "help.yml").unlink()
    assert calculate_fingerprint_key(PackEntityExtractor, {}, {}) == before
