"""What the bench says became of a spoken answer."""

import pytest

from bench.spoken import GROUPS, YES_NO, _outcome, figures, phrases
from bot.voice.transcriber import Heard


@pytest.mark.parametrize(
    ("heard", "outcome"),
    [
        (Heard("对。", sure=True), "taken"),
        (Heard("第一个", sure=False), "taken"),
        (Heard("算了", sure=True), "wrong"),
        (Heard("3", sure=False), "wrong"),
        (Heard("队", sure=True), "not understood"),
        (Heard("队", sure=False), "asked"),
        ("silent", "asked"),
    ],
)
def test_an_answer_is_taken_asked_again_or_wrong(heard: Heard | str, outcome: str) -> None:
    assert _outcome(heard, "对", YES_NO) == outcome


def test_who_hears_all_as_it_was_said_takes_every_choice() -> None:
    found = figures({words: Heard(words, sure=True) for words in phrases()})
    for name, group in GROUPS.items():
        if group.offered:
            assert found[name] == {"taken": len(group.said)}
    assert found["free words"] == {
        "messages": len(GROUPS["free words"].said),
        "likeness": 1.0,
        "without a fault": len(GROUPS["free words"].said),
    }
