"""What is kept of an upload is an image, and nothing else (P40)."""

import gzip
import io
import socket
import struct
import tracemalloc
import zipfile
import zlib
from typing import Any

import pytest
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from actions.conversations import Upload
from bot import photos
from bot.photos import redraw
from bot.uploads import LARGEST_PHOTO
from tests.bot.conftest import Bot, photo

SECRET = b"30.2741N,120.1551E"
SCRIPT = b"<script>alert(1)</script>"
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
)


def png(width: int, height: int, more: bytes = b"") -> bytes:
    """A PNG that says it is so large and has one row of nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + more
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def bomb() -> bytes:
    """A text in a PNG that unpacks to 200 MB."""
    packed = b"Comment\0\0" + zlib.compress(b"\0" * 200_000_000, 9)
    checked = b"zTXt" + packed
    chunk = struct.pack(">I", len(packed)) + checked + struct.pack(">I", zlib.crc32(checked))
    return png(1, 1, chunk)


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("photo.jpg", b"\0" * 50_000_000)
    return packed.getvalue()


NO_PHOTO = {
    "empty": b"",
    "words": b"no photo",
    "gif": b"GIF89a" + b"\0" * 60,
    "svg": SVG,
    "svg with a declaration": b"<?xml version='1.0'?>" + SVG,
    "html": b"<!doctype html>" + SCRIPT,
    "program": b"MZ" + b"\0" * 60,
    "pdf": b"%PDF-1.7\n",
    "begins like a JPEG": b"\xff\xd8\xff\xe0" + b"\0" * 60,
    "begins like a PNG": b"\x89PNG\r\n\x1a\n" + SCRIPT,
    "begins like a WebP": b"RIFF\0\0\0\0WEBP" + SCRIPT,
    "cut off": photo()[: len(photo()) // 2],
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "tiff": b"II*\0" + b"\0" * 60,
    "icon": b"\0\0\1\0\1\0" + b"\0" * 60,
    "archive": archive(),
    "gzip": gzip.compress(b"\0" * 20_000_000),
    "60,000 by 60,000": png(60_000, 60_000),
    "text bomb": bomb(),
}


@pytest.mark.parametrize("content", NO_PHOTO.values(), ids=NO_PHOTO)
async def test_what_is_no_photo_is_not_kept_and_costs_little(bot: Bot, content: bytes) -> None:
    assert len(content) < LARGEST_PHOTO
    tracemalloc.start()
    answer = await bot.upload(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (answer.status_code, answer.json()["code"]) == (422, "no_photo")
    assert not bot.parts.webchat.uploads.exists()
    assert peak < 80_000_000


@pytest.mark.parametrize("kind", photos.KINDS)
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK"])
def test_photos_of_every_kind_are_kept_as_one(kind: str, mode: str) -> None:
    if (kind, mode) in {("JPEG", "RGBA"), ("JPEG", "P"), ("PNG", "CMYK"), ("WEBP", "CMYK")}:
        pytest.skip("there is no such file")
    written = io.BytesIO()
    Image.new(mode, (40, 30)).save(written, kind)
    kept = redraw(written.getvalue())
    assert kept
    with Image.open(io.BytesIO(kept)) as drawn:
        assert (drawn.format, drawn.size) == ("JPEG", (40, 30))


def tagged(kind: str, **more: Any) -> bytes:
    written = io.BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8825)[29] = SECRET.decode()
    exif[0x010E] = SECRET.decode()
    Image.new("RGB", (40, 30)).save(written, kind, exif=exif, **more)
    return written.getvalue()


def commented() -> bytes:
    written, note = io.BytesIO(), PngInfo()
    note.add_text("Comment", SECRET.decode())
    Image.new("RGB", (40, 30)).save(written, "PNG", pnginfo=note)
    return written.getvalue()


HIDDEN = {
    "where it was taken, JPEG": tagged("JPEG"),
    "where it was taken, PNG": tagged("PNG"),
    "where it was taken, WebP": tagged("WEBP"),
    "a JPEG's comment": tagged("JPEG", comment=SECRET),
    "a PNG's comment": commented(),
    "XMP": tagged("WEBP", xmp=SECRET),
    "colours": tagged("JPEG", icc_profile=SECRET + b"\0" * 200),
    "behind a JPEG": photo() + SCRIPT + SECRET,
    "behind a PNG": commented() + SCRIPT + archive()[:200],
}


@pytest.mark.parametrize("content", HIDDEN.values(), ids=HIDDEN)
def test_nothing_but_the_picture_comes_through(content: bytes) -> None:
    kept = redraw(content)
    assert kept
    assert SECRET not in kept
    assert SCRIPT not in kept
    with Image.open(io.BytesIO(kept)) as drawn:
        assert not drawn.getexif()


@pytest.mark.parametrize("content", HIDDEN.values(), ids=HIDDEN)
def test_as_it_was_sent_there_is_more_in_it(content: bytes) -> None:
    """Negative control."""
    assert SECRET in content


def test_a_photo_stands_upright() -> None:
    """Phones write down how they were held; the picture is turned before that is lost."""
    lying, exif, written = Image.new("RGB", (40, 20), "white"), Image.Exif(), io.BytesIO()
    ImageDraw.Draw(lying).rectangle((0, 0, 8, 20), fill="black")
    exif[0x0112] = 6  # turn by a quarter
    lying.save(written, "JPEG", exif=exif)
    kept = redraw(written.getvalue())
    assert kept
    with Image.open(io.BytesIO(kept)) as drawn:
        assert drawn.size == (20, 40)
        top, bottom = drawn.getpixel((10, 3)), drawn.getpixel((10, 36))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert (max(top) < 60, min(bottom) > 200) == (True, True)


def test_a_large_photo_is_made_smaller_and_glass_is_white() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (6000, 4000), (0, 0, 0, 0)).save(written, "PNG")
    kept = redraw(written.getvalue())
    assert kept
    with Image.open(io.BytesIO(kept)) as drawn:
        assert max(drawn.size) == photos.LONGEST_SIDE
        assert drawn.getpixel((5, 5)) == (255, 255, 255)


HOSTILE_NAMES = [
    "../../secrets.json",
    "/etc/passwd",
    "..\\..\\x.jpg",
    "x.php\0.jpg",
    '"><script>alert(1)</script>.jpg',
    "a" * 300 + ".jpg",
    "http://169.254.169.254/latest/meta-data/x.jpg",
    "\u202egpj.exe",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
async def test_the_name_of_a_file_goes_nowhere_and_nothing_is_fetched(
    bot: Bot, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, where: called.append(where))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *where, **_: called.append(where))
    answer = await bot.upload(photo(), name=name)
    assert answer.status_code == 200
    (kept,) = bot.parts.webchat.uploads.rglob("*")
    assert kept.name == answer.json()["upload_id"]
    assert len(kept.name) == 32
    with bot.parts.database.reading() as db:
        upload = db.query(Upload).one()
        assert (upload.id, upload.content_type) == (kept.name, "image/jpeg")
    assert called == []
