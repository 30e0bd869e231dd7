"""What may be reported, and what is asked about it."""

import pytest

from actions.governance import public
from actions.people.model import ApiKey
from actions.wording import read_wording
from bot.open311 import filing, services
from bot.open311.errors import Wrong
from bot.open311.filing import Sent
from knowledge.pack import CategoryQuestion, Pack
from knowledge.records import Text
from tests.bot.conftest import PACK
from tests.bot.open311.conftest import HERE

KEY = ApiKey(id=1, name="city-app", key_hash="-", area_id="guali/")


@pytest.fixture
def asking() -> Pack:
    """A pack that asks two things about street lights."""
    questions = (
        CategoryQuestion(
            id="extent",
            ask=Text(zh="坏一盏还是一片?", en="One lamp or several?"),
            required=True,
        ),
        CategoryQuestion(
            id="pole", ask=Text(zh="灯杆上有编号吗?", en="Is there a number?"), required=False
        ),
    )
    light = PACK.categories["road-light"].model_copy(update={"questions": questions})
    return PACK.model_copy(update={"categories": PACK.categories | {"road-light": light}})


def what(pack: Pack, **fields: str) -> str:
    sent = Sent({"service_code": "road-light", "description": "灯不亮"} | HERE | fields, "")
    return filing.brought(sent, pack=pack, key=KEY, secret="key").report.what


def test_a_service_says_who_answers_within_which_time() -> None:
    wording = read_wording(PACK.zone)
    light = services.services(PACK, wording, "en")[0]
    assert (
        light["description"] == "Street light out: Roads sees to it and answers "
        "within 48 hours."
    )
    damage = services.services(PACK, wording, "zh")[1]
    assert "72 个工作小时" in damage["description"]


def test_every_public_category_is_a_service_and_no_other_is() -> None:
    offered = {
        one["service_code"] for one in services.services(PACK, read_wording(PACK.zone), "zh")
    }
    kinds = {code: category.visibility for code, category in PACK.categories.items()}
    assert offered == {code for code, visibility in kinds.items() if visibility == "public"}
    assert set(kinds.values()) == {"public", "private", "restricted"}
    assert set(public.categories(PACK)) == offered


def test_what_a_category_asks_is_its_definition(asking: Pack) -> None:
    category = services.service_of(asking, "road-light")
    definition = services.definition(category, "en")
    assert [
        (one["order"], one["code"], one["required"], one["description"])
        for one in definition["attributes"]
    ] == [(1, "extent", True, "One lamp or several?"), (2, "pole", False, "Is there a number?")]
    assert services.services(asking, read_wording(PACK.zone), "zh")[0]["metadata"] is True


def test_a_required_answer_has_to_come(asking: Pack) -> None:
    with pytest.raises(Wrong) as found:
        what(asking, **{"attribute[pole]": "7"})
    assert found.value.values == {"field": "attribute[extent]"}


def test_answers_stand_below_what_was_said(asking: Pack) -> None:
    said = what(asking, **{"attribute[extent]": "一片", "attribute[other]": "x"})
    assert said == "灯不亮\n坏一盏还是一片? 一片"
