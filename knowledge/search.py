"""Finds the record that answers a question, and says honestly whether it surely does."""

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from knowledge import calibration, index, learned
from knowledge.embedder import Embedder
from knowledge.index import Index
from knowledge.learned import Learned
from knowledge.pack import Pack
from knowledge.passages import Passage, passages_of
from knowledge.ranking import Ranked, Ranker, Ranking, rank, read, together
from knowledge.records import RecordKey
from knowledge.vectors import VectorStore

UNANSWERABLE = Path(__file__).parent / "data" / "unanswerable.yml"


@dataclass(frozen=True)
class Found:
    """A record that may answer, and its passage nearest to the question.

    `probability` is that of being the right one (0 to 1). `confident`: answer with it.
    `likely`: not sure enough to answer, worth asking “did you mean …?”.
    """

    kind: str
    record_id: str
    passage: Passage
    score: float
    probability: float
    confident: bool
    likely: bool

    @property
    def record(self) -> RecordKey:
        """The kind and id of the record."""
        return self.kind, self.record_id


class KnowledgeBase:
    """An index with the encoder that searches it; safe to use from several threads.

    `folder` holds the index versions, `store` their vectors. Which of them answers is for the
    caller to say (`version`, later `use`), or the one built last (`refresh`). A `ranker` that
    remembers is for one version.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        store: VectorStore = index.FILES,
        version: str = "",
        ranker: Ranker = rank,
    ) -> None:
        self._rank = ranker
        self._folder, self._embedder, self._store = folder, embedder, store
        self._opening = threading.Lock()  # one version is opened at a time, while others search
        self._searching = threading.Lock()  # an index is closed when nobody searches it
        named = index.folder_of(folder, version or index.latest(folder))
        self._index = index.load(named, store)
        self._learned = Learned()

    @property
    def version(self) -> str:
        """The version that answers now."""
        return self._index.version

    def use(self, version: str) -> None:
        """Let a version answer from now on; costs nothing when it does already.

        Raises:
            IndexUnusable: there is no such version, or it is not as it was built; the present
                one goes on answering.
        """
        if version == self._index.version:
            return
        with self._opening:
            if version != self._index.version:
                folder = index.folder_of(self._folder, version)
                self._change_to(index.load(folder, self._store))

    def refresh(self) -> None:
        """Let the version that was built last answer from now on."""
        self.use(index.latest(self._folder))

    def search(
        self, question: str, language: str, limit: int = 3, after: str = ""
    ) -> list[Found]:
        """Return the records that answer best, best first; empty when nothing is asked.

        `after` names what was answered before; what only adds to that is understood with it.

        Raises:
            IndexUnusable: the database with the vectors cannot be reached.
        """
        asked = [question, f"{after} {question}"] if after else [question]
        read_as = [read(self._index, self._embedder, text, language) for text in asked]
        with self._searching:
            rankings = [self._rank(self._index, text) for text in read_as if text]
            ranked = [ranking for ranking in rankings if ranking]
            found = _found(self._index, ranked, language, limit) if ranked else []
            taught = self._learned.nearest(read_as[0], self._index) if read_as[0] else None
        return _taught_first(*taught, found)[:limit] if taught else found

    def learn(self, mark: Hashable, taught: Callable[[], Sequence[Passage]]) -> None:
        """Count what was taught as sample questions from now on.

        `mark` says as of when it is; with the mark of the last time nothing is asked nor done.
        """
        if mark != self._learned.mark:
            self._learned = learned.learn(mark, taught(), self._embedder)

    def close(self) -> None:
        """Let go of the index's files and connections."""
        with self._searching:
            self._index.close()

    def _change_to(self, opened: Index) -> None:
        with self._searching:
            old, self._index = self._index, opened
            old.close()


def build(
    pack: Pack,
    embedder: Embedder,
    into: Path,
    progress: index.Progress = lambda _done, _of: None,
    store: VectorStore = index.FILES,
    ranker: Ranker = rank,
) -> str:
    """Build and calibrate the index of a pack; returns the version's name.

    Raises:
        IndexUnusable: the vectors cannot be kept in `store`.
    """
    passages = passages_of(pack)
    vectors = index.embed(passages, embedder, progress)
    unanswerable = calibration.read_unanswerable(UNANSWERABLE)
    return index.write(
        passages,
        vectors,
        into,
        lambda opened: calibration.calibrate(
            opened, vectors, embedder, unanswerable, pack.golden, ranker
        ),
        store,
    )


def _taught_first(passage: Passage, similarity: float, found: list[Found]) -> list[Found]:
    """A question somebody taught is answered as taught; the others come after."""
    first = Found(passage.kind, passage.record_id, passage, similarity, 1.0, True, True)
    others = [
        replace(one, probability=0.0, confident=False)
        for one in found
        if one.record != passage.record
    ]
    return [first, *others]


def _found(
    opened: Index, rankings: Sequence[Ranking], language: str, limit: int
) -> list[Found]:
    """Only the first can be sure; the others share what it leaves.

    Of what adds to a question, how sure it is shows in both together: alone it says too little.
    """
    ordered = together(rankings)
    learned = opened.calibration.get(language)
    first = _probability(rankings[-1], ordered[0], learned)
    sure, likely = (learned["sure"], learned["likely"]) if learned else (1.0, 1.0)
    return [
        Found(
            kind=ranked.record[0],
            record_id=ranked.record[1],
            passage=opened.passages[ranked.passage],
            score=ranked.score,
            probability=first if place == 0 else min(first, 1 - first),
            confident=place == 0 and first > sure,
            likely=first > likely,
        )
        for place, ranked in enumerate(ordered[:limit])
    ]


def _probability(ranking: Ranking, first: Ranked, learned: dict[str, Any] | None) -> float:
    """How probably a record is the right one, by a ranking that has it first."""
    if learned is None or ranking.records[0].record != first.record:
        return 0.0
    return calibration.probability(ranking.evidence, learned)
