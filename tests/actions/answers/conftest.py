"""Answers on the shipped pack: a real index, built once a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.answers import actions as answers
from actions.content import editions
from actions.content.model import Edition
from actions.dialogue import Ground
from knowledge import search
from knowledge.embedder import OnnxEmbedder
from knowledge.pack import load_pack
from knowledge.search import KnowledgeBase
from tests.actions.conftest import Talk
from tests.conftest import missing

ENCODER = Path(".build/encoder")


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    if not (ENCODER / "manifest.json").exists():
        missing("the encoder (make setup)")
    folder, embedder = tmp_path_factory.mktemp("index"), OnnxEmbedder(ENCODER)
    search.build(load_pack(Path("knowledge/data/guali")), embedder, folder)
    opened = KnowledgeBase(folder, embedder)
    yield opened
    opened.close()


@pytest.fixture
def talk(ground: Ground, base: KnowledgeBase) -> Talk:
    with ground.database.transaction() as db:
        now = ground.clock.now()
        edition = Edition(index_version=base.version, revisions={}, published_at=now)
        editions.activate(db, edition)
    return Talk(ground, lambda g: answers.actions(g, base))
