"""Cuts the pack into passages: the pieces of text a question is compared with."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from knowledge.article import Article
from knowledge.pack import Activity, Facility, Pack
from knowledge.records import RecordKey

Kind = Literal["article", "facility", "activity", "category"]
LANGUAGES = ("zh", "en")

# What is asked of every place and of every activity, whether anybody wrote it down or not.
OF_A_PLACE = {
    "zh": ("{}在哪里", "{}电话是多少", "{}收费吗"),
    "en": ("Where is {}?", "Phone number of {}"),
}
OF_AN_ACTIVITY = {
    "zh": ("{}什么时候", "{}在哪里上", "{}要钱吗"),
    "en": ("When is the {}?",),
}


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

    @cached_property
    def record(self) -> RecordKey:
        """The kind and id of the record that answers; asked for thousands of times a search."""
        return self.kind, self.record_id


def passages_of(pack: Pack) -> list[Passage]:
    """Cut every article, facility and activity, in both languages; none twice."""
    cut = (
        passage
        for language in LANGUAGES
        for passages in (
            (p for article in pack.articles.values() for p in _of_article(article, language)),
            (p for place in pack.facilities.values() for p in _of_facility(place, language)),
            (p for a in pack.activities.values() for p in _of_activity(a, language)),
        )
        for passage in passages
    )
    return list(dict.fromkeys(cut))


def _of_article(article: Article, language: str) -> Iterator[Passage]:
    title = article.title.in_(language)
    for question in (title, *article.questions.in_(language)):
        yield Passage("article", article.id, language, question, asked=True)
    for paragraph in article.body.in_(language).split("\n\n"):
        if paragraph.strip():
            yield Passage("article", article.id, language, f"{title}\n{paragraph.strip()}")


def _of_facility(facility: Facility, language: str) -> Iterator[Passage]:
    name, what = facility.name.in_(language), facility.what.in_(language)
    yield Passage("facility", facility.id, language, f"{name}\n{what}")
    for question in (
        *(asked.format(name) for asked in OF_A_PLACE[language]),
        *(alias for alias in facility.aliases if _language(alias) == language),
        *facility.questions.in_(language),
    ):
        yield Passage("facility", facility.id, language, question, asked=True)


def _of_activity(activity: Activity, language: str) -> Iterator[Passage]:
    name = activity.name.in_(language)
    about = activity.about.in_(language) if activity.about else ""
    yield Passage("activity", activity.id, language, f"{name}\n{about}".strip())
    for question in (
        *(asked.format(name) for asked in OF_AN_ACTIVITY[language]),
        *activity.questions.in_(language),
    ):
        yield Passage("activity", activity.id, language, question, asked=True)


def _language(alias: str) -> str:
    """Tell the language of a nickname by its letters."""
    return "en" if alias.isascii() else "zh"
