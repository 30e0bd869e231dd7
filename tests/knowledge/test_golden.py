"""The golden questions: what was right and no longer is, and nothing else, is a regression."""

import pytest

from knowledge.errors import PackInvalid
from knowledge.golden import Golden, compare, is_right, read_book, strangers
from knowledge.passages import Passage
from knowledge.search import Found

BOOK = "kind\tlanguage\tquestion\trecords\n# a comment\ndaily\tzh\t办证\tcard, article:pass\n"


def found(record_id: str, *, sure: bool = True) -> Found:
    passage = Passage("article", record_id, "zh", "")
    return Found("article", record_id, passage, 1.0, 0.9, sure, likely=True)


class Answers:
    """Answers each question by a fixed record; none: it finds nothing."""

    def __init__(self, **by_question: Found) -> None:
        self.by_question = by_question

    def search(self, question: str, language: str, limit: int = 3) -> list[Found]:
        return [self.by_question[question]] if question in self.by_question else []


def test_a_book_has_a_question_a_line() -> None:
    assert read_book({"golden.tsv": BOOK + "oos\ten\tA poem?\noos\ten\tA song?\t\n"}) == [
        Golden("daily", "zh", "办证", ("card", "article:pass")),
        Golden("oos", "en", "A poem?", ()),
        Golden("oos", "en", "A song?", ()),
    ]
    assert read_book({}) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("daily zh 办证 card", "line 4: 1 columns"),
        ("daily\tfr\t办证\tcard", "line 4: language “fr”"),
        ("daily\tzh\t \tcard", "line 4: the question is empty"),
    ],
)
def test_a_line_nobody_can_read_is_told(line: str, said: str) -> None:
    with pytest.raises(PackInvalid, match=said):
        read_book({"golden.tsv": BOOK + line})


def test_right_is_a_right_record_first_or_no_answer_where_there_is_none() -> None:
    asked, none = Golden("", "zh", "q", ("card", "facility:hall")), Golden("", "zh", "q", ())
    assert is_right(asked, [found("card", sure=False)])
    assert not is_right(asked, [found("hall")])  # the article, not the facility
    assert not is_right(asked, [])
    assert is_right(none, [])
    assert is_right(none, [found("card", sure=False)])
    assert not is_right(none, [found("card")])


def test_only_what_was_right_before_can_break() -> None:
    book = [Golden("", "zh", question, ("card",)) for question in ("a", "b", "c", "d")]
    before = Answers(a=found("card"), b=found("card"), c=found("pool"))
    now = Answers(a=found("card"), b=found("pool"), c=found("pool"), d=found("card"))
    outcome = compare(book, now, before)
    assert (outcome.asked, outcome.right_before, outcome.right) == (4, 2, 2)
    assert [(r.question, r.now) for r in outcome.regressions] == [("b", "article:pool")]
    assert compare(book, now).regressions == ()  # nothing is active: nothing can break


def test_a_question_about_a_record_there_is_not_is_told() -> None:
    book = read_book({"golden.tsv": BOOK})
    assert len(strangers(book, [("article", "card")])) == 1
    assert strangers(book, [("article", "card"), ("article", "pass")]) == []
