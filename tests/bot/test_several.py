"""Where a message falls apart, and that it does not when it is about one thing."""

import pytest

from bot.assistant import Meant
from bot.several import MOST, clauses, things


def parts(text: str) -> list[str]:
    return [clause.of(text) for clause in clauses(text)]


def asked(text: str, *meant: Meant, form: str | None = None) -> list[tuple[str, str]]:
    """What is asked, in the order in which it is done."""
    found = things(text, clauses(text), meant, form)
    return [(thing.intent, text[thing.starts : thing.ends]) for thing in found]


def means(intent: str, confidence: float = 0.95, *names: str) -> Meant:
    return Meant(((intent, confidence),), frozenset(names))


REPORT, HOURS = means("report_problem"), means("ask_hours", 0.95, "library")
BOOK, NOTHING = means("book_activity"), means("follow_up", 0.5)


def test_a_message_falls_apart_at_marks_at_spaces_and_before_joiners() -> None:
    assert parts("路灯坏了，还有明天书法课几点") == ["路灯坏了，", "明天书法课几点"]
    assert parts("明天有什么活动 顺便取消书法") == ["明天有什么活动 ", "取消书法"]
    assert parts("The lamp is broken and when does it close?") == [
        "The lamp is broken ",
        "when does it close?",
    ]


@pytest.mark.parametrize(
    "text",
    ["书法课还有名额吗", "书法、太极、古筝", "GQ-261124-0001", "1.5 米", "1", "", "，，"],
)
def test_what_only_looks_like_a_boundary_is_none(text: str) -> None:
    assert len(parts(text)) <= 1


def test_a_joiner_alone_joins_what_comes_after_it() -> None:
    assert [clause.joined for clause in clauses("灯坏了，对了，几点关门")] == [False, True]


def test_a_story_is_one_thing() -> None:
    assert clauses("灯坏了，" * (MOST + 1)) == []
    assert things("", [], []) == []


def test_a_question_is_done_before_the_deed_that_was_said_first() -> None:
    text = "路灯坏了，还有图书馆几点关门"
    assert asked(text, REPORT, HOURS) == [
        ("ask_hours", "图书馆几点关门"),
        ("report_problem", "路灯坏了"),
    ]


def test_what_asks_nothing_belongs_to_what_was_asked_before_it() -> None:
    assert asked("路灯坏了，在门口，很黑", REPORT, NOTHING, NOTHING) == [
        ("report_problem", "路灯坏了，在门口，很黑")
    ]


def test_a_greeting_belongs_to_what_is_asked_after_it() -> None:
    text = "你好，图书馆几点关门"
    assert asked(text, means("greet"), HOURS) == [("ask_hours", text)]


def test_two_symptoms_are_one_report() -> None:
    assert len(asked("灯坏了。门也关不上", REPORT, REPORT)) == 1


def test_when_it_is_mended_belongs_to_the_report() -> None:
    assert len(asked("灯坏了！什么时候能修好？", REPORT, means("ask_knowledge"))) == 1


def test_a_person_comes_after_the_questions() -> None:
    found = asked("转人工，另外图书馆几点关门", means("ask_person"), HOURS)
    assert [intent for intent, _ in found] == ["ask_hours", "ask_person"]


def test_two_bookings_are_two_where_each_names_its_own() -> None:
    one, other = means("book_activity", 0.9, "taiji"), means("book_activity", 0.9, "shufa")
    assert len(asked("报太极，再帮我报书法", one, other)) == 2
    assert len(asked("报太极，再帮我报太极", one, one)) == 1


def test_an_answer_and_a_question_beside_it_are_both_kept() -> None:
    text = "3号楼门口，对了图书馆几点关门"
    assert asked(text, NOTHING, HOURS, form="report_problem_form") == [
        ("ask_hours", "图书馆几点关门"),
        ("answer", "3号楼门口"),
    ]


def test_a_long_answer_to_a_form_is_one_answer() -> None:
    text = "大门口的灯坏了，什么时候能修好"
    found = asked(text, REPORT, means("ask_knowledge", 0.7), form="report_problem_form")
    assert found == [("answer", text)]
