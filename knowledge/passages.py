"""Cuts the pack into passages: the pieces of text a question is compared with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from knowledge.article import Article
from knowledge.pack import Activity, Facility, Pack, Sourced, Text

Kind = Literal["article", "facility", "activity"]
RecordKey = tuple[str, str]  # kind and id
LANGUAGES = ("zh", "en")

Answering = Article | Facility | Activity  # a record that answers questions


@dataclass(frozen=True)
class Passage:
    """One piece of text, and the record that answers when it is the nearest.

    `asked` marks a sample question, which stands for its record but is never shown.
    """

    kind: Kind
    record_id: str
    language: str
    text: str
    asked: bool = False

    @property
    def record(self) -> RecordKey:
        """The kind and id of the record that answers."""
        return self.kind, self.record_id


def record_of(pack: Pack, kind: str, record_id: str) -> Answering | None:
    """Return a record that answers, None when the pack has it no longer."""
    records: dict[str, Mapping[str, Answering]] = {
        "article": pack.articles,
        "facility": pack.facilities,
        "activity": pack.activities,
    }
    return records.get(kind, {}).get(record_id)


def key_of(record: Sourced) -> RecordKey | None:
    """Return the kind and id a record that answers is known by; None for other records."""
    match record:
        case Article():
            return "article", record.id
        case Facility():
            return "facility", record.id
        case Activity():
            return "activity", record.id
    return None


def title_of(record: Answering) -> Text:
    """Return what an answer is called when it is spoken of."""
    return record.title if isinstance(record, Article) else record.name


def passages_of(pack: Pack) -> list[Passage]:
    """Cut every article, facility and activity, in both languages."""
    return [
        passage
        for language in LANGUAGES
        for passages in (
            (p for article in pack.articles.values() for p in _of_article(article, language)),
            (p for place in pack.facilities.values() for p in _of_facility(place, language)),
            (p for a in pack.activities.values() for p in _of_activity(a, language)),
        )
        for passage in passages
    ]


def _of_article(article: Article, language: str) -> Iterator[Passage]:
    title = article.title.in_(language)
    yield Passage("article", article.id, language, title, asked=True)
    for question in article.questions.in_(language):
        yield Passage("article", article.id, language, question, asked=True)
    for paragraph in article.body.in_(language).split("\n\n"):
        if paragraph.strip():
            yield Passage("article", article.id, language, f"{title}\n{paragraph.strip()}")


def _of_facility(facility: Facility, language: str) -> Iterator[Passage]:
    name, what = facility.name.in_(language), facility.what.in_(language)
    yield Passage("facility", facility.id, language, f"{name}\n{what}")
    if language == "zh":
        for question in ("在哪里", "电话是多少", "收费吗"):
            yield Passage("facility", facility.id, language, f"{name}{question}", asked=True)
        for alias in facility.aliases:
            yield Passage("facility", facility.id, language, alias, asked=True)
    else:
        yield Passage("facility", facility.id, language, f"Where is {name}?", asked=True)
        yield Passage("facility", facility.id, language, f"Phone number of {name}", asked=True)


def _of_activity(activity: Activity, language: str) -> Iterator[Passage]:
    name = activity.name.in_(language)
    about = activity.about.in_(language) if activity.about else ""
    yield Passage("activity", activity.id, language, f"{name}\n{about}".strip())
    if language == "zh":
        for question in ("什么时候", "在哪里上", "要钱吗"):
            yield Passage("activity", activity.id, language, f"{name}{question}", asked=True)
    else:
        yield Passage("activity", activity.id, language, f"When is the {name}?", asked=True)
