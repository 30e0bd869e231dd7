"""What a notice tells of a corrected record."""

import re
from datetime import date, datetime

import pytest

from actions.learning import correction
from actions.learning.correction import Correction
from actions.wording import read_wording
from knowledge.pack import Answering, key_of
from knowledge.transit import RECORD as TIMETABLE
from knowledge.transit import open_timetable
from tests.actions.learning.conftest import PACK

WORDING = read_wording(PACK.zone)
DAY = date(2026, 11, 25)


def corrected(kind: str, record_id: str) -> Correction:
    found = correction.correct(PACK, WORDING, kind, record_id, on=DAY)
    assert found
    return found


@pytest.mark.parametrize("records", [PACK.articles, PACK.facilities, PACK.activities])
def test_every_record_that_answers_can_be_corrected(records: dict[str, Answering]) -> None:
    for record in records.values():
        kind, record_id = key_of(record) or ("", "")
        found = corrected(kind, record_id)
        assert found.title.zh
        *_, origin = found.answer.zh.splitlines()
        assert re.fullmatch("（(来源|据存档|示例数据).*）|截至 .*有效.*确认。", origin)


def test_a_facility_tells_its_hours_of_the_days_to_come_with_their_dates() -> None:
    answer = corrected("facility", "fac-convenience").answer
    assert "11月25日（周三）开放" in answer.zh
    assert "Wed 25 Nov" in answer.en


def test_a_corrected_answer_that_has_run_out_says_until_when_it_held() -> None:
    run_out, holds = corrected("article", "tr-senior"), corrected("article", "ed-card")
    assert "截至 2019-12-31 有效" in run_out.answer.zh
    assert "2019-12-31" in run_out.answer.en.splitlines()[-1]
    assert "截至" not in holds.answer.zh


def test_a_record_the_pack_has_no_longer_cannot_be_corrected() -> None:
    assert correction.correct(PACK, WORDING, "article", "gone", on=DAY) is None
    assert correction.correct(PACK, WORDING, "unknown", "", on=DAY) is None


def test_another_word_is_another_version() -> None:
    article = PACK.articles["ed-card"]
    changed = article.model_copy(update={"source": article.source + "。"})
    assert len(article.fingerprint) == 16
    assert article.fingerprint != changed.fingerprint
    assert article.fingerprint == article.model_copy().fingerprint


def test_a_timetable_is_corrected_by_asking_again() -> None:
    found = corrected(*TIMETABLE)
    assert found.version == open_timetable(PACK).version
    for language, ask in (("zh", "再问我一次"), ("en", "ask me again")):
        said = WORDING.render(
            found.response,
            language=language,
            values={
                "title": found.title.in_(language),
                "answer": found.answer.in_(language),
                "at": datetime(2026, 11, 24, tzinfo=PACK.zone),
            },
        )
        assert ask in said.text
        assert said.choices[0].intent == "ask_departure"
