from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actions import wording
from actions.conversations import Choice
from actions.wording import Wording, WordingError

RESPONSES: dict[str, list[dict[str, Any]]] = {
    "utter_booked": [
        {"text": "已约：{activity}，{when}"},
        {
            "text": "Booked: {activity}, {when}",
            "condition": [{"type": "slot", "name": "language", "value": "en"}],
        },
        {
            "text": "约好了",
            "condition": [{"type": "slot", "name": "elder", "value": True}],
        },
    ],
    "utter_sure": [
        {"text": "对吗？", "buttons": [{"title": "对", "payload": '/choose{"choice": "yes"}'}]}
    ],
}
WORDING = Wording(RESPONSES, ZoneInfo("Asia/Shanghai"))
VALUES = {
    "activity": {"zh": "书法课", "en": "Calligraphy"},
    "when": datetime(2026, 11, 28, 6, 0, tzinfo=UTC),
}


def test_moments_are_told_on_the_communitys_clock_with_their_weekday() -> None:
    assert (
        WORDING.render("utter_booked", values=VALUES).text
        == "已约：书法课，11月28日（周六）14:00"
    )


def test_english_gets_english() -> None:
    said = WORDING.render("utter_booked", language="en", values=VALUES)
    assert said.text == "Booked: Calligraphy, Sat 28 Nov, 14:00"


def test_elder_mode_is_shorter_in_chinese_and_never_changes_the_language() -> None:
    assert WORDING.render("utter_booked", elder=True, values=VALUES).text == "约好了"
    english = WORDING.render("utter_booked", language="en", elder=True, values=VALUES)
    assert english.text.startswith("Booked")


def test_values_kept_as_json_are_told_the_same_way_later() -> None:
    kept = wording.to_json(VALUES | {"day": date(2026, 11, 28), "places": 2})
    for language in ("zh", "en"):
        now = WORDING.render("utter_booked", language=language, values=VALUES)
        assert WORDING.render("utter_booked", language=language, values=kept) == now


def test_the_domains_buttons_come_after_the_given_choices() -> None:
    said = WORDING.render("utter_sure", choices=[Choice("不对", "choose", "no")])
    assert [(c.label, c.intent, c.value) for c in said.choices] == [
        ("不对", "choose", "no"),
        ("对", "choose", "yes"),
    ]


def test_a_missing_response_or_value_is_named() -> None:
    with pytest.raises(WordingError, match="utter_nothing"):
        WORDING.render("utter_nothing")
    with pytest.raises(WordingError, match="activity"):
        WORDING.render("utter_booked")


@pytest.mark.parametrize("value", ["", "yes", 'a"b', "约吧"])
def test_payloads_are_read_as_written(value: str) -> None:
    assert wording.read_payload(wording.write_payload("choose", value)) == ("choose", value)


def test_residents_words_are_never_taken_for_a_template(tmp_path: Path) -> None:
    said = Wording({"utter_x": [{"text": "您说：{what}"}]}, ZoneInfo("UTC")).render(
        "utter_x", values={"what": "{activity} {0}"}
    )
    assert said.text == "您说：{activity} {0}"
