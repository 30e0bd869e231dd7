"""An answer as the resident will see it, rendered by what renders it for them."""

from dataclasses import dataclass
from datetime import datetime

from actions.answers import showing
from actions.wording import Wording
from bot.desk.visit import Visit
from knowledge.article import read_article
from knowledge.check import MODELS
from knowledge.documents import LISTS, mapping
from knowledge.pack import Pack, Sourced, key_of, title_of
from knowledge.records import Text


@dataclass(frozen=True)
class Reading:
    """Somebody who would read the answer now."""

    language: str
    elder: bool
    now: datetime
    pack: Pack
    wording: Wording

    @property
    def local(self) -> datetime:
        """This moment on the community's clock."""
        return self.now.astimezone(self.pack.zone)


# Whom the preview shows an answer to: label, language, elder mode.
READERS = (
    (Text(zh="居民", en="Chinese"), "zh", False),
    (Text(zh="居民，英文", en="English"), "en", False),
    (Text(zh="长者模式", en="Elder mode"), "zh", True),
)


@dataclass(frozen=True)
class Preview:
    """What residents will be told, by kind of reader.

    `instead` is the record that is told in this one's place, as it is to be believed.
    """

    answers: tuple[tuple[Text, str], ...] = ()
    instead: Text | None = None


def preview(visit: Visit, pack: Pack, kind: str, text: str) -> Preview:
    """Return what whoever asks for a record with this text will be told.

    Raises:
        ValueError, yaml.YAMLError, PackInvalid: the text is no record (see `check_part`).
    """
    record, content = _put_into(pack, kind, text)
    key = key_of(record) or ("", "")
    readers = [
        (label, Reading(language, elder, visit.now, content, visit.desk.wording))
        for label, language, elder in READERS
    ]
    told, _ = showing.asked(readers[0][1], key)
    return Preview(
        tuple((label, showing.answer(reader, key).text) for label, reader in readers),
        title_of(told) if key_of(told) != key else None,
    )


def _put_into(pack: Pack, kind: str, text: str) -> tuple[Sourced, Pack]:
    """Return the record, and the pack with it: other records may be spoken of in the answer."""
    if kind == "article":
        article = read_article(text)
        return article, pack.model_copy(
            update={"articles": pack.articles | {article.id: article}}
        )
    listed = LISTS[kind]
    record = MODELS[listed.path].model_validate(mapping(text, listed.path))
    field = {"facility": "facilities", "activity": "activities"}[kind]
    records = getattr(pack, field) | {getattr(record, listed.key): record}
    return record, pack.model_copy(update={field: records})
