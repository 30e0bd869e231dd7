"""Missed questions by meaning, with the real encoder."""

from datetime import UTC, datetime, timedelta

import pytest

from actions.learning import clusters
from actions.learning.clusters import Cluster
from actions.learning.model import Miss, Reason
from actions.people.model import Words
from knowledge.embedder import OnnxEmbedder
from tests.conftest import ENCODER, missing

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def embedder() -> OnnxEmbedder:
    if not (ENCODER / "manifest.json").exists():
        missing("the encoder (make setup)")
    return OnnxEmbedder(ENCODER)


def miss(number: int, text: str, who: str = "a", language: str = "zh", **more: object) -> Miss:
    facts = {"reason": Reason.UNKNOWN, "likely": [], "complaint": None, "shown": None} | more
    return Miss(
        id=number,
        conversation_id=who,
        language=language,
        words=Words(text=text),
        asked_at=NOON + timedelta(minutes=number),
        **facts,
    )


def texts(found: list[Cluster]) -> list[set[str]]:
    return [{miss.text for miss in cluster.misses} for cluster in found]


def test_the_same_meaning_is_one_cluster_and_the_newest_comes_first(
    embedder: OnnxEmbedder,
) -> None:
    found = clusters.together(
        [
            miss(1, "停车多少钱"),
            miss(2, "停车收费不"),
            miss(3, "怎么办借书证"),
            miss(4, "停车要钱吗"),
            miss(5, "借书证怎么办"),
        ],
        embedder,
    )
    assert texts(found) == [
        {"借书证怎么办", "怎么办借书证"},
        {"停车多少钱", "停车收费不", "停车要钱吗"},
    ]


def test_what_only_sounds_alike_stays_apart(embedder: OnnxEmbedder) -> None:
    alike = ["食堂几点开门", "健身房几点开门", "图书馆几点开门", "老人坐车免费吗"]
    found = clusters.together([miss(n, text) for n, text in enumerate(alike)], embedder)
    assert len(found) == len(alike)


def test_conversations_are_counted_not_messages(embedder: OnnxEmbedder) -> None:
    same = [miss(n, "停车多少钱", who) for n, who in enumerate("aaab")]
    (found,) = clusters.together(same, embedder)
    assert (len(found.misses), found.conversations) == (4, 2)


def test_the_records_most_of_them_came_near_to_are_offered_first(
    embedder: OnnxEmbedder,
) -> None:
    near = [["article:x"], ["article:y", "article:x"], ["article:z"], ["article:x"]]
    same = [miss(n, "停车多少钱", likely=likely) for n, likely in enumerate(near)]
    same.append(miss(9, "停车多少钱", complaint="wrong", shown="article:q"))
    (found,) = clusters.together(same, embedder)
    assert found.likely[0] == "article:x"
    assert found.shown == ("article:q",)
    assert found.reasons == {"unknown": 4, "wrong": 1}


def test_languages_are_kept_apart_and_nothing_is_no_cluster(embedder: OnnxEmbedder) -> None:
    both = [miss(1, "wifi"), miss(2, "wifi", language="en")]
    assert [one.language for one in clusters.together(both, embedder)] == ["en", "zh"]
    assert clusters.together([], embedder) == []
