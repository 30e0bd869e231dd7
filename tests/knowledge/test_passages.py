from pathlib import Path

from knowledge.pack import Pack, load_pack
from knowledge.passages import passages_of


def test_every_record_has_passages_in_both_languages(guali: Pack) -> None:
    found = {(p.record, p.language) for p in passages_of(guali)}
    for kind, records in (
        ("article", guali.articles),
        ("facility", guali.facilities),
        ("activity", guali.activities),
    ):
        for record in records:
            assert ((kind, record), "zh") in found
            assert ((kind, record), "en") in found


def test_sample_questions_stand_for_their_article_but_are_never_shown(folder: Path) -> None:
    found = [p for p in passages_of(load_pack(folder)) if p.record_id == "card"]
    asked = {p.text for p in found if p.asked}
    shown = [p.text for p in found if not p.asked]
    assert "哪里有借书卡" in asked
    assert shown == [
        "借书卡\n借书卡在一楼。",
        "a library card\na library card is on the first floor.",
    ]


def test_no_passage_is_empty(guali: Pack) -> None:
    assert all(p.text.strip() for p in passages_of(guali))
