"""Articles: approved answers, one Markdown file each, with front matter and two languages."""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from knowledge.records import Questions, Sourced, Text

FRONT_MATTER = re.compile(r"\A---\n(?P<front>.*?)\n---\n(?P<body>.*)\Z", re.DOTALL)
SECTION = re.compile(r"^## (中文|English)\s*$", re.MULTILINE)
LANGUAGES = {"中文": "zh", "English": "en"}


class Article(Sourced):
    """One approved answer.

    `about` names the facilities and activities it tells of: a question about one of them is
    answered by either record.
    """

    id: str
    title: Text
    topic: str
    about: tuple[str, ...] = ()
    audience: str = "all"
    questions: Questions
    body: Text
    conflicts: tuple[Any, ...] = ()


def read_articles(folder: Path) -> tuple[dict[str, Article], list[str]]:
    """Read every article of a folder: articles by id, and sentences about the broken ones."""
    articles: dict[str, Article] = {}
    mistakes: list[str] = []
    for file in sorted(folder.glob("*.md")):
        try:
            article = _read(file.read_text(encoding="utf-8"))
        except (ValueError, yaml.YAMLError) as broken:
            mistakes.append(f"articles/{file.name}: {_reason(broken)}")
            continue
        if article.id in articles:
            mistakes.append(f"articles/{file.name}: the id {article.id} is used twice")
        articles[article.id] = article
    return articles, mistakes


def _read(text: str) -> Article:
    match = FRONT_MATTER.match(text)
    if match is None:
        raise ValueError("begin with front matter between two lines of ---")
    parts = SECTION.split(match["body"])
    body = {LANGUAGES[parts[i]]: parts[i + 1].strip() for i in range(1, len(parts) - 1, 2)}
    if set(body) != {"zh", "en"}:
        raise ValueError("write both sections, “## 中文” and “## English”")
    return Article.model_validate(yaml.safe_load(match["front"]) | {"body": body})


def _reason(broken: Exception) -> str:
    if isinstance(broken, ValidationError):
        first = broken.errors()[0]
        return f"{'.'.join(str(p) for p in first['loc'])} — {first['msg']}; mend it"
    return str(broken).splitlines()[0]
