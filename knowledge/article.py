"""Articles: approved answers, one Markdown file each, with front matter and two languages."""

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from knowledge.records import Record, Sourced, Text

FRONT_MATTER = re.compile(r"\A---\n(?P<front>.*?)\n---\n(?P<body>.*)\Z", re.DOTALL)
SECTION = re.compile(r"^## (中文|English)\s*$", re.MULTILINE)
LANGUAGES = {"中文": "zh", "English": "en"}


class Questions(Record):
    """Questions the article answers, as residents ask them."""

    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()

    def in_(self, language: str) -> tuple[str, ...]:
        """Return the questions in `zh` or `en`."""
        return self.zh if language == "zh" else self.en


class Article(Sourced):
    """One approved answer."""

    id: str
    title: Text
    topic: str
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
            article = read_article(file.read_text(encoding="utf-8"))
        except (ValueError, yaml.YAMLError) as broken:
            mistakes.append(f"articles/{file.name}: {_reason(broken)}")
            continue
        if article.id in articles:
            mistakes.append(f"articles/{file.name}: the id {article.id} is used twice")
        articles[article.id] = article
    return articles, mistakes


def read_article(text: str) -> Article:
    """Read one article's file.

    Raises:
        ValueError: it has no front matter, a section or a field is missing or unfit.
        yaml.YAMLError: the front matter is no YAML.
    """
    front, body = split(text)
    article = Article.model_validate(front | {"body": body})
    for field, said in _must_say(article).items():
        if not said.strip():
            raise ValueError(f"{field} — it is empty; write it")
    return article


def _must_say(article: Article) -> dict[str, str]:
    """Return what no article may leave empty."""
    languages = {
        "zh": (article.title.zh, article.body.zh),
        "en": (article.title.en, article.body.en),
    }
    titles = {f"title.{language}": title for language, (title, _) in languages.items()}
    bodies = {f"body.{language}": body for language, (_, body) in languages.items()}
    return {"topic": article.topic, "source": article.source} | titles | bodies


def split(text: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Cut an article's file into its front matter and its body by language.

    Raises:
        ValueError: front matter or a section is missing, or is there twice.
        yaml.YAMLError: the front matter is no YAML.
    """
    match = FRONT_MATTER.match(text)
    if match is None:
        raise ValueError("begin with front matter between two lines of ---")
    parts = SECTION.split(match["body"])
    body = {LANGUAGES[parts[i]]: parts[i + 1].strip() for i in range(1, len(parts) - 1, 2)}
    if set(body) != {"zh", "en"} or len(parts) != 5:
        raise ValueError("write both sections, “## 中文” and “## English”, once each")
    front = yaml.load(match["front"], Loader=yaml.CSafeLoader)
    if not isinstance(front, dict):
        raise ValueError("write fields with values between the two lines of ---")
    return front, body


def write_article(front: dict[str, Any], body: Text) -> str:
    """Return the text of an article's file; `read_article` reads the same again."""
    fields = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=1000)
    return f"---\n{fields}---\n\n## 中文\n\n{body.zh}\n\n## English\n\n{body.en}\n"


def _reason(broken: Exception) -> str:
    if isinstance(broken, ValidationError):
        first = broken.errors()[0]
        return f"{'.'.join(str(p) for p in first['loc'])} — {first['msg']}; mend it"
    return str(broken).splitlines()[0]
