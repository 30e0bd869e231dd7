from pathlib import Path

import pytest
import yaml

from nlu.components import settings
from nlu.components.gazetteer import Found, Gazetteer, Meaning, read_pack
from nlu.components.text import fold


def named(gazetteer: Gazetteer, text: str, kind: str) -> list[str]:
    return [hit.id for hit in gazetteer.find(text) if hit.kind == kind]


def records(file: str, key: str) -> list[dict[str, object]]:
    text = (settings.community_dir() / file).read_text("utf-8")
    return list(yaml.safe_load(text)[key])


@pytest.mark.parametrize(
    ("file", "key", "kind"),
    [
        ("facilities.yml", "facilities", "facility"),
        ("activities.yml", "activities", "activity"),
        ("gazetteer.yml", "places", "place"),
    ],
)
def test_every_name_and_alias_of_the_pack_is_found(
    gazetteer: Gazetteer, file: str, key: str, kind: str
) -> None:
    for record in records(file, key):
        names = [*record["name"].values(), *map(str, record.get("aliases") or ())]
        for name in names:
            found = named(gazetteer, f"请问{name}？", kind)
            assert record["id"] in found or len(fold(name)) < 3, name


@pytest.mark.parametrize("text", ["永興書房幾點開門", "永兴书房几点开门", "去永興書房，開著嗎"])
def test_traditional_characters_name_the_same(gazetteer: Gazetteer, text: str) -> None:
    wanted = named(gazetteer, "永兴书房", "facility")
    assert wanted
    assert named(gazetteer, text, "facility") == wanted


def test_what_is_found_is_where_it_was_typed(gazetteer: Gazetteer) -> None:
    typed = "我在瓜瀝公交站，下一趟３６０路"
    spans = {typed[hit.start : hit.end] for hit in gazetteer.find(typed)}
    assert {"瓜瀝公交站", "３６０路"} <= spans


def test_the_longest_name_wins() -> None:
    names = {"书房": [Meaning("facility", "any")], "永兴书房": [Meaning("facility", "yx")]}
    assert Gazetteer(names).find("永兴书房开着吗") == [Found(0, 4, "facility", "yx")]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("360路几点", "r360"),
        ("３６０路几点", "r360"),
        ("下一班740路", "r740"),
        ("748B路末班", "r748b"),
        ("748b路", "r748b"),
        ("bus 740 please", "r740"),
        ("the 360", "r360"),
        ("360", "r360"),
        ("748B", "r748b"),
        ("党湾专线几点", "rdw"),
        ("去機場專線", "rap"),
        ("坎山专线", "rks"),
    ],
)
def test_lines_are_found_however_they_are_called(
    gazetteer: Gazetteer, text: str, line: str
) -> None:
    assert named(gazetteer, text, "line") == [line]


@pytest.mark.parametrize("text", ["1360路", "3600块钱", "电话3607401", "借了360块", "748BX"])
def test_a_number_is_not_a_line_by_itself(gazetteer: Gazetteer, text: str) -> None:
    assert named(gazetteer, text, "line") == []


@pytest.mark.parametrize("text", ["12号楼", "12幢楼道灯不亮", "我家在3号楼", "building 12"])
def test_a_building_is_no_stop_and_no_line(gazetteer: Gazetteer, text: str) -> None:
    assert named(gazetteer, text, "stop") == []
    assert named(gazetteer, text, "line") == []


def test_a_stop_is_found_by_its_name_and_by_its_place_nickname(gazetteer: Gazetteer) -> None:
    assert "s_guali" in named(gazetteer, "瓜沥公交站下一班", "stop")
    assert "s_guali" in named(gazetteer, "总站下一班", "stop")
    assert "s_guali" in named(gazetteer, "next bus from Guali Bus Station", "stop")


def test_what_it_is_about_may_stand_inside_a_name() -> None:
    names = {
        "路灯": [Meaning("category", "lamp")],
        "路灯广场": [Meaning("place", "square")],
    }
    found = {(hit.kind, hit.id) for hit in Gazetteer(names).find("路灯广场")}
    assert found == {("category", "lamp"), ("place", "square")}


def test_english_names_are_whole_words() -> None:
    names = Gazetteer({"gym": [Meaning("facility", "gym")]})
    assert names.find("the gymnastics club") == []
    assert [hit.id for hit in names.find("is the gym open")] == ["gym"]


@pytest.mark.parametrize(
    "text",
    [
        "GL-261124-0007",
        "gl2611240007",
        "GL 261124 0007",
        "查ＧＬ－２６１１２４－０００７",
        "GL二六一一二四〇〇〇七",
        "gl杠二六幺幺两四杠零零零七",
    ],
)
def test_a_reference_is_read_as_it_is_spoken_and_typed(gazetteer: Gazetteer, text: str) -> None:
    assert named(gazetteer, text, "reference") == ["GL-261124-0007"]


@pytest.mark.parametrize("text", ["", "   ", "你好", "🙂", "a" * 10_000, "\x00"])
def test_nothing_named_is_nothing_found(gazetteer: Gazetteer, text: str) -> None:
    assert gazetteer.find(text) == []


def test_it_comes_back_as_it_was_saved(gazetteer: Gazetteer, tmp_path: Path) -> None:
    gazetteer.save(tmp_path / "g.json")
    kept = Gazetteer.load(tmp_path / "g.json")
    assert kept.patterns == gazetteer.patterns
    assert kept.find("瓜沥公交站360路") == gazetteer.find("瓜沥公交站360路")


def test_an_empty_pack_names_nothing() -> None:
    assert Gazetteer({}).find("图书馆") == []


def test_a_folder_that_is_no_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_pack(tmp_path)


def test_a_feed_without_line_numbers_is_known_by_its_long_names(tmp_path: Path) -> None:
    for file in ("facilities", "activities", "gazetteer", "categories", "help"):
        (tmp_path / f"{file}.yml").write_text("{}", "utf-8")
    (tmp_path / "gtfs").mkdir()
    (tmp_path / "gtfs" / "routes.txt").write_text(
        "route_id,route_short_name,route_long_name\nk,,海岸線\n", "utf-8"
    )
    (tmp_path / "gtfs" / "translations.txt").write_text(
        "trans_id,lang,translation\n海岸線,en,Kaigan Line\n", "utf-8"
    )
    found = read_pack(tmp_path)
    assert named(found, "海岸線几点", "line") == ["k"]
    assert named(found, "is there a bus line here", "line") == []
