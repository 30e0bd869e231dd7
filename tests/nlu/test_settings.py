from pathlib import Path

import pytest

from nlu.components import settings


def test_messages_are_read_with_the_encoder_beside_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    (tmp_path / "models" / "encoder").mkdir(parents=True)
    assert settings.reading_dir() == tmp_path / "models" / "encoder"


def test_before_it_was_taught_they_are_read_with_the_encoder_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    assert settings.reading_dir() == settings.encoder_dir()
