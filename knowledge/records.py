"""What every record of the pack has: text in two languages, and where it comes from."""

import hashlib
import json
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen record; fields the pack has beyond ours are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Text(Record):
    """The same thing said in Chinese and in English."""

    zh: str
    en: str

    def in_(self, language: str) -> str:
        """Return the text in `zh` or `en`."""
        return self.zh if language == "zh" else self.en


class Sourced(Record):
    """A record that says where it comes from."""

    level: Literal["official", "report", "sample"]
    source: str
    as_of: date
    valid_until: date | None = None
    owner: str | None = None

    @property
    def fingerprint(self) -> str:
        """The version of what the record says: 16 hex digits over its canonical JSON."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()[:16]
