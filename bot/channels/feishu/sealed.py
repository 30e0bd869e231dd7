"""Signatures and encryption of Feishu's events and callbacks (Encrypt Key, AES-256-CBC).

https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/encrypt-key-encryption-configuration-case
and `lark_oapi/event/dispatcher_handler.py`, `lark_oapi/core/utils/decryptor.py` of
https://github.com/larksuite/oapi-sdk-python. Each delivery is signed when it is sent, a retry
too; the proof of the address (url_verification) is sealed and not signed.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.channels.calls import Forged

STALE = timedelta(minutes=10)
BLOCK = 16  # bytes of AES, and what the padding fills up to
SIGNATURE, TIMESTAMP, NONCE = (
    "x-lark-signature",
    "x-lark-request-timestamp",
    "x-lark-request-nonce",
)
MILLISECONDS = 10**11  # a timestamp from there on is none in seconds


@dataclass(frozen=True)
class Seal:
    """Checks and opens what Feishu sends."""

    key: str = field(repr=False)

    def signature(self, timestamp: str, nonce: str, body: bytes) -> str:
        """Return the signature of a body as it came, still sealed."""
        return hashlib.sha256(f"{timestamp}{nonce}{self.key}".encode() + body).hexdigest()

    def check(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
        """Check who sent a body, and when.

        Raises:
            Forged: it is not signed with our key, or long ago.
        """
        timestamp = headers.get(TIMESTAMP, "")
        right = self.signature(timestamp, headers.get(NONCE, ""), body)
        if not hmac.compare_digest(right.encode(), headers.get(SIGNATURE, "").encode()):
            raise Forged("signature")
        if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 16:
            raise Forged("timestamp")
        sent_at = int(timestamp) / (1000 if int(timestamp) >= MILLISECONDS else 1)
        if abs(now.timestamp() - sent_at) > STALE.total_seconds():
            raise Forged("stale")

    def open(self, sealed: str) -> bytes:
        """Return what is sealed.

        Raises:
            Forged: it is not sealed with our key; nothing says in which way not.
        """
        try:
            content = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError):
            raise Forged("key") from None
        if len(content) < 2 * BLOCK or len(content) % BLOCK:
            raise Forged("key")
        key = hashlib.sha256(self.key.encode()).digest()
        decryptor = Cipher(algorithms.AES(key), modes.CBC(content[:BLOCK])).decryptor()
        plain = decryptor.update(content[BLOCK:]) + decryptor.finalize()
        filled = plain[-1]
        if not 1 <= filled <= BLOCK or plain[-filled:] != bytes([filled]) * filled:
            raise Forged("key")
        return plain[:-filled]
