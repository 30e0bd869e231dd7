"""A sealed stream: what was written is read whole and unchanged, or refused.

Chunks are sealed one after the other with ChaCha20-Poly1305, as `age` seals a file: the nonce
counts them and marks the last, so none can be left out, exchanged or cut off. The key is made
of a secret with scrypt; every chunk vouches for the head with its salt, too.
"""

import os
from functools import lru_cache
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from actions.backup.errors import DAMAGED, KEY_OR_START, NO_BACKUP, NotGenuine

MAGIC = b"xiaoli-backup 1\n"
SALT, TAG = 16, 16  # bytes
CHUNK = 64 * 1024  # bytes that are sealed at a time: all that is ever held in memory
COST = 2**15  # of scrypt: 32 MB and a tenth of a second


class Sealer:
    """Seals what is written to it. Only what was closed can be read again."""

    def __init__(self, out: BinaryIO, secret: str) -> None:
        """Begin: the head is written at once."""
        salt = os.urandom(SALT)
        self._head = MAGIC + salt
        self._cipher, self._out = _cipher(secret, salt), out
        self._waiting, self._count = bytearray(), 0
        out.write(self._head)

    def write(self, content: bytes) -> None:
        """Seal some bytes more."""
        self._waiting += content
        while len(self._waiting) > CHUNK:  # the last chunk is never known before `close`
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]

    def close(self) -> None:
        """Seal the last chunk; nothing may be written afterwards."""
        self._put(bytes(self._waiting), last=True)

    def _put(self, chunk: bytes, *, last: bool) -> None:
        nonce = _nonce(self._count, last=last)
        self._out.write(self._cipher.encrypt(nonce, chunk, self._head))
        self._count += 1


class Unsealer:
    """Reads a sealed stream; what it gives has been found genuine.

    Every call raises NotGenuine where the stream is not as it was written.
    """

    def __init__(self, sealed: BinaryIO, secret: str) -> None:
        """Read the head.

        Raises:
            NotGenuine: it is no backup of ours.
        """
        self._head = sealed.read(len(MAGIC) + SALT)
        if not self._head.startswith(MAGIC) or len(self._head) < len(MAGIC) + SALT:
            raise NotGenuine(NO_BACKUP)
        self._cipher = _cipher(secret, self._head[len(MAGIC) :])
        self._sealed, self._count = sealed, 0
        self._ahead = sealed.read(CHUNK + TAG)
        self._open, self._ended = b"", False

    def read(self, size: int) -> bytes:
        """Return up to so many bytes; none at the end."""
        if not self._open and not self._ended:
            self._open = self._next()
        given, self._open = self._open[:size], self._open[size:]
        return given

    def read_line(self) -> bytes:
        """Return what comes up to the end of a line, without it."""
        line = bytearray()
        while more := self.read(CHUNK):
            before, newline, after = more.partition(b"\n")
            line += before
            if newline:
                self._open = after + self._open
                break
        return bytes(line)

    def _next(self) -> bytes:
        chunk, self._ahead = self._ahead, self._sealed.read(CHUNK + TAG)
        self._ended = not self._ahead
        try:
            opened = self._cipher.decrypt(
                _nonce(self._count, last=self._ended), chunk, self._head
            )
        except InvalidTag:
            raise NotGenuine(KEY_OR_START if self._count == 0 else DAMAGED) from None
        self._count += 1
        return opened


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])


@lru_cache(maxsize=4)  # what was written is read back with the same
def _cipher(secret: str, salt: bytes) -> ChaCha20Poly1305:
    key = Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(secret.encode())
    return ChaCha20Poly1305(key)
