"""Knows a recording of a voice by its first bytes; what it is said to be is not believed."""

import re

LARGEST_RECORDING = 20 * 1024 * 1024
HEAD = 4096  # bytes that tell: containers name their tracks first

# How a file begins → what it is kept as.
BEGINNINGS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(begin, re.DOTALL), kind)
    for begin, kind in (
        (rb"OggS.{24,60}(?:OpusHead|\x01vorbis|Speex   |\x7fFLAC)", "audio/ogg"),
        (rb"\x1aE\xdf\xa3.{0,64}webm", "audio/webm"),
        (rb"RIFF....WAVE", "audio/wav"),
        (rb"....ftyp(?:M4A |M4B |mp4[12]|iso[2-6m]|dash|3gp\d|qt  )", "audio/mp4"),
        (rb"#!AMR\n", "audio/amr"),
        (rb"#!AMR-WB\n", "audio/amr-wb"),
    )
)
FILM = re.compile(rb"V_(?:VP|AV1|MPEG|MS|THEORA)|\x80theora|vide\x00", re.DOTALL)


def recorded_as(content: bytes) -> str | None:
    """Return the content type of a recording, None for what is none: a film is none."""
    head = content[:HEAD]
    if FILM.search(head):
        return None
    return next((kind for begin, kind in BEGINNINGS if begin.match(head)), None)
