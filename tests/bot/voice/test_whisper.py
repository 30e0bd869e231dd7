"""The recogniser itself, with the weights that set-up made."""

import os
from pathlib import Path

import numpy as np
import pytest

from bot.settings import Settings
from bot.voice.audio import RATE, Unheard
from bot.voice.transcriber import Expected
from bot.voice.whisper import Whisper, standing_out
from tests.bot.voice.test_audio import as_wav, tone
from tests.conftest import missing

CHINESE = Expected("zh")
ANSWERS = Expected("zh", {"第一个": "a", "一": "a", "第二个": "b", "对": "yes", "算了": "stop"})


@pytest.fixture
def folder() -> Path:
    made = Settings().whisper_dir
    if not (made / "model.bin").is_file():
        missing("the recogniser of speech (make setup)")
    return made


@pytest.mark.parametrize("expected", [CHINESE, ANSWERS], ids=["anything", "an answer"])
async def test_noise_and_a_tone_are_heard_as_nothing_said(
    folder: Path, expected: Expected
) -> None:
    whisper = Whisper(folder)
    noise = np.random.default_rng(1).normal(0, 0.1, 2 * RATE).clip(-1, 1).astype(np.float32)
    try:
        for samples in (noise, tone(2)):
            with pytest.raises(Unheard) as unheard:
                await whisper.hear(as_wav(samples), expected)
            assert unheard.value.why in {"silent", "unclear"}
    finally:
        whisper.booth.close()


async def test_a_model_that_set_up_did_not_make_is_not_loaded(
    folder: Path, tmp_path: Path
) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).symlink_to(file.resolve())
    (tmp_path / "config.json").unlink()
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes() + b" ")
    whisper = Whisper(tmp_path)
    try:
        with pytest.raises(ValueError, match="not what set-up made"):
            await whisper.hear(as_wav(tone(1)), CHINESE)
    finally:
        whisper.booth.close()


async def test_a_recogniser_that_dies_is_started_anew(folder: Path) -> None:
    whisper = Whisper(folder)
    silence = as_wav(np.zeros(RATE, np.float32))
    try:
        for _ in range(2):
            with pytest.raises(Unheard):
                await whisper.hear(silence, CHINESE)
            pool = whisper.booth._pool
            assert pool is not None
            for pid in list(pool._processes or {}):
                os.kill(pid, 9)
            with pytest.raises((Unheard, Exception)):
                await whisper.hear(silence, CHINESE)
    finally:
        whisper.booth.close()


@pytest.mark.parametrize(
    ("likely", "answer"),
    [
        ({"第一个": -0.8, "一": -0.9, "第二个": -2.4}, "第一个"),  # 一 is no other answer
        ({"第一个": -0.8, "第二个": -1.7}, ""),  # it may as well be the other
        ({"第一个": -2.6, "第二个": -9.0}, ""),  # it is neither
        ({"第一个": -2.4, "一": -2.9}, "第一个"),  # there is no other
    ],
)
def test_an_answer_is_taken_where_it_stands_out(likely: dict[str, float], answer: str) -> None:
    assert standing_out(likely, {"第一个": "a", "一": "a", "第二个": "b"}) == answer
