"""Vectors in files: exact while they are few, nearly so above."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.vectors import FileStore, files
from tests.knowledge.vectors.conftest import heaps


def test_twenty_thousand_vectors_are_searched_exactly_and_more_in_lists() -> None:
    assert files.kind_for(20_000) is files.EXACT
    assert files.kind_for(20_001).lists
    assert files.kind_for(1_000_000).lists > files.kind_for(100_000).lists


def test_what_is_kept_is_found_nearest_first_in_its_language(tmp_path: Path) -> None:
    vectors = {"zh": heaps(300), "en": heaps(20, seed=8)}
    FileStore().write(tmp_path, vectors)
    opened = FileStore().open(tmp_path)
    rows, similarities = opened.search("zh", vectors["zh"][7], 10)
    assert rows[0] == 7
    assert similarities.tolist() == sorted(similarities.tolist(), reverse=True)
    assert opened.search("en", vectors["en"][3], 1)[0].tolist() == [3]
    opened.close()


def test_no_more_is_found_than_there_is(tmp_path: Path) -> None:
    FileStore().write(tmp_path, {"zh": heaps(3), "en": heaps(0)})
    opened = FileStore().open(tmp_path)
    assert sorted(opened.search("zh", heaps(1)[0], 60)[0].tolist()) == [0, 1, 2]
    assert opened.search("en", heaps(1)[0], 60)[0].tolist() == []


@pytest.mark.parametrize(("read", "enough"), [(16, True), (1, False)])
def test_lists_find_what_an_exact_search_finds(read: int, enough: bool) -> None:
    """And would not, were only one of them read."""
    kind = files.Kind("IVF64,SQ8", 64, read)
    vectors, asked = heaps(5000), heaps(200, seed=9)
    exact, nearly = files.build(vectors, files.EXACT), files.build(vectors, kind)
    _, wanted = exact.search(asked, 10)
    _, found = nearly.search(asked, 10)
    recall = np.mean([len(set(w) & set(f)) / 10 for w, f in zip(wanted, found, strict=True)])
    assert bool(recall >= 0.95) is enough
