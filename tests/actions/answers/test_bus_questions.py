"""What is read out of a question about buses: stops by nickname, lines, first or last."""

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from actions.answers.bus_names import hear_lines, hear_stops
from actions.answers.bus_questions import asked
from actions.dialogue import Turn
from knowledge.pack import load_pack

PACK = load_pack(Path("knowledge/data/guali"))
NOW = datetime(2026, 11, 24, 10, tzinfo=PACK.zone)


def said(text: str) -> Turn:
    """Return as much of a turn as is looked at to read a message."""
    turn = SimpleNamespace(
        pack=PACK, text=text, entities=(), choice=None, local=NOW, attachments=()
    )
    return cast(Turn, turn)


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        *(("公交站下一班几点", "s_guali"), ("我在汽车站，有几路车", "s_guali")),
        *(("从公交站去坎山", "s_guali"), ("next bus from the bus station", "s_guali")),
        *(("瓜沥汽车站有哪些车", "s_guali"), ("萧山二院门口有几路车", "s_l1")),
        *(("菜市场末班车几点", "s_l2"), ("安置房那边有车吗", "s_l4")),
        *(("滨盛路公交站末班车", "s_binsheng"), ("老公交站的车", "s_center")),
        *(("人民广场公交站有几路车", ""), ("这个公交站有几路车", ""), ("火车站几点有车", "")),
        *(("buses at People's Park bus station", ""), ("哪个公交站能坐车", "")),
    ],
)
def test_a_stop_is_known_by_what_people_call_it(text: str, stop: str) -> None:
    assert "|".join(hear_stops(said(text)).start.ids) == stop


@pytest.mark.parametrize(
    ("text", "which"),
    [
        *(("360路几点收班", "last"), ("740晚上几点停运", "last"), ("机场专线开到几点", "last")),
        *(("坎山那边末趟几点", "last"), ("几点以后就没车了", "last"), ("最后一部车呢", "last")),
        *(("how late does the 360 run", "last"), ("when does line 740 stop running", "last")),
        *(("360头班车", "first"), ("740早上几点开始有车", "first"), ("首趟车几点", "first")),
        *(("360路停运了吗", None), ("740几点到菜场", None), ("360路从几点到几点", None)),
    ],
)
def test_the_last_bus_is_asked_for_in_many_words(text: str, which: str | None) -> None:
    assert asked(said(text)).get("which") == which


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        *(("专线几点", ()), ("公交专线末班车", ()), ("坐专线去哪里等", ())),
        *(("环线几点", ("rloop",)), ("机场专线", ("rap",)), ("740", ("r740",))),
    ],
)
def test_the_kind_of_a_line_names_it_only_where_there_is_one(
    text: str, lines: tuple[str, ...]
) -> None:
    assert hear_lines(said(text)).ids == lines
