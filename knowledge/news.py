"""News of the pack: what it may be about, and sample items for a fresh install."""

from pydantic import Field

from knowledge.records import Record, Sourced, Text

FILE = "news.yml"


class NewsTopic(Record):
    """What news may be about; `words` are how residents call it."""

    id: str
    name: Text
    words: tuple[str, ...] = ()


class NewsSample(Sourced):
    """An item written into a fresh install, once; it is told for so many days."""

    id: str
    area: str
    topic: str
    title: Text
    body: Text
    days: int = Field(default=90, ge=1)
