"""The bench reads a book of questions and counts what was right, wrong and declined."""

from pathlib import Path

from bench import book
from knowledge import check, search
from knowledge.pack import load_pack
from tests.knowledge.conftest import Letters, write_articles

WITH_KINDS = (
    "kind\tlanguage\tquestion\trecords\tafter\n"
    "plain\tzh\t游泳池怎么办\tpool\t\n"
    "followup\tzh\t要钱吗\tmeal,gym\t老年食堂在哪里\n"
    "unanswerable\ten\twho won the match\t\t\n"
)
WITHOUT = "zh\t游泳池怎么办\tpool\nen\tWhere is the pool\tpool\nzh\t鲈鱼要蒸几分钟\n"


def written(file: Path, content: str) -> list[book.Asked]:
    file.write_text(content, encoding="utf-8")
    return book.read([file])


def test_a_follow_up_is_asked_with_what_came_before(tmp_path: Path) -> None:
    plain, followup, unanswerable = written(tmp_path / "b.tsv", WITH_KINDS)
    assert plain == book.Asked("plain", "zh", "游泳池怎么办", frozenset({"pool"}))
    assert followup.text == "老年食堂在哪里 要钱吗"
    assert followup.answers == {"meal", "gym"}
    assert unanswerable.answers == frozenset()


def test_a_row_without_a_kind_is_of_its_language_s(tmp_path: Path) -> None:
    asked = written(tmp_path / "b.tsv", WITHOUT)
    assert [a.kind for a in asked] == ["zh", "en", "unanswerable"]


def test_the_product_and_the_nearest_passage_answer_the_same_book(tmp_path: Path) -> None:
    check.write_new(tmp_path / "pack")
    write_articles(tmp_path / "pack")
    search.build(load_pack(tmp_path / "pack"), Letters(), tmp_path / "index")
    asked = written(tmp_path / "b.tsv", WITHOUT)
    figures = book.measure(asked, tmp_path / "index", Letters())
    assert figures["questions"] == 3
    for answering in ("xiaoli", "nearest_passage_only"):
        assert list(figures[answering]) == ["all", "zh", "en", "unanswerable"]
        assert figures[answering]["all"]["right_first"] == 1
        assert figures[answering]["unanswerable"]["right_first"] is None


def test_sure_and_wrong_declined_and_right_are_counted() -> None:
    both = [
        (book.Asked("zh", "zh", "a", frozenset({"x"})), book.Answer("x", True)),
        (book.Asked("zh", "zh", "b", frozenset({"x"})), book.Answer("y", True)),
        (book.Asked("zh", "zh", "c", frozenset({"x"})), book.Answer("x", False)),
        (book.Asked("zh", "zh", "d", frozenset()), book.Answer("x", True)),
    ]
    assert book._figures(both) == {
        "questions": 4,
        "right_first": 0.6667,
        "confidently_wrong": 0.5,
        "declined": 0.25,
    }
