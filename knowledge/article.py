"""Articles: approved answers, one Markdown file each, with front matter and two languages."""

import re
from pathlib import Path

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


def _read(text: str) -> tuple[Article, Lined]:
    match = FRONT_MATTER.match(text)
    if match is None:
        raise Unreadable("begin with front matter between two lines of ---", 1)
    front = load_yaml(match["front"], first_line=2)
    parts = SECTION.split(match["body"])
    body = {LANGUAGES[parts[i]]: parts[i + 1].strip() for i in range(1, len(parts) - 1, 2)}
    if set(body) != {"zh", "en"}:
        raise Unreadable("write both sections, “## 中文” and “## English”")
    try:
        return Article.model_validate(front | {"body": body}), front
    except ValidationError as invalid:
        first = invalid.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise Unreadable(
            f"{field} — {first['msg']}; mend it", line_of(front, first["loc"])
        ) from None
