"""Reads uploaded files, refusing them as soon as they grow too large."""

from fastapi import Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.types import Message

from bot.problems import Problem

FORM_ROOM = 64 * 1024  # bytes a form may hold around its file
FIELDS = 30
LARGEST_PHOTO = 8 * 1024 * 1024


async def read_file(request: Request, most: int) -> bytes:
    """Return the form field `file`, empty when there is none.

    Raises:
        Problem: 413 as soon as more than so many bytes have come, 422 when it is no form.
    """
    bounded = Request(request.scope, _AtMost(request, most + FORM_ROOM).receive)
    try:
        async with bounded.form(max_files=1, max_fields=10) as form:
            file = form.get("file")
            content = await file.read() if isinstance(file, UploadFile) else b""
    except (HTTPException, MultiPartException, FormParserError):
        raise Problem(422, "no_photo") from None
    if len(content) > most:
        raise Problem(413, "too_large")
    return content


async def read_parts(request: Request, *, files: int) -> tuple[dict[str, str], list[bytes]]:
    """Return a form's fields and its photos; what was chosen of no file is left out.

    Raises:
        Problem: 413 as soon as more has come than so many photos may have, 422 when it is no
            such form.
    """
    most = files * LARGEST_PHOTO + FORM_ROOM
    bounded = Request(request.scope, _AtMost(request, most).receive)
    try:
        async with bounded.form(
            max_files=files, max_fields=FIELDS, max_part_size=FORM_ROOM
        ) as form:
            sent = form.multi_items()
            fields = {name: value for name, value in sent if isinstance(value, str)}
            contents = [await part.read() for _, part in sent if isinstance(part, UploadFile)]
    except (HTTPException, MultiPartException, FormParserError):
        raise Problem(422, "no_photo") from None
    if any(len(content) > LARGEST_PHOTO for content in contents):
        raise Problem(413, "too_large")
    return fields, [content for content in contents if content]


class _AtMost:
    """The parts of a request's body, up to so many bytes."""

    def __init__(self, request: Request, most: int) -> None:
        self._request, self._left = request, most

    async def receive(self) -> Message:
        message = await self._request.receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise Problem(413, "too_large")
        return message
