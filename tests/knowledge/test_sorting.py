"""What is learned of categories, and when it is learned anew."""

import threading
import time
from pathlib import Path

import pytest

from knowledge import sorting
from knowledge.embedder import OnnxEmbedder
from knowledge.pack import Pack
from knowledge.sorting import Sorter
from tests.knowledge.conftest import Letters


class Mute(Letters):
    """Embeds a message, and refuses to embed what would be learned from."""

    def embed_queries(self, texts):  # type: ignore[no-untyped-def]
        assert len(texts) == 1, "learned anew"
        return super().embed_queries(texts)


def best(scores: dict[str, float]) -> str:
    return max(scores, key=lambda code: scores[code])


def with_examples(pack: Pack, code: str, *examples: str) -> Pack:
    category = pack.categories[code].model_copy(update={"examples": examples})
    return pack.model_copy(update={"categories": {**pack.categories, code: category}})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("一落雨门口就变成河，水退不下去", "drainage"),
        ("升降机又不动了", "lift"),
        ("the taps have been dry since this morning", "water-power"),
    ],
)
def test_the_meaning_tells_without_a_keyword(
    guali: Pack, encoder: OnnxEmbedder, text: str, code: str
) -> None:
    assert best(dict(Sorter(encoder).scores(guali, text))) == code


def test_what_was_learned_is_kept(guali: Pack, tmp_path: Path) -> None:
    sorting.build(guali, Letters(), tmp_path)
    fresh = Sorter(Letters()).scores(guali, "电梯坏了")
    kept = Sorter(Mute(), tmp_path).scores(guali, "电梯坏了")
    assert kept == pytest.approx(fresh, abs=0.01)


def test_what_was_learned_of_other_examples_is_not_used(guali: Pack, tmp_path: Path) -> None:
    sorting.build(guali, Letters(), tmp_path)
    changed = with_examples(guali, "lift", "飞毯坏了")
    assert sorting.load(tmp_path, sorting.fingerprint(changed)) is None


def test_another_pack_is_learned_while_what_was_learned_goes_on(guali: Pack) -> None:
    learning, may_learn = threading.Event(), threading.Event()

    class Slow(Letters):
        def embed_queries(self, texts):  # type: ignore[no-untyped-def]
            if "飞毯坏了" in texts and len(texts) > 1:
                learning.set()
                assert may_learn.wait(20)
            return super().embed_queries(texts)

    changed = with_examples(guali, "lift", "飞毯坏了")
    sorter = Sorter(Slow())
    before = sorter.scores(guali, "飞毯坏了")
    assert sorter.scores(changed, "飞毯坏了") == before
    assert learning.wait(20)
    assert sorter.scores(changed, "飞毯坏了") == before
    may_learn.set()
    for _ in range(400):
        if (after := sorter.scores(changed, "飞毯坏了")) != before:
            break
        time.sleep(0.05)
    assert after["lift"] > before["lift"]


def test_an_edition_with_the_same_examples_is_not_learned_anew(
    guali: Pack, tmp_path: Path
) -> None:
    sorting.build(guali, Letters(), tmp_path)
    sorter = Sorter(Mute(), tmp_path)
    for pack in (guali, guali.model_copy(), guali):
        assert sorter.scores(pack, "电梯坏了")


def test_a_changed_byte_of_what_was_learned_is_refused(guali: Pack, tmp_path: Path) -> None:
    sorting.build(guali, Letters(), tmp_path)
    file = tmp_path / sorting.FILE
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert sorting.load(tmp_path, sorting.fingerprint(guali)) is None


def test_without_examples_nothing_is_said(guali: Pack) -> None:
    bare = {
        code: category.model_copy(update={"examples": ()})
        for code, category in guali.categories.items()
    }
    pack = guali.model_copy(update={"categories": bare})
    assert Sorter(Letters()).scores(pack, "电梯坏了") == {}
    assert Sorter(Letters()).scores(guali, "  ") == {}


def test_a_pack_in_one_language_is_asked_in_the_other(guali: Pack) -> None:
    few = {code: guali.categories[code] for code in ("lift", "noise", "tree")}
    pack = guali.model_copy(update={"categories": few})
    for code in few:
        chinese = [e for e in few[code].examples if not e.isascii()]
        pack = with_examples(pack, code, *chinese)
    assert set(Sorter(Letters()).scores(pack, "the lift is broken")) == set(few)
