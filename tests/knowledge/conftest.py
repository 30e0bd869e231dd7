"""A small pack to change at will, an embedder without an encoder, and the real ones."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from knowledge import check
from knowledge.embedder import OnnxEmbedder, Vectors
from knowledge.pack import Pack, load_pack
from knowledge.search import KnowledgeBase
from tests.conftest import ENCODER, GUALI, missing


class Letters:
    """Embeds texts by the pairs of letters in them: near when they share words."""

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), 384), np.float32)
        for row, text in enumerate(texts):
            for pair in zip(f"^{text}", f"{text}$", strict=True):
                vectors[row, crc32("".join(pair).encode()) % 384] += 1
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self.embed_queries(texts)


ARTICLE = """---
id: {id}
title: {{zh: {title}, en: {english}}}
topic: test
level: sample
source: 示例内容
as_of: '2026-11-23'
questions:
  zh: [{title}怎么办, 哪里有{title}, {title}要钱吗, 我想问{title}]
  en: ["How do I get {english}?", "Where is {english}?", "Is {english} free?"]
---
## 中文
{title}在一楼。

## English
{english} is on the first floor.
"""
TITLES = {"card": ("借书卡", "a library card"), "pool": ("游泳池", "the pool")}
TITLES |= {"meal": ("老年食堂", "the canteen"), "gym": ("健身房", "the gym")}


def write_articles(folder: Path) -> None:
    for name, (title, english) in TITLES.items():
        article = ARTICLE.format(id=name, title=title, english=english)
        (folder / "articles" / f"{name}.md").write_text(article, encoding="utf-8")


def write_pack(folder: Path) -> None:
    """Write a small valid pack with four articles."""
    check.write_new(folder)
    write_articles(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a small valid pack with four articles."""
    written = tmp_path / "pack"
    write_pack(written)
    return written


@pytest.fixture(scope="session")
def guali() -> Pack:
    """The shipped pack."""
    return load_pack(GUALI)


@pytest.fixture(scope="session")
def encoder() -> OnnxEmbedder:
    """The encoder that set-up built."""
    if not (ENCODER / "manifest.json").exists():
        missing("the encoder (make setup)")
    return OnnxEmbedder(ENCODER)


@pytest.fixture(scope="session")
def base(encoder: OnnxEmbedder, pack_index: Path) -> Iterator[KnowledgeBase]:
    """The shipped pack's index, with the real encoder."""
    opened = KnowledgeBase(pack_index, encoder)
    yield opened
    opened.close()
