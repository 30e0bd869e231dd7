"""Draws an uploaded photo anew: what is kept is an image of bounded size and nothing else.

Where it was taken, scripts behind the picture and broken files do not come through.
"""

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageOps

KINDS = ("JPEG", "PNG", "WEBP")
KEPT_AS = "image/jpeg"
MOST_PIXELS = 50_000_000  # known from the first bytes, before anything is unpacked
LONGEST_SIDE = 2560  # pixels: a meter can still be read
QUALITY = 85
UNREADABLE = (
    Image.DecompressionBombError,
    EOFError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def redraw(content: bytes) -> bytes | None:
    """Return the photo as a JPEG, None for what is no photo or too large to unpack."""
    try:
        with Image.open(BytesIO(content), formats=KINDS) as photo:
            if photo.width * photo.height > MOST_PIXELS:
                return None
            photo.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            return _drawn(ImageOps.exif_transpose(photo))
    except UNREADABLE:
        return None


def _drawn(photo: Image.Image) -> bytes:
    """Draw it on white: a JPEG knows no glass. What the file said besides is left behind."""
    photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    paper = Image.new("RGB", photo.size, "white")
    paper.paste(photo, mask=photo.convert("RGBA").getchannel("A"))
    written = BytesIO()
    paper.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
