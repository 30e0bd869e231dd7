"""How sure an answer is, is learned from the pack, never a fixed similarity."""

from pathlib import Path

from knowledge import calibration, index, search
from knowledge.pack import Pack, load_pack
from knowledge.passages import passages_of
from knowledge.text import normalise
from tests.knowledge.conftest import Letters


def test_the_evidence_raises_the_probability() -> None:
    learned = {"weights": [1.0, 2.0], "bias": -1.0}
    weak = calibration.probability((0, 0), learned)
    strong = calibration.probability((1, 1), learned)
    assert 0 < weak < 0.5 < strong < 1


def test_a_pack_with_questions_learns_from_when_on_to_be_sure(
    base: search.KnowledgeBase,
) -> None:
    for learned in base._index.calibration.values():
        assert 0 < learned["likely"] <= learned["sure"] < 1
        assert learned["right_when_sure"] > 0.7


def test_a_pack_without_questions_is_never_sure(folder: Path, tmp_path: Path) -> None:
    for article in (folder / "articles").glob("*.md"):
        article.unlink()
    into = tmp_path / "index"
    version = search.build(load_pack(folder), Letters(), into)
    assert index.load(into / version).calibration == {}


def test_unanswerable_questions_are_many_in_both_languages_and_none_is_twice() -> None:
    questions = calibration.read_unanswerable(search.UNANSWERABLE)
    assert {language: len(asked) for language, asked in questions.items()} == {
        language: len(set(asked)) for language, asked in questions.items()
    }
    assert len(questions["zh"]) >= 150
    assert len(questions["en"]) >= 100


def test_no_question_of_the_shipped_pack_is_called_unanswerable(guali: Pack) -> None:
    asked = {normalise(p.text) for p in passages_of(guali) if p.asked}
    questions = calibration.read_unanswerable(search.UNANSWERABLE)
    assert not asked & {normalise(q) for qs in questions.values() for q in qs}
