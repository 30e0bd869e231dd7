"""What our components are made of besides Rasa's own data: their code, the encoder, the pack.

Rasa takes a component from its cache when its class and its training data are unchanged; it
knows nothing of the modules beside it, nor of a pack that was edited.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nlu.components import settings


class MadeOfMore:
    """Makes a component that is trained again whenever what it is made of has changed."""

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Return what Rasa adds to the component's own fingerprint."""
        return digest()


def digest() -> str:
    """Return a hash of the code, the encoder's manifest and the community pack."""
    hashed = hashlib.sha256()
    for file in _files():
        hashed.update(file.name.encode())
        hashed.update(file.read_bytes())
    return hashed.hexdigest()


def _files() -> Iterator[Path]:
    yield from sorted(Path(__file__).parent.glob("*.py"))
    yield from settings.reading_dir().glob("manifest.json")
    yield from sorted(f for f in settings.community_dir().rglob("*") if f.is_file())
