"""The gate before a publish: golden questions answered right so far must stay right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from knowledge.golden import FILE as GOLDEN
from knowledge.golden import Golden
from knowledge.pack import Pack, title_of
from knowledge.records import RecordKey
from knowledge.search import Found

DECLINED = "declined"


class Searches(Protocol):
    """What finds records, as `KnowledgeBase` does."""

    def search(
        self, question: str, language: str, limit: int = 3, after: str = ""
    ) -> list[Found]:
        """Return the records that answer best, best first."""


@dataclass(frozen=True)
class Asked:
    """What the questions are put to: an index, and the pack it was built from."""

    base: Searches
    pack: Pack

    def answers(self, golden: Golden) -> list[Found]:
        """Return what comes first; what adds to a question is asked after its answer."""
        after = self._name(golden.after, golden.language) if golden.after else ""
        return self.base.search(golden.question, golden.language, 1, after)

    def _name(self, question: str, language: str) -> str:
        """Return the name of the record that answers; empty when nothing does."""
        found = self.base.search(question, language, 1)
        record = self.pack.record(found[0].record) if found else None
        return title_of(record).in_(language) if record else ""


@dataclass(frozen=True)
class Regression:
    """A golden question that was answered right and no longer is."""

    question: str
    language: str
    expected: str
    now: str


@dataclass(frozen=True)
class Outcome:
    """What the golden questions came to: how many, how many right, and what broke."""

    asked: int
    right_before: int
    right: int
    regressions: tuple[Regression, ...]


def compare(book: Sequence[Golden], candidate: Asked, active: Asked | None = None) -> Outcome:
    """Ask both; a regression is what only the active one answers right."""
    right_before = right = 0
    broken = []
    for golden in book:
        found = candidate.answers(golden)
        was_right = active is not None and is_right(golden, active.answers(golden))
        is_now = is_right(golden, found)
        right_before, right = right_before + was_right, right + is_now
        if was_right and not is_now:
            now = _named(golden, found)
            broken.append(Regression(golden.question, golden.language, expected(golden), now))
    return Outcome(len(book), right_before, right, tuple(broken))


def is_right(golden: Golden, found: Sequence[Found]) -> bool:
    """Whether a right record comes first, or what must be declined surely is not answered."""
    first = found[0] if found else None
    if not golden.records:
        return first is None or not first.confident
    return first is not None and first.record_id in golden.records


def expected(golden: Golden) -> str:
    """Return what is right, in a word."""
    return ", ".join(sorted(golden.records)) or DECLINED


def strangers(book: Iterable[Golden], known: Iterable[RecordKey]) -> list[str]:
    """Return a sentence for each expected record there is not."""
    names = {record_id for _, record_id in known}
    return [
        f"{GOLDEN}: “{golden.question}” expects {record}, which is not in the pack"
        for golden in book
        for record in sorted(golden.records - names)
    ]


def _named(golden: Golden, found: Sequence[Found]) -> str:
    if not found or (golden.records and not found[0].likely):
        return DECLINED
    return f"{found[0].kind}:{found[0].record_id}"
