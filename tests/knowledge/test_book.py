"""The question book: golden.tsv may be tuned on, book.tsv never; both were written blind.

A row is kind, language, question, the ids of every record that is a right first answer (none
when nobody here can answer) and, for a follow-up, the question that came before it.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product
from pathlib import Path

import pytest

from knowledge.pack import Pack
from knowledge.text import normalise

GOLDEN = Path("knowledge/data/guali/golden.tsv")
BOOK = Path("tests/knowledge/book.tsv")
HEADER = "kind\tlanguage\tquestion\trecords\tafter"
AT_LEAST = {
    ("plain", "zh"): 150,
    ("colloquial", "zh"): 60,
    ("elderly", "zh"): 50,
    ("typo", "zh"): 50,
    ("traditional", "zh"): 30,
    ("short", "zh"): 30,
    ("mixed", "zh"): 20,
    ("en", "en"): 70,
    ("unanswerable", "zh"): 60,
    ("unanswerable", "en"): 25,
    ("followup", "zh"): 30,
    ("followup", "en"): 10,
}
MOST_WORDS = 0.5


@dataclass(frozen=True)
class Asked:
    """One row of the book."""

    kind: str
    language: str
    question: str
    records: str
    after: str

    @property
    def ids(self) -> list[str]:
        return [one for one in self.records.split(",") if one]

    @cached_property
    def words(self) -> frozenset[str]:
        """What one question shares with the same said again: words, or pairs of characters."""
        said = normalise(f"{self.after} {self.question}")
        if self.language == "en":
            return frozenset(re.findall(r"[a-z0-9']+", said))
        letters = re.sub(r"\W", "", said)
        return frozenset(map("".join, pairwise(letters)))


def read(path: Path) -> list[Asked]:
    return [Asked(*line.split("\t")) for line in path.read_text("utf-8").splitlines()[1:]]


def shared(one: Asked, other: Asked) -> float:
    """How much of what either says both say, from 0 to 1."""
    return len(one.words & other.words) / len(one.words | other.words)


@pytest.fixture(scope="module")
def both() -> list[Asked]:
    return read(GOLDEN) + read(BOOK)


@pytest.mark.parametrize("path", [GOLDEN, BOOK])
def test_a_file_of_the_book_says_what_its_columns_are(path: Path) -> None:
    assert path.read_text("utf-8").splitlines()[0] == HEADER


def test_every_kind_of_asking_has_enough_questions(both: list[Asked]) -> None:
    counts = Counter((row.kind, row.language) for row in both)
    assert counts.keys() == AT_LEAST.keys()
    assert [kind for kind, least in AT_LEAST.items() if counts[kind] < least] == []


@pytest.mark.parametrize(("path", "share"), [(GOLDEN, 0.6), (BOOK, 0.4)])
def test_either_file_has_its_share_of_every_kind(
    both: list[Asked], path: Path, share: float
) -> None:
    whole = Counter((row.kind, row.language) for row in both)
    here = Counter((row.kind, row.language) for row in read(path))
    assert {kind: n for kind, n in whole.items() if abs(here[kind] - share * n) > 1} == {}


def test_an_answer_is_a_record_of_the_pack(both: list[Asked], guali: Pack) -> None:
    known = {*guali.articles, *guali.facilities, *guali.activities}
    assert [row for row in both if not known.issuperset(row.ids)] == []
    assert [row for row in both if len(set(row.ids)) != len(row.ids)] == []


def test_only_what_nobody_can_answer_has_no_answer(both: list[Asked]) -> None:
    assert [row for row in both if (row.kind == "unanswerable") == bool(row.ids)] == []


def test_only_a_follow_up_comes_after_something(both: list[Asked]) -> None:
    assert [row for row in both if (row.kind == "followup") != bool(row.after)] == []


def test_what_is_called_traditional_is_written_in_traditional_characters(
    both: list[Asked],
) -> None:
    traditional = [row.question for row in both if row.kind == "traditional"]
    assert [said for said in traditional if not simplifying_changes(said)] == []
    assert not simplifying_changes("永兴书房几点开门？Li Mall呢")


def simplifying_changes(said: str) -> bool:
    """Tell whether any Chinese character of a question is another one in simplified writing."""
    return not set(re.findall("[一-鿿]", said)) <= set(normalise(said))


def test_no_question_is_asked_twice(both: list[Asked]) -> None:
    asked = Counter((normalise(row.after), normalise(row.question)) for row in both)
    assert [said for said, times in asked.items() if times > 1] == []


def test_no_question_to_tune_on_says_again_what_the_test_asks() -> None:
    assert shared(*said_twice()) > MOST_WORDS
    pairs = product(read(GOLDEN), read(BOOK))
    again = [(a.question, b.question) for a, b in pairs if shared(a, b) > MOST_WORDS]
    assert again == []


def said_twice() -> tuple[Asked, Asked]:
    one, other = "健身房单次体验多少钱", "健身房單次多少錢"
    return Asked("plain", "zh", one, "", ""), Asked("traditional", "zh", other, "", "")


def test_every_article_is_asked_for_twice_and_every_other_record_once(
    both: list[Asked], guali: Pack
) -> None:
    times = Counter(record for row in both for record in row.ids)
    assert [one for one in guali.articles if times[one] < 2] == []
    assert [one for one in (*guali.facilities, *guali.activities) if not times[one]] == []
