"""Passages found by the words they share with a question: among all, or among a few."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from knowledge import words
from knowledge.passages import Passage

TEXTS = ["借书卡在一楼办", "游泳池九点开", "游泳池在地下一楼", "健身房在三楼", "老年食堂在二楼"]


class Opened:
    """The words of `TEXTS`, opened."""

    def __init__(self, file: Path) -> None:
        words.write(file, [Passage("article", text, "zh", text) for text in TEXTS])
        self.connection = words.open_words(file)

    def among(self, question: str, numbers: list[int]) -> dict[int, float]:
        return dict(words.matching_among(self.connection, question, numbers, len(TEXTS)))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    made = Opened(tmp_path / "words.sqlite")
    yield made
    made.connection.close()


def test_among_a_few_only_they_are_scored(opened: Opened) -> None:
    assert opened.among("游泳池", [3, 2]).keys() == {3, 2}


def test_who_shares_no_word_scores_nothing(opened: Opened) -> None:
    assert opened.among("游泳池几点开", [3])[3] == 0
    assert opened.among("？！", [1]) == {1: 0}
    assert opened.among("游泳池", []) == {}


def test_a_rare_word_says_more_than_a_common_one(opened: Opened) -> None:
    scores = opened.among("老年食堂在", [0, 3, 4])
    assert scores[4] > scores[3]


def test_all_and_a_few_are_scored_alike(opened: Opened) -> None:
    """Our BM25 is SQLite's: the same numbers where the few are all."""
    everyone = list(range(len(TEXTS)))
    for question in ("游泳池九点", "借书卡", "老年健身房"):
        ours = {n: s for n, s in opened.among(question, everyone).items() if s > 1e-5}
        theirs = dict(words.matching(opened.connection, question, "zh", 10))
        assert ours == pytest.approx({n: s for n, s in theirs.items() if s > 1e-5})
        assert ours
