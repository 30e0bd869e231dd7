"""Finds the record that answers a question, and says honestly whether it surely does."""

import threading
from dataclasses import dataclass
from pathlib import Path

from knowledge import calibration, index
from knowledge.embedder import Embedder
from knowledge.index import Index
from knowledge.pack import Pack
from knowledge.passages import Passage, passages_of
from knowledge.ranking import Question, Ranking, rank
from knowledge.text import normalise

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


class KnowledgeBase:
    """An index with the encoder that searches it; safe to use from several threads.

    `folder` holds the index versions. Which of them answers is for the caller to say
    (`version`, later `use`), or the one built last (`refresh`).
    """

    def __init__(self, folder: Path, embedder: Embedder, version: str = "") -> None:
        self._folder, self._embedder = folder, embedder
        self._opening = threading.Lock()  # one version is opened at a time, while others search
        self._searching = threading.Lock()  # an index is closed when nobody searches it
        self._index = index.load(index.folder_of(folder, version or index.latest(folder)))

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
                self._change_to(index.load(index.folder_of(self._folder, version)))

    def refresh(self) -> None:
        """Let the version that was built last answer from now on."""
        self.use(index.latest(self._folder))

    def search(self, question: str, language: str, limit: int = 3) -> list[Found]:
        """Return the records that answer best, best first; empty for an empty question."""
        text = normalise(question)
        if not text:
            return []
        vector = self._embedder.embed_queries([text])[0]
        with self._searching:
            ranking = rank(self._index, Question(text, vector, language))
            return _found(self._index, ranking, language, limit) if ranking else []

    def close(self) -> None:
        """Let go of the index's files."""
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
) -> str:
    """Build and calibrate the index of a pack; returns the version's name."""
    passages = passages_of(pack)
    vectors = index.embed(passages, embedder, progress)
    unanswerable = calibration.read_unanswerable(UNANSWERABLE)
    return index.write(
        passages,
        vectors,
        into,
        lambda opened: calibration.calibrate(opened, vectors, embedder, unanswerable),
    )


def _found(opened: Index, ranking: Ranking, language: str, limit: int) -> list[Found]:
    """Only the first can be sure; the others share what it leaves."""
    learned = opened.calibration.get(language)
    first = calibration.probability(ranking.evidence, learned) if learned else 0.0
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
        for place, ranked in enumerate(ranking.records[:limit])
    ]
