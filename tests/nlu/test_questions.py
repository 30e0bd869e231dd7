"""The pack's own questions teach the classifier what a question is."""

from pathlib import Path

from nlu.components.questions import read_questions
from nlu.components.settings import community_dir


def test_the_questions_of_every_article_are_read_in_both_languages() -> None:
    asked = read_questions(community_dir())
    articles = list((community_dir() / "articles").glob("*.md"))
    assert len(asked) > 10 * len(articles)
    assert any(question.isascii() for question in asked)
    assert any(not question.isascii() for question in asked)


def test_an_article_without_questions_or_front_matter_has_none(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "bare.md").write_text("## 中文\n你好\n", encoding="utf-8")
    (tmp_path / "articles" / "mute.md").write_text("---\nid: mute\n---\n", encoding="utf-8")
    assert read_questions(tmp_path) == []


def test_a_pack_without_articles_has_none(tmp_path: Path) -> None:
    assert read_questions(tmp_path) == []
