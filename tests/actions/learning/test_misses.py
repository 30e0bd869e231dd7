"""Questions that were missed are kept redacted, once, and only questions."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from actions import conversations
from actions.conversations import Complaint
from actions.errors import Refusal
from actions.learning import learned, misses
from actions.learning.learned import Question
from actions.learning.misses import Lesson
from actions.learning.model import Miss, MissState, Reason
from actions.people.model import Words
from actions.told import Told
from tests.actions.learning.conftest import Residents

NOT_KNOWN = Told("unknown", likely=("article:ed-card", "facility:lib"))
ASKED_BACK = Told("suggested", likely=("article:ed-card",))
CARD = Told("article", "ed-card", "0" * 16)
PHONE = "13805711234"


def waiting(residents: Residents) -> list[Miss]:
    with residents.database.reading() as db:
        return misses.waiting(db, now=residents.clock.now())


def dislike(residents: Residents, reply: int, complaint: Complaint | None = None) -> None:
    with residents.database.transaction() as db:
        talk, said = residents.of(db, "a"), residents.reply(db, reply)
        misses.disliked(db, talk, said, complaint, now=residents.clock.now())


def test_what_was_not_known_is_kept_without_what_tells_whose_it_is(
    residents: Residents,
) -> None:
    residents.ask("a", f"我叫王建国，电话{PHONE}，能写诗吗", NOT_KNOWN)
    (miss,) = waiting(residents)
    assert (miss.reason, miss.state, miss.likely) == (
        Reason.UNKNOWN,
        MissState.NEW,
        list(NOT_KNOWN.likely),
    )
    assert PHONE not in miss.text
    assert "王建国" not in miss.text
    assert "能写诗吗" in miss.text


def test_an_answer_is_no_miss_and_neither_is_what_was_no_answer(residents: Residents) -> None:
    residents.ask("a", "借书证怎么办", CARD)
    residents.ask("a", "约书法课", None)
    assert waiting(residents) == []
    dislike(residents, residents.ask("a", "约书法课", None))
    assert waiting(residents) == []


def test_a_question_inside_a_form_is_not_kept(residents: Residents) -> None:
    now = residents.clock.now()
    with residents.database.transaction() as db:
        talk = residents.of(db, "a").id
        conversations.keep_draft(db, talk, "request_help_form", {}, now=now)
    residents.ask("a", "我老伴走不动了", NOT_KNOWN)
    assert waiting(residents) == []


def test_a_suggestion_counts_when_nobody_tapped_it_for_a_while(residents: Residents) -> None:
    residents.ask("a", "借书", ASKED_BACK)
    assert waiting(residents) == []
    residents.clock.pass_by(misses.READING)
    assert [miss.reason for miss in waiting(residents)] == [Reason.SUGGESTED]


def test_a_tapped_suggestion_is_no_miss_and_its_words_are_gone(residents: Residents) -> None:
    residents.ask("a", "借书", ASKED_BACK)
    residents.ask("a", "c.abcdefghijk", Told("article", "ed-card", "0" * 16, chosen=True))
    residents.clock.pass_by(timedelta(hours=1))
    assert waiting(residents) == []
    with residents.database.reading() as db:
        assert db.scalars(select(Words.text).where(Words.text == "借书")).all() == ["借书"]


def test_a_disliked_answer_keeps_its_question_the_record_and_the_complaint(
    residents: Residents,
) -> None:
    reply = residents.ask("a", "借书证怎么办", CARD)
    dislike(residents, reply)
    dislike(residents, reply, Complaint.OUTDATED)
    (miss,) = waiting(residents)
    assert (miss.text, miss.shown) == ("借书证怎么办", "article:ed-card")
    assert (miss.reason, miss.complaint) == (Reason.DISLIKED, Complaint.OUTDATED)


def test_the_question_of_a_tapped_answer_is_what_was_asked_before_the_tap(
    residents: Residents,
) -> None:
    residents.ask("a", "借书", ASKED_BACK)
    chosen = Told("article", "ed-card", "0" * 16, chosen=True)
    dislike(residents, residents.ask("a", "c.abcdefghijk", chosen))
    assert [miss.text for miss in waiting(residents)] == ["借书"]


def test_who_likes_it_after_all_takes_the_miss_back(residents: Residents) -> None:
    reply = residents.ask("a", "借书证怎么办", CARD)
    dislike(residents, reply)
    with residents.database.transaction() as db:
        misses.liked(db, residents.reply(db, reply))
    assert waiting(residents) == []


def test_of_a_resident_who_is_forgotten_nothing_is_shown(residents: Residents) -> None:
    residents.ask("a", "能写诗吗", NOT_KNOWN)
    with residents.database.transaction() as db:
        who = residents.of(db, "a").resident_id
        db.execute(update(Words).where(Words.resident_id == who).values(text=""))
    assert waiting(residents) == []


LESSON = Question("article", "ed-card", "zh", "怎么借书")


def test_accepting_teaches_the_question_and_settles_the_misses(residents: Residents) -> None:
    residents.ask("a", "咋个借书", NOT_KNOWN)
    (miss,) = waiting(residents)
    now = residents.clock.now()
    with residents.database.transaction() as db:
        before = learned.mark(db)
        misses.accept(db, Lesson([miss.id], LESSON), staff_id=None, now=now)
        assert [taught.text for taught in learned.to_fold(db)] == [LESSON.text]
        assert learned.mark(db) != before
    assert waiting(residents) == []
    with (  # somebody else was faster
        pytest.raises(Refusal, match="utter_desk_miss_settled"),
        residents.database.transaction() as db,
    ):
        misses.accept(db, Lesson([miss.id], LESSON), staff_id=None, now=now)


@pytest.mark.parametrize("text", ["", "借", "借" * 201])
def test_a_question_without_words_or_with_too_many_is_not_taught(
    residents: Residents, text: str
) -> None:
    residents.ask("a", "咋个借书", NOT_KNOWN)
    (miss,) = waiting(residents)
    lesson = Lesson([miss.id], Question("article", "ed-card", "zh", text))
    with (
        pytest.raises(Refusal, match="utter_desk_question_length"),
        residents.database.transaction() as db,
    ):
        misses.accept(db, lesson, staff_id=None, now=residents.clock.now())
    assert len(waiting(residents)) == 1


def test_what_is_dismissed_waits_no_longer(residents: Residents) -> None:
    residents.ask("a", "能写诗吗", NOT_KNOWN)
    (miss,) = waiting(residents)
    with residents.database.transaction() as db:
        misses.dismiss(db, [miss.id], staff_id=None, now=residents.clock.now())
    assert waiting(residents) == []


def test_taught_again_the_latest_word_holds(residents: Residents) -> None:
    now = residents.clock.now()
    other = Question("article", "ed-hzbook", "zh", LESSON.text)
    with residents.database.transaction() as db:
        for question in (LESSON, other):
            learned.teach(db, question, staff_id=None, now=now)
        assert [taught.record_id for taught in learned.to_fold(db)] == [other.record_id]
        assert [(p.record, p.text, p.asked) for p in learned.passages(db)] == [
            (("article", "ed-hzbook"), LESSON.text, True)
        ]
