"""Signatures and encryption of WeChat's and WeCom's callbacks (消息加解密, AES-256-CBC).

https://developer.work.weixin.qq.com/document/path/90968
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from actions.errors import SettingInvalid
from bot.channels.calls import Forged, Unreadable

BLOCK = 32  # bytes the padding fills up to
RANDOM = 16  # bytes in front of what is sealed
AES_BLOCK = 16


@dataclass(frozen=True)
class Seal:
    """Opens and makes sealed messages; `receiver` is the account's id (AppID, CorpID)."""

    token: str = field(repr=False)
    key: bytes = field(repr=False)
    receiver: str

    def signature(self, *signed: str) -> str:
        """Return the signature of what came with it: timestamp, nonce and the sealed text."""
        joined = "".join(sorted((self.token, *signed)))
        return hashlib.sha1(joined.encode()).hexdigest()  # noqa: S324 - the platform's choice

    def check(self, signature: str, *signed: str) -> None:
        """Check a signature, in the same time whether it is nearly right or not at all.

        Raises:
            Forged: it is not the platform's.
        """
        if not hmac.compare_digest(self.signature(*signed).encode(), signature.encode()):
            raise Forged("signature")

    def open(self, sealed: str) -> bytes:
        """Return what is sealed.

        Raises:
            Unreadable: it is not sealed with our key.
            Forged: it is for another account.
        """
        plain = self._decrypted(sealed)
        length = int.from_bytes(plain[RANDOM : RANDOM + 4], "big")
        content = plain[RANDOM + 4 : RANDOM + 4 + length]
        if not hmac.compare_digest(plain[RANDOM + 4 + length :], self.receiver.encode()):
            raise Forged("receiver")
        return content

    def close(self, content: bytes) -> str:
        """Seal something for the platform."""
        length = len(content).to_bytes(4, "big")
        plain = secrets.token_bytes(RANDOM) + length + content + self.receiver.encode()
        filled = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher().encryptor()
        made = encryptor.update(plain + bytes([filled]) * filled) + encryptor.finalize()
        return base64.b64encode(made).decode()

    def _decrypted(self, sealed: str) -> bytes:
        try:
            content = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError):
            raise Unreadable("base64") from None
        if not content or len(content) % AES_BLOCK:
            raise Unreadable("length")
        decryptor = self._cipher().decryptor()
        plain = decryptor.update(content) + decryptor.finalize()
        filled = plain[-1]
        if not 1 <= filled <= BLOCK or len(plain) < RANDOM + 4 + filled:
            raise Unreadable("padding")
        return plain[:-filled]

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self.key), modes.CBC(self.key[:AES_BLOCK]))


def make_seal(*, token: str, aes_key: str, receiver: str, prefix: str) -> Seal:
    """Make the seal of an account whose settings begin with a prefix, such as WECHAT.

    Raises:
        SettingInvalid: messages would not be sealed, or could not be opened.
    """
    if not token:
        raise SettingInvalid(f"Setting {prefix}_TOKEN is missing; see .env.example")
    try:
        key = base64.b64decode(f"{aes_key}=", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise SettingInvalid(
            f"Setting {prefix}_AES_KEY must be the 43 characters of EncodingAESKey: choose the "
            "encrypted mode (安全模式); messages that are not encrypted are refused"
        )
    return Seal(token, key, receiver)
