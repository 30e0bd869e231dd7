"""A question is put into a record's list, whatever the list looks like."""

from pathlib import Path

import pytest
import yaml

from knowledge.article import read_article
from knowledge.asking import with_question
from knowledge.content import load_yaml

ASKED = "医保卡: 怎么办 #1?"  # what plain YAML would read as something else
STYLES = {
    "below one another": "id: a\nquestions:\n  zh:\n  - 一  # 1\n  # 2\n  en:\n  - one\n",
    "indented": "id: a\nquestions:\n    zh:\n      -  一\n      -  '二'\n\nb: 1  # last\n",
    "in one line": "id: a\nquestions: {zh: [一, '二'], en: [one]}  # few\nb: 1\n",
    "over lines": "id: a\nquestions:\n  zh: [一,\n    二]\nb: 1\n",
    "folded text": "id: a\nquestions:\n  zh:\n  - >-\n    一\n    二\n\n  en: []\nb: 1\n",
    "none in Chinese": "id: a\nquestions:\n  en:\n  - one\nb: 1\n",
    "none in Chinese, in one line": "id: a\nquestions: {en: [one]}\nb: 1\n",
    "an empty list": "id: a\nquestions:\n  zh: []\nb: 1\n",
    "nothing behind the name": "id: a\nquestions:\n  zh:\n  en: [one]\nb: 1\n",
    "null": "id: a\nquestions: null\nb: 1\n",
    "no questions": "id: a  # it\nb: 1\n",
    "all in one line": "{id: a, b: 1}\n",
    "at the very end": "b: 1\nquestions:\n  zh:\n  - 一",
}


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES)
def test_a_question_is_put_last_and_nothing_else_changes(text: str) -> None:
    before, after = yaml.safe_load(text), load_yaml(with_question(text, "zh", ASKED))
    asked = (before.get("questions") or {}).get("zh") or []
    others = (before.get("questions") or {}).get("en")
    assert after["questions"]["zh"] == [*asked, ASKED]
    assert after["questions"].get("en") == others
    assert {key: after[key] for key in after if key != "questions"} == {
        key: before[key] for key in before if key != "questions"
    }
    remarks = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
    assert all(remark in with_question(text, "zh", ASKED) for remark in remarks)


@pytest.mark.parametrize(
    "question", ["12", "0571", "14:30", "null", "off", "- 一", "{x}", "'", "一\n二"]
)
def test_a_question_stays_the_text_it_is(question: str) -> None:
    for text in ("questions:\n  zh:\n  - 一\n", "questions: {zh: [一]}\n"):
        assert load_yaml(with_question(text, "zh", question))["questions"]["zh"][1] == question


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_article_is_asked_in_its_front_matter(language: str) -> None:
    for file in sorted(Path("knowledge/data/guali/articles").glob("*.md")):
        text = file.read_text("utf-8")
        before, after = read_article(text), read_article(with_question(text, language, ASKED))
        assert after.questions.in_(language) == (*before.questions.in_(language), ASKED)
        assert after.body == before.body
        assert (
            len(with_question(text, language, ASKED).splitlines()) <= len(text.splitlines()) + 1
        )
