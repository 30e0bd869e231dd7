"""Every idea of the lab can tell clear intents apart, and strangers from both."""

from pathlib import Path

import numpy as np
import pytest

from bench import intents_lab
from bench.intents_lab import HEADS, SCOPES, Seen, Set, letters, read
from setup.tuning import Example

INTENTS, EACH, WIDTH = 3, 8, 16


@pytest.fixture(scope="module")
def seen() -> Seen:
    """Three heaps of vectors, and strangers that are on none of them."""
    noise = np.random.default_rng(7)
    labels = np.repeat(np.arange(INTENTS), EACH)

    def heaps() -> intents_lab.Matrix:
        return _length_one(np.eye(WIDTH)[labels] + noise.normal(0, 0.1, (len(labels), WIDTH)))

    strangers = _length_one(np.eye(WIDTH)[8:] + noise.normal(0, 0.1, (8, WIDTH)))
    return Seen(heaps(), labels, heaps(), labels, strangers)


def _length_one(rows: intents_lab.Matrix) -> intents_lab.Matrix:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


@pytest.mark.parametrize("name", HEADS)
def test_every_head_tells_clear_intents_apart(seen: Seen, name: str) -> None:
    judged, strangers = HEADS[name](seen)
    assert (judged.argmax(1) == seen.truth).all()
    assert strangers.shape == (len(seen.strangers), INTENTS)


@pytest.mark.parametrize("name", SCOPES)
def test_every_score_is_lower_for_most_strangers(seen: Seen, name: str) -> None:
    judged, strangers = intents_lab.mixed(seen)
    known = SCOPES[name](judged, seen.judged, seen)
    assert np.median(SCOPES[name](strangers, seen.strangers, seen)) < np.median(known)


def test_a_set_is_read_from_its_validation_rows_and_never_from_its_test(tmp_path: Path) -> None:
    (tmp_path / "train_10.tsv").write_text("几点开门\thours\n下一班车\tbus\n", "utf-8")
    (tmp_path / "valid.tsv").write_text("几点关门\thours\n", "utf-8")
    (tmp_path / "oos_valid.tsv").write_text("讲个笑话\toos\n", "utf-8")
    (tmp_path / "test.tsv").write_text("末班车\tbus\n", "utf-8")
    data = read(tmp_path, "_10")
    assert data.intents == ["bus", "hours"]
    assert data.judged == (Example("几点关门", "hours"),)
    assert data.strangers == ("讲个笑话",)


def test_letters_alone_tell_words_apart() -> None:
    said = (Example("几点开门", "hours"), Example("下一班车", "bus"), Example("你好", "greet"))
    judged, strangers = letters(Set("three", said, said, ()))
    assert judged.argmax(1).tolist() == [2, 0, 1]
    assert strangers.shape == (1, 3)
