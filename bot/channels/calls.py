"""The platforms' calls to us over HTTP: what is not theirs, or not readable, is refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from fastapi import Request

from bot.problems import Problem

log = structlog.get_logger()


class Forged(Exception):
    """A call that is not from the platform, or not of now."""


class Unreadable(ValueError):
    """What came is not what the platform sends, or can never be read by us."""


async def body_of(request: Request, most: int) -> bytes:
    """Return a call's body.

    Raises:
        Problem: 413 as soon as more than so many bytes have come.
    """
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            raise Problem(413, "too_long")
    return content


@contextmanager
def refusing() -> Iterator[None]:
    """Refuse what is forged with 403, and what cannot be read with 400."""
    try:
        yield
    except Forged as forged:
        log.warning("a callback is refused", why=str(forged))
        raise Problem(403, "refused") from None
    except Unreadable as unreadable:
        log.warning("a callback cannot be read", why=str(unreadable))
        raise Problem(400, "refused") from None
