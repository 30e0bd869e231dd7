"""Whisper, in a process of its own.

The weights come from packages (setup/whisper.py) or from WHISPER_DIR; none are downloaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bot.choices import ENDS
from bot.voice.audio import RATE, Samples, Unheard, decode
from bot.voice.booth import Booth
from bot.voice.transcriber import Expected, Heard
from knowledge import manifest
from knowledge.text import normalise, normalise_script

# From the figures Whisper gives with each segment; its authors' thresholds are -1, 0.6, 2.4.
LEAST_SURE, MOST_SILENT, MOST_REPEATED = -0.4, 0.5, 2.4
LEAST_HEARD = -1.0  # below it is guessing
# Of 96 answers of one synthetic voice, some of them faster, slower or noisy, none that reached
# both was another than was said; what was no answer stayed below -5.
LEAST_LIKELY, LEAST_AHEAD = -2.5, 1.0
LONGEST_ANSWER = 4.0  # seconds
FRAMES = 3000  # of half a minute, which is what Whisper looks at
# A single short word is speech too.
EARS = {"threshold": 0.3, "min_speech_duration_ms": 0, "speech_pad_ms": 400}

_model: Any = None


@dataclass
class Whisper:
    """Hears recordings one after another, in the booth."""

    folder: Path
    names: str = ""  # words of this place, which are heard more readily
    booth: Booth = field(default_factory=Booth)

    async def hear(self, content: bytes, expected: Expected) -> Heard:
        found = await self.booth.run(_hear, self.folder, content, expected, self.names)
        if isinstance(found, str):
            raise Unheard(found)
        return found


def _hear(folder: Path, content: bytes, expected: Expected, names: str) -> Heard | str:
    """Return what was heard, or why nothing was. Runs in the booth."""
    try:
        samples = decode(content)
        options = {
            "language": expected.language,
            "beam_size": 5,
            "temperature": 0,
            "condition_on_previous_text": False,
            "initial_prompt": names if expected.language == "zh" else None,
            "vad_filter": True,  # noise is not made into words
            "vad_parameters": EARS,
        }
        model = _load(folder)
        segments, _ = model.transcribe(samples, **options)
        found = _judged(list(segments))
    except Unheard as unheard:
        return unheard.why
    if isinstance(found, Heard) and found.sure and _plain(found.text) in expected.answers:
        return found
    answer = _answer(model, samples, expected)
    return Heard(answer, sure=False) if answer else found


def _load(folder: Path) -> Any:
    """Load the model once in the life of the booth, if it is the one set-up made."""
    global _model
    if _model is None:
        if changed := manifest.changed(folder, "model.bin", "config.json", "tokenizer.json"):
            raise ValueError(f"{folder / changed} is not what set-up made; run make setup")
        from faster_whisper import WhisperModel

        _model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    return _model


def _answer(model: Any, samples: Samples, expected: Expected) -> str:
    """Return which of the answers that wait a short recording says, "" for none."""
    from faster_whisper.audio import pad_or_trim
    from faster_whisper.tokenizer import Tokenizer

    if not expected.answers or len(samples) > LONGEST_ANSWER * RATE:
        return ""
    features = model.feature_extractor(samples)
    encoded = model.encode(pad_or_trim(features))
    tokenizer = Tokenizer(
        model.hf_tokenizer, True, task="transcribe", language=expected.language
    )
    begin = list(tokenizer.sot_sequence)
    frames = min(features.shape[-1], FRAMES)
    likely = {}
    for words in expected.answers:
        (aligned,) = model.model.align(encoded, begin, [tokenizer.encode(words)], [frames])
        chances = np.maximum(np.array(aligned.text_token_probs), 1e-9)
        likely[words] = float(np.log(chances).mean())
    return standing_out(likely, expected.answers)


def _plain(text: str) -> str:
    return normalise(text).rstrip(ENDS)


def standing_out(likely: Mapping[str, float], answers: Mapping[str, str]) -> str:
    """Return the likeliest answer, "" unless it is likely, and far more than any other.

    `likely` holds the mean log-probability of each answer's tokens.
    """
    best = max(likely, key=lambda words: likely[words])
    others = [each for words, each in likely.items() if answers[words] != answers[best]]
    ahead = likely[best] - max(others, default=-np.inf)
    return best if likely[best] >= LEAST_LIKELY and ahead >= LEAST_AHEAD else ""


def _judged(segments: list[Any]) -> Heard | str:
    text = normalise_script("".join(segment.text for segment in segments)).strip()
    if not text:
        return "silent"
    sureness = min(segment.avg_logprob for segment in segments)
    if sureness < LEAST_HEARD:
        return "unclear"
    sure = (
        sureness >= LEAST_SURE
        and all(segment.no_speech_prob <= MOST_SILENT for segment in segments)
        and all(segment.compression_ratio <= MOST_REPEATED for segment in segments)
    )
    return Heard(text, sure)
