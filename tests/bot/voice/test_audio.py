import io
import struct
import wave

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.voice.audio import LONGEST, RATE, Samples, Unheard, decode
from bot.voice.recordings import recorded_as


def tone(seconds: float, loudness: float = 0.3, rate: int = RATE) -> Samples:
    at = np.arange(int(seconds * rate)) / rate
    return (loudness * np.sin(at * 440 * 2 * np.pi)).astype(np.float32)


def as_wav(samples: Samples, rate: int = RATE) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return written.getvalue()


def encoded(samples: Samples, container: str, codec: str, rate: int) -> bytes:
    """The same recording as a platform or a browser sends it."""
    written = io.BytesIO()
    with av.open(written, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(
            (samples * 32767).astype("<i2").reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return written.getvalue()


@pytest.mark.parametrize(
    ("container", "codec", "rate", "kind"),
    [
        ("ogg", "libopus", 48_000, "audio/ogg"),
        ("webm", "libopus", 48_000, "audio/webm"),
        ("mp4", "aac", 16_000, "audio/mp4"),
        ("wav", "pcm_s16le", 16_000, "audio/wav"),
        ("amr", "libopencore_amrnb", 8_000, "audio/amr"),
    ],
)
def test_what_platforms_and_browsers_record_is_read(
    container: str, codec: str, rate: int, kind: str
) -> None:
    content = encoded(tone(2), container, codec, rate)
    assert recorded_as(content) == kind
    samples = decode(content)
    assert abs(len(samples) / RATE - 2) < 0.2
    assert np.abs(samples).max() > 0.2


def outcome(content: bytes) -> str:
    """What became of a recording: read, or why not."""
    try:
        return "read" if len(decode(content)) else "empty"
    except Unheard as unheard:
        return unheard.why


def why(content: bytes) -> str:
    with pytest.raises(Unheard) as unheard:
        decode(content)
    return unheard.value.why


def test_a_recording_of_a_phone_without_a_sound_in_it_is_none() -> None:
    assert why(b"#!AMR\n") in {"unreadable", "silent"}


def test_a_silent_recording_is_told_from_one_with_a_word_in_it() -> None:
    silence = np.zeros(5 * RATE, np.float32)
    assert why(as_wav(silence)) == "silent"
    word = silence.copy()
    word[RATE : RATE + RATE // 4] = tone(0.25)
    assert len(decode(as_wav(word))) == 5 * RATE


def test_a_recording_of_more_than_a_minute_is_too_long() -> None:
    assert len(decode(as_wav(tone(LONGEST - 1)))) < LONGEST * RATE
    assert why(as_wav(tone(LONGEST + 1))) == "too_long"


def test_an_hour_that_is_packed_into_little_is_not_unpacked() -> None:
    """A header may promise an hour; only a minute is read."""
    content = as_wav(tone(LONGEST * 3, rate=RATE))
    assert why(content) == "too_long"


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"\x89PNG\r\n", b"OggS" + b"\0" * 40])
def test_what_is_no_recording_is_unreadable(content: bytes) -> None:
    assert why(content) == "unreadable"


MARKS = [b"OggS", b"\x1a\x45\xdf\xa3", b"#!AMR\n", b""]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(MARKS))
def test_bytes_of_any_kind_are_decoded_or_refused(content: bytes, mark: bytes) -> None:
    assert outcome(mark + content) in {"read", "unreadable", "too_long", "silent"}


@pytest.mark.parametrize("part", [2, 3, 10])
def test_a_recording_that_is_cut_off_is_read_as_far_as_it_goes_or_refused(part: int) -> None:
    content = encoded(tone(2), "ogg", "libopus", 48_000)
    assert outcome(content[: len(content) // part]) in {"read", "unreadable", "silent"}


def test_a_header_that_lies_about_its_length_harms_nobody() -> None:
    content = bytearray(as_wav(tone(1)))
    content[40:44] = struct.pack("<I", 0xFFFFFFFF)
    assert len(decode(bytes(content))) <= 2 * RATE
