import json
from zoneinfo import ZoneInfo

import pytest

from actions.wording import read_wording
from bot.problems import Problem

WORDING = read_wording(ZoneInfo("Asia/Shanghai"))


def test_a_problem_is_told_by_its_code_and_a_sentence_in_both_languages() -> None:
    answer = Problem(422, "bad_field", field="text").response(WORDING)
    told = json.loads(bytes(answer.body))
    assert answer.status_code == 422
    assert told["code"] == "bad_field"
    assert "text" in told["zh"]
    assert "text" in told["en"]


@pytest.mark.parametrize(("seconds", "header"), [(7, "7"), (0, None)])
def test_it_says_when_to_come_back_if_that_is_known(seconds: int, header: str | None) -> None:
    answer = Problem(429, "too_fast", retry_after=seconds).response(WORDING)
    assert answer.headers.get("retry-after") == header
