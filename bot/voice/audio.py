"""Reads a recording, whatever made it, within bounds; and writes one as platforms take it."""

from collections.abc import Iterator
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from bot.voice.recordings import recorded_as

RATE = 16_000  # samples a second, as recognisers of speech are trained
LONGEST = 60.0  # seconds
BITS = 24_000  # a second of a voice in Opus
QUIET = 0.004  # root mean square of samples between -1 and 1: nobody speaks

Samples = NDArray[np.float32]


class Unheard(Exception):
    """Nothing can be understood; `why` is unreadable, too_long, silent or unclear."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def decode(content: bytes) -> Samples:
    """Return a recording's samples, one channel.

    Raises:
        Unheard: unreadable; too_long; or silent.
    """
    if recorded_as(content) is None:
        raise Unheard("unreadable")
    from av.error import FFmpegError  # 16 MB: most processes never hear a voice

    try:
        pieces = list(_bounded(content))
    except (FFmpegError, ValueError, IndexError, OSError):
        raise Unheard("unreadable") from None
    samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    if not len(samples) or _loudness(samples) < QUIET:
        raise Unheard("silent")
    return samples


def as_voice(recording: bytes) -> bytes:
    """Write a recording as a voice message: Ogg with Opus.

    Raises:
        Unheard: as `decode`.
    """
    from av import AudioFrame
    from av import open as open_container

    samples = decode(recording)
    written = BytesIO()
    with open_container(written, "w", format="ogg") as voice:
        stream = voice.add_stream("libopus", rate=RATE, bit_rate=BITS, layout="mono")
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            voice.mux(packet)
    return written.getvalue()


def _bounded(content: bytes) -> Iterator[Samples]:
    """Yield the samples piece by piece; a recording of an hour is not unpacked."""
    from av import AudioResampler
    from av import open as open_container

    left = int(LONGEST * RATE)
    with open_container(BytesIO(content), mode="r", metadata_errors="ignore") as recording:
        resampler = AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in recording.decode(recording.streams.audio[0]):
            for piece in resampler.resample(frame):
                samples = piece.to_ndarray().reshape(-1).astype(np.float32, copy=False)
                left -= len(samples)
                if left < 0:
                    raise Unheard("too_long")
                yield samples


def _loudness(samples: Samples) -> float:
    """Return the loudest half second: one may say a word and be silent."""
    window = RATE // 2
    pieces = [samples[at : at + window] for at in range(0, len(samples), window)]
    return max(float(np.sqrt(np.mean(np.square(piece)))) for piece in pieces)
