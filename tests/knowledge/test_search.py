"""Searching, and moving from one version of the index to another while others search."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from knowledge import check, index, search
from knowledge.errors import IndexUnusable
from knowledge.pack import load_pack
from knowledge.search import KnowledgeBase
from tests.knowledge.conftest import Letters, write_articles


@pytest.fixture
def built(folder: Path, tmp_path: Path) -> Path:
    """A folder with the index of the small pack."""
    search.build(load_pack(folder), Letters(), tmp_path / "index")
    return tmp_path / "index"


def another_version(tmp_path: Path, built: Path) -> str:
    other = tmp_path / "other"
    check.write_new(other)
    write_articles(other)
    (other / "articles" / "pool.md").unlink()
    return search.build(load_pack(other), Letters(), built)


def test_the_record_that_shares_the_question_s_words_is_found(built: Path) -> None:
    base = KnowledgeBase(built, Letters())
    assert base.search("游泳池怎么走", "zh")[0].record_id == "pool"
    assert base.search("Where is the canteen", "en")[0].record_id == "meal"
    base.close()


def test_an_empty_question_finds_nothing(built: Path) -> None:
    assert KnowledgeBase(built, Letters()).search("  ", "zh") == []


def test_a_question_of_signs_only_is_no_error(built: Path) -> None:
    KnowledgeBase(built, Letters()).search('？？"*', "zh")


def test_no_more_than_asked_for_is_found(built: Path) -> None:
    assert len(KnowledgeBase(built, Letters()).search("健身房", "zh", limit=2)) == 2


def test_only_the_first_may_be_sure(built: Path) -> None:
    found = KnowledgeBase(built, Letters()).search("健身房要钱吗", "zh")
    assert not any(one.confident for one in found[1:])


def test_a_version_answers_from_when_it_is_used(tmp_path: Path, built: Path) -> None:
    base = KnowledgeBase(built, Letters())
    first = base.version
    second = another_version(tmp_path, built)
    assert base.version == first
    base.use(second)
    assert base.version == second
    assert "pool" not in {one.record_id for one in base.search("游泳池", "zh")}
    base.use(first)
    assert base.search("游泳池", "zh")[0].record_id == "pool"


def test_refresh_uses_what_was_built_last(tmp_path: Path, built: Path) -> None:
    base = KnowledgeBase(built, Letters())
    second = another_version(tmp_path, built)
    base.refresh()
    assert base.version == second


@pytest.mark.parametrize("version", ["0123456789abcdef", "../etc", "", "latest"])
def test_a_version_that_is_none_is_refused_and_the_old_one_goes_on(
    built: Path, version: str
) -> None:
    base = KnowledgeBase(built, Letters())
    with pytest.raises(IndexUnusable):
        base.use(version)
    assert base.search("游泳池", "zh")


def test_versions_change_while_others_search(tmp_path: Path, built: Path) -> None:
    base = KnowledgeBase(built, Letters())
    versions = base.version, another_version(tmp_path, built)

    def ask(_: int) -> int:
        return len(base.search("健身房在哪里", "zh"))

    def change(turn: int) -> None:
        base.use(versions[turn % 2])

    with ThreadPoolExecutor(5) as people:
        asked = [people.submit(ask, n) for n in range(100)]
        changed = [people.submit(change, n) for n in range(20)]
        assert all(one.result() == 3 for one in asked)
        assert all(one.result() is None for one in changed)


def test_an_index_closed_under_a_search_would_break_it(built: Path) -> None:
    """The control: that is why nobody closes it while somebody searches."""
    opened = index.load(built / index.latest(built))
    opened.close()
    with pytest.raises(Exception, match="closed"):
        opened.matching("健身房", "zh", 3)


def test_nothing_built_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusable, match="python -m knowledge build"):
        KnowledgeBase(tmp_path, Letters())


def test_an_empty_pack_makes_an_index_that_opens(tmp_path: Path) -> None:
    check.write_new(tmp_path / "new")
    search.build(load_pack(tmp_path / "new"), Letters(), tmp_path / "index")
    base = KnowledgeBase(tmp_path / "index", Letters())
    assert base.search("图书馆几点开门", "zh") == []
    assert base.search("library", "en") == []


def test_a_pack_in_one_language_can_be_asked_in_the_other(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder / "articles")
    (folder / "articles").mkdir()
    search.build(load_pack(folder), Letters(), tmp_path / "index")
    assert KnowledgeBase(tmp_path / "index", Letters()).search("hello", "en") == []
