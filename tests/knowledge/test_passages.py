from pathlib import Path

import pytest
import yaml

from knowledge.article import Article
from knowledge.pack import Activity, Facility, Pack, load_pack
from knowledge.passages import passages_of
from knowledge.text import normalise


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


PLACE: dict[str, object] = {"id": "pool", "kind": "place", "name": {"zh": "泳池", "en": "Pool"}}
PLACE |= {"what": {"zh": "游泳", "en": "Swimming"}, "aliases": ["戏水", "lido"]}
LESSON: dict[str, object] = {
    "id": "yoga",
    "kind": "class",
    "name": {"zh": "瑜伽", "en": "Yoga"},
}
LESSON |= {"first": {"weekday": "MO", "week_offset": 0}, "rrule": "FREQ=WEEKLY;BYDAY=MO"}
LESSON |= {"start": "10:00", "end": "11:00", "venue": "pool", "places": 8}
SOURCE = {"level": "sample", "source": "示例内容", "as_of": "2026-11-23"}
QUESTIONS = {"zh": ["孩子能来吗"], "en": ["May children come?"]}


def asked_of(folder: Path, record_id: str, language: str) -> set[str]:
    found = passages_of(load_pack(folder))
    return {
        p.text for p in found if p.record_id == record_id and p.language == language and p.asked
    }


def add(folder: Path, file: str, record: dict[str, object]) -> None:
    content = yaml.safe_load((folder / f"{file}.yml").read_text("utf-8"))
    content[file] = [{**record, **SOURCE}]
    (folder / f"{file}.yml").write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.mark.parametrize(("file", "record"), [("facilities", PLACE), ("activities", LESSON)])
def test_a_place_or_an_activity_may_have_questions_of_its_own(
    folder: Path, file: str, record: dict[str, object]
) -> None:
    add(folder, file, record | {"questions": QUESTIONS})
    assert "孩子能来吗" in asked_of(folder, str(record["id"]), "zh")
    assert "May children come?" in asked_of(folder, str(record["id"]), "en")


def test_a_place_without_questions_is_asked_for_by_its_name(folder: Path) -> None:
    add(folder, "facilities", PLACE)
    assert "泳池在哪里" in asked_of(folder, "pool", "zh")


def test_a_nickname_is_asked_in_the_language_of_its_letters(folder: Path) -> None:
    add(folder, "facilities", PLACE)
    chinese, english = (asked_of(folder, "pool", language) for language in ("zh", "en"))
    assert {"戏水", "lido"} & chinese == {"戏水"}
    assert {"戏水", "lido"} & english == {"lido"}


def test_a_title_that_is_a_question_too_is_one_passage(folder: Path) -> None:
    card = folder / "articles" / "card.md"
    asked = card.read_text("utf-8").replace("借书卡怎么办", "借书卡")
    card.write_text(asked, encoding="utf-8")
    found = passages_of(load_pack(folder))
    assert [p.text for p in found].count("借书卡") == 1


def test_every_record_of_the_shipped_pack_is_asked_in_many_ways(guali: Pack) -> None:
    least = {Article: (11, 8), Facility: (6, 4), Activity: (6, 4)}
    for record in guali.records():
        chinese, english = least[type(record)]
        assert len(set(record.questions.zh)) >= chinese, record.id
        assert len(set(record.questions.en)) >= english, record.id


def test_no_question_stands_for_two_records(guali: Pack) -> None:
    of: dict[str, set[str]] = {}
    for record in guali.records():
        for question in (*record.questions.zh, *record.questions.en):
            of.setdefault(normalise(question), set()).add(record.id)
    assert {question: ids for question, ids in of.items() if len(ids) > 1} == {}


def test_no_passage_is_empty(guali: Pack) -> None:
    assert all(p.text.strip() for p in passages_of(guali))
