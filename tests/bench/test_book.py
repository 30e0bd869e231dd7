"""The bench asks a book of questions and counts what was right, wrong and declined."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bench import book
from knowledge import search
from knowledge.embedder import Vectors
from knowledge.golden import Golden
from knowledge.pack import Pack, load_pack
from tests.knowledge.conftest import Letters, write_pack

HEADER = "kind\tlanguage\tquestion\trecords\tafter\n"
PLAIN = HEADER + (
    "plain\tzh\t游泳池怎么办\tpool\t\n"
    "en\ten\tWhere is the pool\tpool\t\n"
    "unanswerable\tzh\t鲈鱼要蒸几分钟\t\t\n"
)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    write_pack(tmp_path / "pack")
    return load_pack(tmp_path / "pack")


def written(folder: Path, content: str) -> tuple[Golden, ...]:
    (folder / "book.tsv").write_text(content, encoding="utf-8")
    return book.read(folder / "book.tsv")


def test_a_file_that_is_no_book_is_refused_with_its_mistakes(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"(?s)book.tsv.*name the columns"):
        written(tmp_path, "zh\t游泳池怎么办\tpool\n")


def test_the_product_and_the_nearest_passage_answer_the_same_book(
    pack: Pack, tmp_path: Path
) -> None:
    search.build(pack, Letters(), tmp_path / "index")
    asked = written(tmp_path, PLAIN)
    figures = book.measure(asked, pack, tmp_path / "index", Letters())
    assert figures["questions"] == 3
    for answering in ("xiaoli", "nearest_passage_only"):
        assert list(figures[answering]) == ["all", "plain", "en", "unanswerable"]
        assert figures[answering]["all"]["right_first"] == 1
        assert figures[answering]["unanswerable"]["right_first"] is None


class Listening(Letters):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.heard += texts
        return super().embed_queries(texts)


def test_what_adds_to_a_question_is_asked_after_its_answer_as_the_product_does(
    pack: Pack, tmp_path: Path
) -> None:
    search.build(pack, Letters(), tmp_path / "index")
    asked = written(tmp_path, HEADER + "followup\tzh\t要钱吗\tmeal\t老年食堂怎么办\n")
    embedder = Listening()
    figures = book.measure(asked, pack, tmp_path / "index", embedder)
    assert embedder.heard[:3] == ["老年食堂怎么办", "要钱吗", "老年食堂 要钱吗"]
    assert embedder.heard[-1] == "老年食堂怎么办 要钱吗"
    assert figures["xiaoli"]["followup"]["right_first"] == 1


def golden(records: str) -> Golden:
    return Golden(kind="plain", language="zh", question="?", records=frozenset(records))


def test_sure_and_wrong_declined_and_right_are_counted() -> None:
    both = [
        (golden("x"), book.Answer("x", True)),
        (golden("x"), book.Answer("y", True)),
        (golden("x"), book.Answer("x", False)),
        (golden(""), book.Answer("x", True)),
    ]
    assert book._figures(both) == {
        "questions": 4,
        "right_first": 0.6667,
        "confidently_wrong": 0.5,
        "declined": 0.25,
    }
