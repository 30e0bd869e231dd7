"""The index on disk: what is written is what is read, and nothing else is."""

from pathlib import Path

import pytest

from knowledge import classifier, index
from knowledge.errors import IndexUnusable
from knowledge.passages import Passage
from knowledge.vectors import files
from tests.knowledge.conftest import Letters

PASSAGES = [
    Passage("article", "card", "zh", "借书卡怎么办", asked=True),
    Passage("article", "card", "zh", "借书卡\n带身份证到一楼办。"),
    Passage("article", "pool", "zh", "游泳池几点开", asked=True),
    Passage("article", "pool", "zh", "游泳池\n每天上午九点开。"),
    Passage("article", "pool", "en", "When does the pool open?", asked=True),
]


@pytest.fixture
def version(tmp_path: Path) -> Path:
    name = index.write(PASSAGES, index.embed(PASSAGES, Letters()), tmp_path)
    return tmp_path / name


def flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def test_the_nearest_passage_is_in_the_language_asked(version: Path) -> None:
    opened = index.load(version)
    vector = Letters().embed_queries(["游泳池几点开"])[0]
    (number, similarity), *_ = opened.nearest(vector, "zh", 3)
    assert number == 2
    assert similarity == pytest.approx(1, abs=1e-5)
    assert [n for n, _ in opened.nearest(vector, "en", 3)] == [4]


def test_each_record_is_found_by_its_nearest_passage(version: Path) -> None:
    opened = index.load(version)
    vector = Letters().embed_queries(["游泳池几点开"])[0]
    passages = opened.nearest(vector, "zh", 4)
    first: dict[str, tuple[int, float]] = {}
    for number, similarity in passages:
        first.setdefault(PASSAGES[number].record_id, (number, similarity))
    assert opened.nearest_of_each(vector, "zh") == list(first.values())
    without = opened.nearest_of_each(vector, "zh", frozenset({2}))
    assert [number for number, _ in without if number in (2, 3)] == [3]
    assert opened.nearest_of_each(vector, "zh", frozenset(range(4))) == []


def test_shared_words_are_found_by_their_word(version: Path) -> None:
    opened = index.load(version)
    assert {n for n, _ in opened.matching("身份证", "zh", 5)} == {1}
    assert opened.matching("？", "zh", 5) == []


def test_the_same_content_is_the_same_version(version: Path, tmp_path: Path) -> None:
    again = index.write(PASSAGES, index.embed(PASSAGES, Letters()), tmp_path / "again")
    assert again == version.name
    assert index.latest(tmp_path / "again") == again


def test_other_content_is_another_version(version: Path, tmp_path: Path) -> None:
    fewer = PASSAGES[:4]
    assert index.write(fewer, index.embed(fewer, Letters()), tmp_path) != version.name


@pytest.mark.parametrize(
    "name",
    [index.PASSAGES, index.WORDS, index.CALIBRATION, classifier.FILE, *files.FILES.values()],
)
def test_a_flipped_byte_is_refused(version: Path, name: str) -> None:
    flip_a_byte(version / name)
    with pytest.raises(IndexUnusable, match=name):
        index.load(version)


def test_an_index_without_a_manifest_is_refused(version: Path) -> None:
    (version / "manifest.json").unlink()
    with pytest.raises(IndexUnusable):
        index.load(version)


def test_a_classifier_put_beside_the_index_is_refused(tmp_path: Path, version: Path) -> None:
    """A file the manifest does not name was not built with the index."""
    few = PASSAGES[:1]
    alone = tmp_path / index.write(few, index.embed(few, Letters()), tmp_path)
    (alone / classifier.FILE).write_bytes((version / classifier.FILE).read_bytes())
    with pytest.raises(IndexUnusable):
        index.load(alone)


def test_the_words_cannot_be_written(version: Path) -> None:
    with pytest.raises(Exception, match="readonly"):
        index.load(version).words.execute("DELETE FROM words")


def test_nothing_is_learned_from_more_passages_than_it_is_worth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "MOST_PASSAGES", len(PASSAGES) - 1)
    name = index.write(PASSAGES, index.embed(PASSAGES, Letters()), tmp_path)
    opened = index.load(tmp_path / name)
    assert opened.classifier is None
    opened.close()


def test_without_its_vectors_an_index_is_refused(version: Path) -> None:
    (version / files.FILES["en"]).unlink()
    with pytest.raises(IndexUnusable, match=r"vectors\.en"):
        index.load(version)
