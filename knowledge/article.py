"""Articles: approved answers, one Markdown file each, with front matter and two languages."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from knowledge.content import Lined, Unreadable, at, line_of, load_yaml, read_text
from knowledge.folder import Files
from knowledge.records import Questions, Sourced, Text

FRONT_MATTER = re.compile(r"\A---\n(?P<front>.*?)\n---\n(?P<body>.*)\Z", re.DOTALL)
SECTION = re.compile(r"^## (中文|English)\s*$", re.MULTILINE)
LANGUAGES = {"中文": "zh", "English": "en"}


class Article(Sourced):
    """One approved answer; `about` names the facilities and activities it speaks of.

    `conflicts` are an editor's notes on sources that say something else; they are never told.
    """

    id: str
    title: Text
    topic: str
    audience: str = "all"
    questions: Questions
    body: Text
    about: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()


def read_articles(folder: Path, files: Files) -> dict[str, Article]:
    """Read every article of a folder, by id; `files` is told what is wrong, and the lines."""
    articles: dict[str, Article] = {}
    written_in: dict[str, str] = {}
    for file in sorted(folder.glob("*.md")):
        name = f"articles/{file.name}"
        try:
            article, front = _read(read_text(file))
        except Unreadable as broken:
            files.mistakes.append(f"{at(name, broken.line)}: {broken}")
            continue
        if article.id in articles:
            files.mistakes.append(
                f"{at(name, front.lines['id'])}: the id {article.id} is used twice, first in "
                f"{written_in[article.id]}; give one of them another"
            )
        articles[article.id], written_in[article.id] = article, name
        files.lines["articles", article.id] = {"": front.line, **front.lines}
    return articles


def read_article(text: str) -> Article:
    """Read one article's file.

    Raises:
        Unreadable: it has no front matter, a section or a field is missing or unfit; with the
            line where there is one.
    """
    return _read(text)[0]


def split(text: str) -> tuple[Lined, dict[str, str]]:
    """Cut an article's file into its front matter and its body by language.

    Raises:
        Unreadable: front matter or a section is missing or unreadable, or is there twice.
    """
    match = FRONT_MATTER.match(text)
    if match is None:
        raise Unreadable("begin with front matter between two lines of ---", 1)
    parts = SECTION.split(match["body"])
    body = {LANGUAGES[parts[i]]: parts[i + 1].strip() for i in range(1, len(parts) - 1, 2)}
    if set(body) != {"zh", "en"} or len(parts) != 5:
        raise Unreadable("write both sections, “## 中文” and “## English”, once each")
    return load_yaml(match["front"], first_line=2), body


def write_article(front: Mapping[str, Any], body: Text) -> str:
    """Return the text of an article's file; `read_article` reads the same again."""
    fields = yaml.dump(front, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000)
    return f"---\n{fields}---\n\n## 中文\n\n{body.zh}\n\n## English\n\n{body.en}\n"


def _read(text: str) -> tuple[Article, Lined]:
    front, body = split(text)
    for heading, language in LANGUAGES.items():
        if not body[language]:
            raise Unreadable(f"“## {heading}” is empty; write it", _line_of(heading, text))
    try:
        article = Article.model_validate(front | {"body": body})
    except ValidationError as invalid:
        first = invalid.errors()[0]
        field = ".".join(map(str, first["loc"]))
        line = line_of(front, first["loc"])
        raise Unreadable(f"{field} — {first['msg']}; mend it", line) from None
    for field, said in _must_say(article).items():
        if not said.strip():
            line = front.lines.get(field.partition(".")[0])
            raise Unreadable(f"{field} — it is empty; write it", line)
    return article, front


def _must_say(article: Article) -> dict[str, str]:
    """Return what no article may leave empty."""
    titles = {f"title.{language}": article.title.in_(language) for language in ("zh", "en")}
    return {"topic": article.topic, "source": article.source} | titles


def _line_of(heading: str, text: str) -> int | None:
    """Return the line of a section's heading."""
    at = next((found for found in SECTION.finditer(text) if found[1] == heading), None)
    return text.count("\n", 0, at.start()) + 1 if at else None


class _Dumper(yaml.SafeDumper):
    """Writes a `Lined` as the mapping it is."""


_Dumper.add_representer(Lined, _Dumper.represent_dict)
