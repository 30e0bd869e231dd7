"""Answers on the shipped pack: a real index, built once a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.answers import actions as answers
from actions.content import editions
from actions.content.model import Edition
from actions.dialogue import Ground
from knowledge.embedder import OnnxEmbedder
from knowledge.search import KnowledgeBase
from tests.actions.conftest import Talk
from tests.conftest import ENCODER


@pytest.fixture(scope="session")
def base(pack_index: Path) -> Iterator[KnowledgeBase]:
    opened = KnowledgeBase(pack_index, OnnxEmbedder(ENCODER))
    yield opened
    opened.close()


@pytest.fixture
def talk(ground: Ground, base: KnowledgeBase) -> Talk:
    with ground.database.transaction() as db:
        now = ground.clock.now()
        edition = Edition(index_version=base.version, revisions={}, published_at=now)
        editions.activate(db, edition)
    return Talk(ground, lambda g: answers.actions(g, base))
