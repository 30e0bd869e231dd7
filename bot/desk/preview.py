"""An answer as the resident will see it, rendered by what renders it for them."""

from dataclasses import dataclass
from datetime import datetime

from actions.answers import showing
from actions.wording import Wording
from bot.desk.visit import Visit
from knowledge.article import read_article
from knowledge.check import MODELS
from knowledge.documents import LISTS, mapping
from knowledge.pack import Pack, Sourced
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


def previews(visit: Visit, pack: Pack, kind: str, text: str) -> list[tuple[Text, str]]:
    """Return the answer that a record's text will give, for each kind of reader.

    Raises:
        ValueError, yaml.YAMLError, PackInvalid: the text is no record (see `check_part`).
    """
    record, content = _put_into(pack, kind, text)
    wording, now = visit.desk.wording, visit.now
    return [
        (label, showing.answer(Reading(language, elder, now, content, wording), record).text)
        for label, language, elder in READERS
    ]


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
