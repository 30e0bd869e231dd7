"""What every record of the pack has: text in two languages, and where it comes from."""

import hashlib
import json
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

RecordKey = tuple[str, str]  # kind (article, facility or activity) and id


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


def _in_both(value: Any) -> Any:
    return (
        {"zh": value, "en": SAID_SHORT.get(value, value)} if isinstance(value, str) else value
    )


# What the pack may say in one word; all else needs its English, or stays Chinese.
SAID_SHORT = {"免费": "free", "无": "nothing"}
ShortText = Annotated[Text, BeforeValidator(_in_both)]  # in the pack a bare word will do


class Questions(Record):
    """Questions a record answers, as residents ask them."""

    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()

    def in_(self, language: str) -> tuple[str, ...]:
        """Return the questions in `zh` or `en`."""
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
        """The version of the record: 16 hex digits that change when anything it says does."""
        content = self.model_dump(mode="json")
        canonical = json.dumps(
            content, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]
