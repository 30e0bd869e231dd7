"""Missed questions at the desk: taught, answered anew or dismissed, each once."""

import pytest
from sqlalchemy import select

from actions.learning import learned
from actions.learning.model import LearnedQuestion, Miss, MissState
from tests.bot.desk.conftest import MISSED, RECORD, Village


@pytest.fixture
def taught(village: Village) -> Village:
    village.learn()
    return village


def state(village: Village) -> str:
    with village.bot.parts.database.reading() as db:
        return db.get_one(Miss, village.miss_id).state


def form(village: Village, **more: str) -> dict[str, str]:
    lesson = {"numbers": str(village.miss_id), "question": "金丝雀怎么喂", "language": "zh"}
    return lesson | {"record": RECORD} | more


async def test_a_missed_question_is_taught_in_the_words_of_staff(taught: Village) -> None:
    editor = taught.colleague("editor")
    page = (await editor.get("/misses")).text
    assert MISSED in page
    assert "小沥不知道" in page
    assert (await editor.post("/misses/accept", **form(taught))).status_code == 303
    assert state(taught) == MissState.ACCEPTED
    with taught.bot.parts.database.reading() as db:
        row = learned.present(db)[-1]
        assert (row.kind, row.record_id, row.question) == ("article", "ed-card", "金丝雀怎么喂")
        assert row.staff_id is not None
    page = (await editor.get("/misses")).text
    assert MISSED not in page
    assert "金丝雀怎么喂" in page


async def test_the_second_of_two_staff_is_told_and_nothing_is_taught_twice(
    taught: Village,
) -> None:
    await taught.colleague("boss").post("/misses/dismiss", numbers=str(taught.miss_id))
    answer = await taught.colleague("editor").post("/misses/accept", **form(taught))
    assert answer.status_code == 409
    assert "刚刚已经有人处理了" in answer.text
    assert state(taught) == MissState.DISMISSED
    with taught.bot.parts.database.reading() as db:
        assert len(db.scalars(select(LearnedQuestion)).all()) == 1


@pytest.mark.parametrize(
    "more",
    [
        *({"record": "借书证"}, {"record": "article:gone"}, {"language": "fr"}),
        *({"question": ""}, {"question": "长" * 201}, {"numbers": "x"}, {"numbers": "9" * 30}),
    ],
)
async def test_what_cannot_be_taught_is_refused_and_nothing_is_lost(
    taught: Village, more: dict[str, str]
) -> None:
    answer = await taught.colleague("editor").post("/misses/accept", **form(taught, **more))
    assert answer.status_code == 409
    assert state(taught) == MissState.NEW
    assert MISSED in answer.text


async def test_what_was_taught_can_be_taken_back(taught: Village) -> None:
    editor, number = taught.colleague("editor"), str(taught.taught_id)
    assert (await editor.post("/misses/retire", numbers=number)).status_code == 303
    with taught.bot.parts.database.reading() as db:
        assert learned.present(db) == []
    assert (await editor.post("/misses/retire", numbers=number)).status_code == 409


async def test_writing_a_new_answer_takes_the_question_along(taught: Village) -> None:
    page = (await taught.colleague("editor").get("/misses")).text
    assert "/desk/content/new?question=%E9%87%91%E4%B8%9D%E9%9B%80" in page


async def test_records_are_called_what_residents_get_now(taught: Village) -> None:
    taught.publish(ed_card=("怎么办借书证", "借书证去哪里办"))
    page = (await taught.colleague("editor").get("/misses")).text
    assert "借书证去哪里办" in page
    assert "怎么办借书证" not in page
