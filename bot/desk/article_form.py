"""An article as a form: its front matter and both bodies, field by field."""

import re
from collections.abc import Mapping
from typing import Any

from bot.message import clean
from knowledge.article import split, write_article
from knowledge.records import Text
from knowledge.sounds import syllables
from knowledge.text import normalise

LEVELS = ("official", "report", "sample")
# Fields of one line that stand in the front matter as they are; optional ones may be left out.
PLAIN = ("topic", "level", "source", "as_of")
OPTIONAL = ("valid_until", "owner")
WORDS_OF_ID, LONGEST_PROPOSED = 5, 40


def fields_of(text: str) -> dict[str, str]:
    """Return what the form shows of an article's file."""
    front, body = split(text)
    title, questions = front.get("title") or {}, front.get("questions") or {}
    fields = {key: str(front.get(key) or "") for key in (*PLAIN, *OPTIONAL)}
    for language in ("zh", "en"):
        fields[f"title_{language}"] = str(title.get(language) or "")
        fields[f"questions_{language}"] = _lines(questions.get(language))
        fields[f"body_{language}"] = body[language]
    return fields | {"conflicts": _lines(front.get("conflicts"))}


def text_of(fields: Mapping[str, str], record_id: str, before: str | None) -> str:
    """Return the article's file as the form says it; what the form does not show is kept."""
    front: dict[str, Any] = split(before)[0] if before else {"id": record_id}
    front["id"] = record_id
    front["title"] = {lang: _line(fields, f"title_{lang}") for lang in ("zh", "en")}
    front["questions"] = {lang: _list(fields, f"questions_{lang}") for lang in ("zh", "en")}
    front |= {key: _line(fields, key) for key in PLAIN}
    listed: dict[str, str | list[str]] = {key: _line(fields, key) for key in OPTIONAL}
    listed |= {"conflicts": _list(fields, "conflicts")}
    for key, value in listed.items():
        if value:
            front[key] = value  # a field that is there keeps its place
        else:
            front.pop(key, None)
    return write_article(front, Text(zh=_body(fields, "body_zh"), en=_body(fields, "body_en")))


def blank(today: str) -> dict[str, str]:
    """Return the form of an article nobody has written yet."""
    empty = dict.fromkeys((*PLAIN, *OPTIONAL, "conflicts"), "")
    both = ("title", "questions", "body")
    empty |= {f"{name}_{lang}": "" for name in both for lang in ("zh", "en")}
    return empty | {"level": "sample", "as_of": today}


def asking(question: str, language: str, today: str) -> dict[str, str]:
    """Return the form of a new article that answers a question."""
    return blank(today) | {f"questions_{language}": question}


def id_for(question: str) -> str:
    """Propose an id for an article that answers a question: how it sounds, a few words."""
    words = re.findall(r"[a-z0-9]+", " ".join(syllables(normalise(question))))
    return "-".join(words[:WORDS_OF_ID])[:LONGEST_PROPOSED].strip("-") or "new"


def _lines(values: Any) -> str:
    return "\n".join(str(value) for value in values or ())


def _line(fields: Mapping[str, str], name: str) -> str:
    return " ".join(clean(fields.get(name, "")).split())


def _list(fields: Mapping[str, str], name: str) -> list[str]:
    lines = (" ".join(line.split()) for line in clean(fields.get(name, "")).splitlines())
    return [line for line in lines if line]


def _body(fields: Mapping[str, str], name: str) -> str:
    return clean(fields.get(name, "")).replace("\r\n", "\n").strip()
