"""The words of the passages, in SQLite: which passages share those of a question.

With few passages all of them are looked through, by SQLite's own BM25. It reads every passage
that shares a word, 0.3 s of 100,000; so with many only those near in meaning are scored.
"""

import math
import sqlite3
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from knowledge.passages import Passage
from knowledge.text import normalise

SATURATION, BY_LENGTH = 1.2, 0.75  # BM25's k1 and b, as SQLite has them
LEAST_IDF = 1e-6  # … and its floor: a word in more than half of all passages says nothing


def tokens(text: str) -> list[str]:
    """Cut text into words: FTS5's own tokenizer does not know Chinese."""
    import rjieba  # with its dictionary, 33 MB: not every process cuts words

    cut = rjieba.cut(normalise(text))
    return [word for word in cut if any(character.isalnum() for character in word)]


def write(file: Path, passages: Sequence[Passage]) -> None:
    """Write the words of the passages, numbered in their order."""
    rows = [(n, tokens(passage.text), passage.language) for n, passage in enumerate(passages)]
    found_in = Counter(word for _, words, _ in rows for word in set(words))
    written = sqlite3.connect(file)
    written.execute("CREATE VIRTUAL TABLE words USING fts5(text, language UNINDEXED)")
    written.executemany(
        "INSERT INTO words (rowid, text, language) VALUES (?, ?, ?)",
        [(number, " ".join(words), language) for number, words, language in rows],
    )
    written.execute(
        "CREATE TABLE frequencies (word TEXT PRIMARY KEY, passages INTEGER) WITHOUT ROWID"
    )
    written.executemany("INSERT INTO frequencies VALUES (?, ?)", found_in.items())
    written.commit()
    written.close()


def open_words(file: Path) -> sqlite3.Connection:
    """Open what was written, for reading; one thread at a time."""
    return sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )


def matching(
    opened: sqlite3.Connection, question: str, language: str, count: int
) -> list[tuple[int, float]]:
    """Return (passage number, BM25 score, greater is better) of the best of all passages."""
    words = [f'"{word}"' for word in tokens(question)]
    if not words:
        return []
    rows = opened.execute(
        "SELECT rowid, -rank FROM words WHERE words MATCH ? AND language = ?"
        " ORDER BY rank LIMIT ?",
        (" OR ".join(words), language, count),
    )
    return [(int(number), float(score)) for number, score in rows]


def matching_among(
    opened: sqlite3.Connection, question: str, numbers: Sequence[int], passages: int
) -> list[tuple[int, float]]:
    """Score these passages, of so many in all, by BM25."""
    rarity = _rarity(opened, sorted(set(tokens(question))), passages)
    rows = opened.execute(
        f"SELECT rowid, text FROM words WHERE rowid IN ({_marks(numbers)})",  # noqa: S608
        numbers,
    )
    cut = {int(number): str(text).split() for number, text in rows}
    usual = sum(map(len, cut.values())) / max(len(cut), 1)
    return [(number, _bm25(words, rarity, usual)) for number, words in cut.items()]


def _rarity(opened: sqlite3.Connection, words: list[str], passages: int) -> dict[str, float]:
    """Return the inverse document frequency of those words that any passage has."""
    rows = opened.execute(
        f"SELECT word, passages FROM frequencies WHERE word IN ({_marks(words)})",  # noqa: S608
        words,
    )
    return {
        word: max(math.log((passages - found_in + 0.5) / (found_in + 0.5)), LEAST_IDF)
        for word, found_in in rows
    }


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _bm25(words: list[str], rarity: dict[str, float], usual: float) -> float:
    length = SATURATION * (1 - BY_LENGTH + BY_LENGTH * len(words) / max(usual, 1))
    counted = Counter(word for word in words if word in rarity)
    return sum(
        rarity[word] * times * (SATURATION + 1) / (times + length)
        for word, times in counted.items()
    )
