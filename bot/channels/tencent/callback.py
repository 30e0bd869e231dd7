"""A callback of WeChat or WeCom: is it theirs, is it of now, and what is in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from fastapi import Request

from bot.channels.calls import Forged, Unreadable
from bot.channels.tencent.sealed import Seal

LARGEST = 64 * 1024  # bytes of a callback; the longest text anybody can write takes a tenth
STALE = timedelta(minutes=10)
RETRIES = timedelta(minutes=1)  # the platform repeats a callback after 5 and 10 seconds


@dataclass(frozen=True)
class Stamp:
    """What stands in a callback's address: who says so, when, and a number used once."""

    signature: str
    timestamp: str
    nonce: str


def stamp_of(request: Request, signature: str = "msg_signature") -> Stamp:
    """Return what stands in a call's address."""
    said = request.query_params
    return Stamp(said.get(signature, ""), said.get("timestamp", ""), said.get("nonce", ""))


@dataclass
class Nonces:
    """Knows callbacks again: the platform repeats one within a minute, others must not.

    A process forgets when it ends; then a callback is still refused once it is stale.
    """

    heard: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)

    def check(self, stamp: Stamp, *, now: datetime) -> None:
        """Note a callback whose signature is right.

        Raises:
            Forged: it is stale, or somebody replays it.
        """
        if not stamp.timestamp.isdecimal() or len(stamp.timestamp) > 12:
            raise Forged("timestamp")
        if abs(now.timestamp() - int(stamp.timestamp)) > STALE.total_seconds():
            raise Forged("stale")
        self._forget(now)
        key = (stamp.timestamp, stamp.nonce)
        signature, first_at = self.heard.setdefault(key, (stamp.signature, now))
        if signature != stamp.signature or now - first_at > RETRIES:
            raise Forged("replayed")

    def _forget(self, now: datetime) -> None:
        """Forget what would be stale anyway; the oldest come first."""
        while self.heard and now - next(iter(self.heard.values()))[1] > 2 * STALE:
            del self.heard[next(iter(self.heard))]


@dataclass(frozen=True)
class Callbacks:
    """Opens the callbacks of one account."""

    seal: Seal
    nonces: Nonces = field(default_factory=Nonces)

    def open(self, stamp: Stamp, body: bytes, *, now: datetime) -> bytes:
        """Return what a callback holds.

        Raises:
            Unreadable: it is not what the platform sends.
            Forged: it is not from the platform, not for us, stale or replayed.
        """
        sealed = envelope(body)
        self.seal.check(stamp.signature, stamp.timestamp, stamp.nonce, sealed)
        self.nonces.check(stamp, now=now)
        return self.seal.open(sealed)


def envelope(body: bytes) -> str:
    """Return the sealed text of a callback's body.

    Raises:
        Unreadable: there is none; what is not encrypted is not taken.
    """
    sealed = fields(body).get("Encrypt", "")
    if not sealed:
        raise Unreadable("not encrypted")
    return sealed


def fields(body: bytes) -> Mapping[str, str]:
    """Return the fields of a message in XML; those inside fields are left out.

    Raises:
        Unreadable: no XML, not in UTF-8, too large, or with definitions of its own.
    """
    if len(body) > LARGEST:
        raise Unreadable("too large")
    try:
        root = fromstring(body.decode(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):  # UnicodeDecodeError is a ValueError
        raise Unreadable("xml") from None
    if root.tag != "xml":
        raise Unreadable("root")
    return {child.tag: child.text or "" for child in root}
