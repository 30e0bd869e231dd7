"""What staff type is read by the table of commands, and what is none stays none."""

import re
from pathlib import Path

import pytest
import yaml

from actions.governance import chat, commands, workflow
from actions.governance.commands import COMMANDS, LISTS, Number
from knowledge.pack import Pack, load_pack

ONE = (Number(42),)
FULL = (Number(42, "261124"),)

# what is typed → command, numbers, rest
TYPED = [
    ("接", "take", (), ""),
    ("接 0042", "take", ONE, ""),
    ("接0042", "take", ONE, ""),
    ("接 42", "take", ONE, ""),
    ("接 42号", "take", ONE, ""),
    ("接　００４２", "take", ONE, ""),
    ("接 gq-261124-0042", "take", FULL, ""),
    ("接GQ２６１１２４００４２", "take", FULL, ""),
    ("0042 接", "take", ONE, ""),
    ("@小沥 接 0042", "take", ONE, ""),
    ("/take 42", "take", ONE, ""),
    ("TAKE #7", "take", (Number(7),), ""),
    ("转 物业 0042 楼道灯归物业", "assign", (), "物业 0042 楼道灯归物业"),
    ("轉 0042 物业 归他们", "assign", ONE, "物业 归他们"),
    ("转物业，归他们", "assign", (), "物业，归他们"),
    ("assign Property management 42 theirs", "assign", (), "Property management 42 theirs"),
    ("退 派出所 不归我们", "return", (), "派出所 不归我们"),
    ("退回 0042 派出所 不归我们", "return", ONE, "派出所 不归我们"),
    ("办 0042", "start", ONE, ""),
    ("办结 0042 灯换好了，谢谢！", "reply", ONE, "灯换好了，谢谢！"),
    ("办结 0042：灯换好了", "reply", ONE, "灯换好了"),
    ("办结 灯换好了", "reply", (), "灯换好了"),
    ("办结 3号楼的灯换好了", "reply", (), "3号楼的灯换好了"),
    ("办结 2026年的灯换好了", "reply", (), "2026年的灯换好了"),
    ("答复 0042 Ｏ型灯", "reply", ONE, "Ｏ型灯"),
    ("Done 0042 The lamp works.", "reply", ONE, "The lamp works."),
    ("不办 0042 不在我们这里", "decline", ONE, "不在我们这里"),
    ("问 0042 在哪个路口？", "ask", ONE, "在哪个路口？"),
    ("备注 0042 等零件", "note", ONE, "等零件"),
    ("並 0042 0040", "merge", (Number(42), Number(40)), ""),
    ("并 42 到 40", "merge", (Number(42), Number(40)), ""),
    ("merge GQ-261124-0042 into 40", "merge", (Number(42, "261124"), Number(40)), ""),
    ("查 0042", "show", ONE, ""),
    ("查超时", "show", (), "超时"),
    ("查 我的", "show", (), "我的"),
    ("show late", "show", (), "late"),
    ("？", "help", (), ""),
    ("帮助", "help", (), ""),
]


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(Path("knowledge/data/guali"))


@pytest.mark.parametrize(("text", "name", "numbers", "rest"), TYPED)
def test_a_command_is_read_however_it_is_typed(
    pack: Pack, text: str, name: str, numbers: tuple[Number, ...], rest: str
) -> None:
    order = commands.read(pack, text)
    assert order
    assert (order.command.name, order.numbers, order.rest) == (name, numbers, rest)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "收到",
        "接下来怎么办",
        "转发一下",
        "办公室几点开门",
        "办好了吗",
        "答复居民了没有",
        "不办了吧",
        "问一下大家",
        "查一下群里谁在",
        "退休的人怎么办",
        "并且要快",
        "takeaway",
        "done?ish",
        "c.AAAAAAAAAAA",
    ],
)
def test_what_colleagues_say_to_one_another_is_no_command(pack: Pack, text: str) -> None:
    assert commands.read(pack, text) is None


def test_what_lacks_only_its_space_is_known_to_be_nearly_one() -> None:
    nearly = commands.nearly("办结修好了")
    assert nearly
    assert nearly.name == "reply"
    assert commands.nearly("收到") is None


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_asked_for_in_both_languages(pack: Pack, name: str) -> None:
    for word in LISTS[name]:
        order = commands.read(pack, f"查 {word}")
        assert order
        assert order.listed == name


def test_a_notice_names_its_request() -> None:
    said = "新的：GQ-261124-0042 路灯不亮（友谊路），归道路养护，11月26日（周四）10:00 前答复。"
    assert commands.mentioned(said) == [Number(42, "261124")]


def test_every_command_has_a_deed_its_help_and_no_word_twice() -> None:
    words = [word for command in COMMANDS for word in command.words]
    assert len(words) == len(set(words))
    assert set(chat.DEEDS) == {command.name for command in COMMANDS}
    domain = yaml.safe_load(Path("nlu/domain/staff_chat.yml").read_text("utf-8"))["responses"]
    for command in COMMANDS:
        zh, en = (variant["text"] for variant in domain[f"utter_staff_help_{command.name}"])
        assert zh.startswith(command.words[0]) or command.words[0] in zh
        assert en.startswith(command.words[-1])


def test_every_move_of_staff_has_its_command() -> None:
    assert {command.to for command in COMMANDS if command.to} >= workflow.STAFFS_OWN


def test_taps_are_of_commands_and_of_nothing_the_model_knows() -> None:
    domain = yaml.safe_load(Path("nlu/domain/governance.yml").read_text("utf-8"))
    intents = {
        re.sub(r"[/{].*", "", button["payload"].removeprefix("/"))
        for name, variants in domain["responses"].items()
        if name.startswith("utter_staff_")
        for variant in variants
        for button in variant.get("buttons", ())
    }
    assert intents == {"staff_take", "staff_assign", "staff_show"}
    assert intents <= {command.intent for command in COMMANDS}
    model = Path("nlu").rglob("*.yml")
    known = {
        intent
        for file in model
        for intent in (yaml.safe_load(file.read_text("utf-8")) or {}).get("intents", ())
    }
    assert not intents & {str(intent) for intent in known}
