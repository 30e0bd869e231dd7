from math import log
from pathlib import Path

import pytest

from knowledge import index, ranking
from knowledge.index import Index
from knowledge.passages import Passage
from knowledge.ranking import Question, Ranked, Ranking, RememberingRanker, rank, together
from tests.knowledge.conftest import Letters

PASSAGES = [
    Passage("article", name, "zh", text)
    for name, text in (
        ("card", "借书卡在一楼办理"),
        ("pool", "游泳池九点开"),
        ("gym", "健身房在三楼"),
    )
]


@pytest.fixture
def opened(tmp_path: Path) -> Index:
    name = index.write(PASSAGES, index.embed(PASSAGES, Letters()), tmp_path)
    return index.load(tmp_path / name)


def question(text: str) -> Question:
    return Question(text, Letters().embed_queries([text])[0], "zh")


def test_one_passage_a_record_is_ranked_by_nearness_and_words(opened: Index) -> None:
    assert opened.classifier is None
    found = rank(opened, question("游泳池几点"))
    assert found
    assert found.records[0].record == ("article", "pool")
    assert [r.score for r in found.records] == sorted(
        (r.score for r in found.records), reverse=True
    )


def test_a_passage_left_out_is_not_looked_at(opened: Index) -> None:
    found = rank(opened, question("游泳池几点"), without=frozenset({1}))
    assert found
    assert ("article", "pool") not in {r.record for r in found.records}


def test_what_was_ranked_before_is_remembered(opened: Index) -> None:
    ranker, asked = RememberingRanker(), question("游泳池几点")
    first = ranker(opened, asked)
    assert first == rank(opened, asked)
    opened.close()  # nobody looks again
    assert ranker(opened, question("游泳池几点")) is first


def test_the_share_of_the_first_is_of_all(opened: Index) -> None:
    ranking = rank(opened, question("游泳池九点开"))
    assert ranking
    assert -log(len(PASSAGES)) < ranking.evidence[1] <= 0
    assert sum(ranking.shares().values()) == pytest.approx(1)


def test_an_index_without_passages_ranks_nothing(tmp_path: Path) -> None:
    empty = index.load(tmp_path / index.write([], index.embed([], Letters()), tmp_path))
    assert rank(empty, question("游泳池")) is None


def found(**scores: float) -> Ranking:
    ordered = sorted(scores, key=lambda name: -scores[name])
    ranked = [Ranked(("article", name), scores[name], 0) for name in ordered]
    return Ranking(ranked, (0.0, 0.0, 0.0))


def test_a_question_that_adds_to_another_is_ranked_by_both() -> None:
    vague = found(card=1.2, pool=1.0)
    assert together([vague])[0].record == ("article", "card")
    assert together([vague, found(pool=5.0, card=0.0)])[0].record == ("article", "pool")


def test_what_is_clear_by_itself_needs_nothing_from_before() -> None:
    clear = found(card=9.0, pool=1.0)
    assert together([clear, found(pool=5.0, card=0.0)])[0].record == ("article", "card")


def test_without_a_classifier_only_the_nearest_are_looked_at(
    opened: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "CANDIDATES", 2)
    found = rank(opened, question("游泳池几点"))
    assert found
    assert len(found.records) == 2


def test_among_the_nearest_words_decide_what_nearness_does_not(opened: Index) -> None:
    vector = Letters().embed_queries(["无关"])[0]
    found = rank(opened, Question("健身房", vector, "zh"))
    assert found
    assert found.records[0].record == ("article", "gym")
