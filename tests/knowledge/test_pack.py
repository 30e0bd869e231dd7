"""A pack is read whole, or every mistake in it is a sentence."""

import re
from pathlib import Path

import pytest
import yaml

from knowledge.errors import PackInvalid
from knowledge.pack import REPLY_VALUES, Activity, Pack, Text, load_pack


def mistakes(folder: Path) -> str:
    with pytest.raises(PackInvalid) as caught:
        load_pack(folder)
    return "\n".join(caught.value.mistakes)


def test_the_shipped_pack_is_read(guali: Pack) -> None:
    assert len(guali.articles) > 100
    assert guali.time_zone == "Asia/Shanghai"


def test_every_kind_of_emergency_has_examples_and_near_misses(guali: Pack) -> None:
    for kind in guali.never_request:
        assert len(kind.examples) >= 8, kind.id
        assert len(kind.near_misses) >= 8, kind.id
        assert kind.signs, kind.id


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "help.yml").unlink()
    assert "help.yml is missing" in mistakes(folder)


def test_broken_yaml_is_named_with_its_line(folder: Path) -> None:
    (folder / "areas.yml").write_text("areas:\n- id: [", encoding="utf-8")
    assert "areas.yml, line " in mistakes(folder)


def test_an_id_used_twice_is_named(folder: Path) -> None:
    team = {"id": "t", "tier": "town", "name": {"zh": "队", "en": "Team"}}
    content = yaml.safe_load((folder / "community.yml").read_text("utf-8"))
    content["teams"] = [team, team]
    (folder / "community.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert "record t: the id is used twice" in mistakes(folder)


def test_a_record_without_a_field_is_named(folder: Path) -> None:
    (folder / "areas.yml").write_text("areas:\n- id: town/\n", encoding="utf-8")
    assert "record town/: tier" in mistakes(folder)


def reply(folder: Path, **changed: object) -> None:
    said = {"id": "r", "title": {"zh": "好", "en": "Done"}, "level": "sample", "source": "x"}
    said |= {"as_of": "2026-11-23", "text": {"zh": "{reference} 好了", "en": "{due} {team}"}}
    written = yaml.safe_dump({"replies": [said | changed]})
    (folder / "replies.yml").write_text(written, encoding="utf-8")


def test_a_ready_reply_is_filled_in(folder: Path) -> None:
    reply(folder)
    values = dict.fromkeys(REPLY_VALUES, "·") | {"reference": "{due}"}
    kept = load_pack(folder).replies["r"]
    assert kept.filled("zh", values) == "{due} 好了"  # filled in once, whatever it says
    assert kept.filled("en", values) == "· ·"


@pytest.mark.parametrize("name", ["phone", "reference.x", "reference!r", "0", ""])
def test_a_ready_reply_that_speaks_of_something_unknown_is_named(
    folder: Path, name: str
) -> None:
    reply(folder, text={"zh": f"{{{name}}}", "en": "x"})
    assert f"“{{{name}}}” is not known; use reference category" in mistakes(folder)


def test_a_ready_reply_makes_a_move_of_staff(guali: Pack, folder: Path) -> None:
    assert guali.replies["done"].move == "replied"
    reply(folder, move="resolved")
    assert "record r: move “resolved”" in mistakes(folder)


def test_a_draw_that_closes_before_it_opens_is_named(folder: Path) -> None:
    content = yaml.safe_load((folder / "activities.yml").read_text("utf-8"))
    content["rules"] |= {"draw_opens_days": 2, "draw_closes_days": 2}
    (folder / "activities.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert "a draw opens more days before the session than it closes" in mistakes(folder)


def test_without_rules_of_draws_there_are_usual_ones(folder: Path) -> None:
    content = yaml.safe_load((folder / "activities.yml").read_text("utf-8"))
    rules = {k: v for k, v in content["rules"].items() if not k.startswith("draw_")}
    (folder / "activities.yml").write_text(
        yaml.safe_dump(content | {"rules": rules}), encoding="utf-8"
    )
    usual = load_pack(folder).activity_rules
    assert (usual.draw_opens_days, usual.draw_closes_days) == (7, 2)
    assert (usual.draw_kept_percent, usual.draw_kept_until_hours) == (20, 24)


def test_a_time_zone_that_is_none_is_named(folder: Path) -> None:
    content = yaml.safe_load((folder / "community.yml").read_text("utf-8"))
    content["time_zone"] = "Asia/Hangzhou"
    (folder / "community.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    assert "Asia/Hangzhou" in mistakes(folder)


@pytest.mark.parametrize(
    ("article", "sentence"),
    [
        ("no front matter", "begin with front matter"),
        ("---\nid: x\n---\n## 中文\n好\n", "write both sections"),
        ("---\nid: x\n---\n## 中文\n好\n## English\nfine\n", "level"),
        ("---\nid: [\n---\n", "card.md"),
    ],
)
def test_a_broken_article_is_named(folder: Path, article: str, sentence: str) -> None:
    (folder / "articles" / "card.md").write_text(article, encoding="utf-8")
    said = mistakes(folder)
    assert "articles/card.md" in said
    assert sentence in said


@pytest.mark.parametrize(
    ("written", "told", "free"),
    [
        ("免费", Text(zh="免费", en="free"), True),
        ({"zh": "五元", "en": "five yuan"}, Text(zh="五元", en="five yuan"), False),
        ("五元", Text(zh="五元", en="五元"), False),
        ("", Text(zh="", en=""), True),
    ],
)
def test_a_fee_is_said_in_english_or_else_as_it_stands(
    guali: Pack, written: object, told: Text, free: bool
) -> None:
    record = guali.activities["club-calligraphy"].model_dump() | {"fee": written}
    found = Activity.model_validate(record)
    assert (found.fee, found.is_free) == (told, free)


def test_everything_the_shipped_pack_asks_for_is_said_in_english(guali: Pack) -> None:
    said = [text for a in guali.activities.values() for text in (a.fee, a.bring)]
    assert len(said) > 90
    assert not [text.en for text in said if re.search("[一-鿿]", text.en)]
