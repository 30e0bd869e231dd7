"""Emergencies, and what only sounds like one. `emergencies.tsv` is held out."""

from pathlib import Path

import pytest

from knowledge import alarm, safety
from knowledge.embedder import OnnxEmbedder
from knowledge.pack import Pack
from knowledge.safety import SafetyGate
from tests.knowledge.conftest import Letters

HELD_OUT = [
    line.split("\t")
    for line in Path("tests/knowledge/emergencies.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.fixture(scope="module")
def gate(guali: Pack, encoder: OnnxEmbedder) -> SafetyGate:
    return SafetyGate(guali.never_request, encoder)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("家里着火了", "fire"),
        ("家裡著火了", "fire"),
        ("着伙了快来人", "fire"),
        ("我家厨房里全是烟", "fire"),
        ("闻到一股煤气", "gas-leak"),
        ("老头子倒在地上叫不醒", "injury"),
        ("孩子吞了电池", "injury"),
        ("他不小心从楼梯上摔下来，叫不醒", "injury"),
        ("大家当心，孩子从窗台掉下去了", "injury"),
        ("有人在敲诈我，说要打断我的腿", "violence"),
        ("my kitchen is on fire", "fire"),
        ("she is unconscious", "injury"),
    ],
)
def test_an_emergency_is_known(gate: SafetyGate, text: str, kind: str) -> None:
    found = gate.check(text)
    assert found
    assert found.id == kind


@pytest.mark.parametrize(
    "text",
    [
        "这里以前着过火吗",
        "消防演习什么时候",
        "着火了怎么办的课",
        "以前有人晕倒过吗",
        "食堂边上有个井没盖子，当心掉下去",
        "地上有水，小心摔跤",
        "路灯坏了",
        "明天书法课几点",
        "你好",
        "",
        "🙂",
        "Where is the fire station?",
    ],
)
def test_what_only_sounds_like_one_is_left_alone(gate: SafetyGate, text: str) -> None:
    assert gate.check(text) is None


def test_few_held_out_emergencies_are_missed_and_few_others_alarm(gate: SafetyGate) -> None:
    """Measured: 1 of 71 missed, 7 of 71 near misses alarm. To miss is worse."""
    told = [
        (kind, found.id if (found := gate.check(text)) else "-") for kind, _, text in HELD_OUT
    ]
    emergencies = [found for kind, found in told if kind != "-"]
    others = [found for kind, found in told if kind == "-"]
    assert min(len(emergencies), len(others)) >= 60
    assert emergencies.count("-") <= 4
    assert len(others) - others.count("-") <= 11
    assert sum(kind != found for kind, found in told if kind != "-" != found) <= 4


def test_a_keyword_gate_alone_would_do_worse(guali: Pack, gate: SafetyGate) -> None:
    """The control: without meaning many are missed."""
    keywords = SafetyGate(guali.never_request, None)
    emergencies = [text for kind, _, text in HELD_OUT if kind != "-"]
    missed = sum(keywords.check(text) is None for text in emergencies)
    assert missed > 2 * sum(gate.check(text) is None for text in emergencies)


def test_of_several_the_most_dangerous_is_told(gate: SafetyGate) -> None:
    found = gate.check("有人撬门，还把房子点着了，着火了")
    assert found
    assert found.id == "fire"


def test_a_long_message_is_looked_at_where_danger_is_named(gate: SafetyGate) -> None:
    found = gate.check("今天天气不错。" * 1000 + "快来人，我家着火了！")
    assert found
    assert found.id == "fire"


def test_a_long_message_costs_no_more_than_a_few_pieces(guali: Pack) -> None:
    class Counting(Letters):
        asked = 0

        def embed_queries(self, texts):  # type: ignore[no-untyped-def]
            self.asked += len(texts)
            return super().embed_queries(texts)

    embedder = Counting()
    gate = SafetyGate(guali.never_request, embedder)
    embedder.asked = 0
    gate.check("着火了。" * 2500)
    assert embedder.asked <= safety.PIECES


def test_what_was_learned_is_kept(guali: Pack, tmp_path: Path) -> None:
    class Mute(Letters):
        def embed_queries(self, texts):  # type: ignore[no-untyped-def]
            assert len(texts) <= safety.PIECES, "learned anew"
            return super().embed_queries(texts)

    safety.build(guali.never_request, Letters(), tmp_path)
    SafetyGate(guali.never_request, Mute(), tmp_path).check("着火了")


def test_what_was_learned_of_other_examples_is_not_used(guali: Pack, tmp_path: Path) -> None:
    safety.build(guali.never_request, Letters(), tmp_path)
    fewer = guali.never_request[1:]
    assert alarm.load(tmp_path, alarm.fingerprint(fewer)) is None


def test_a_changed_byte_of_what_was_learned_is_refused(guali: Pack, tmp_path: Path) -> None:
    safety.build(guali.never_request, Letters(), tmp_path)
    file = tmp_path / alarm.FILE
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert alarm.load(tmp_path, alarm.fingerprint(guali.never_request)) is None


def test_without_an_encoder_keywords_decide(guali: Pack) -> None:
    gate = SafetyGate(guali.never_request, None)
    assert gate.check("着火了")
    assert gate.check("这里以前着火过吗") is None


def test_a_pack_without_emergencies_has_a_gate_that_is_silent() -> None:
    assert SafetyGate((), Letters()).check("着火了") is None


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("楼下垃圾没人收，臭死了", None),
        ("楼上吵死人了", None),
        ("三号楼门口的灯坏脱了，夜里看不见", None),
        ("楼道灯坏了好几天，晚上老人家下楼看不见", None),
        ("灯坏了，孩子看不见了", "missing-person"),
        ("停电灯灭了，我妈看不见人了", "missing-person"),
        ("我不想活了，烦死了", "self-harm"),
        ("吵死了，我真想死", "self-harm"),
        ("孩子晚上看不见了", "missing-person"),
        ("夜里看不见我妈了，急死了", "missing-person"),
    ],
)
def test_a_figure_of_speech_is_none_and_hides_none(
    gate: SafetyGate, said: str, kind: str | None
) -> None:
    found = gate.check(said)
    assert (found.id if found else None) == kind
