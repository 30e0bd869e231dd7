from dataclasses import asdict, replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from actions.channels import CHANNELS
from actions.conversations import Choice, Message
from actions.people.model import Words
from bot.channels.parts import Piece, in_pieces, parts, utf16


def test_a_short_text_is_one_part_and_an_empty_one_too() -> None:
    assert parts("你好。", longest=10, bytes_=100) == ["你好。"]
    assert parts("", longest=10, bytes_=100) == [""]


def test_a_text_is_divided_after_a_sentence_where_it_can_be() -> None:
    text = "明天停水。请提前储水！有事打电话。"
    assert parts(text, longest=12, bytes_=1000) == ["明天停水。请提前储水！", "有事打电话。"]


def test_a_platform_that_counts_bytes_gets_fewer_characters() -> None:
    assert [len(part) for part in parts("水" * 10, longest=100, bytes_=12)] == [4, 4, 2]


@given(st.text(max_size=400), st.integers(2, 50), st.integers(4, 120))
def test_every_part_fits_and_nothing_but_white_space_is_lost(
    text: str, longest: int, most: int
) -> None:
    divided = parts(text, longest=longest, bytes_=most)
    assert all(utf16(part) <= longest and len(part.encode()) <= most for part in divided)
    assert "".join("".join(divided).split()) == "".join(text.split())


def said(text: str, *labels: str) -> Message:
    choices = [asdict(Choice(label, "choose", id=f"c.{label}")) for label in labels]
    return Message(words=Words(text=text), choices=choices, attachments=[])


def test_choices_come_with_the_last_part_as_buttons_or_as_lines() -> None:
    message = said("好吗？" * 2000, "好", "不好")
    *_, telegram = in_pieces(message, [], CHANNELS["telegram"])
    assert [choice.label for choice in telegram.choices] == ["好", "不好"]
    *first, wechat = in_pieces(message, [], CHANNELS["wechat"])
    assert wechat.text.endswith("\n1. 好\n2. 不好")
    assert not any(piece.choices for piece in [*first, wechat])
    assert all(len(piece.text.encode()) <= 2048 for piece in [*first, wechat])


def test_choices_beyond_the_buttons_a_channel_shows_are_lines_with_their_number() -> None:
    facts = replace(CHANNELS["telegram"], choices=2)
    (piece,) = in_pieces(said("哪一个？", "甲", "乙", "丙", "丁"), [], facts)
    assert [choice.label for choice in piece.choices] == ["甲", "乙"]
    assert piece.text == "哪一个？\n3. 丙\n4. 丁"


def test_photos_are_messages_of_their_own_where_the_platform_has_no_captions() -> None:
    photos = [Path("a"), Path("b")]
    together = in_pieces(said("修好了"), photos, CHANNELS["telegram"])
    assert together == [Piece("修好了", photos=tuple(photos))]
    apart = in_pieces(said("修好了"), photos, CHANNELS["wechat"])
    assert apart == [Piece("修好了"), Piece(photos=(photos[0],)), Piece(photos=(photos[1],))]
    assert in_pieces(said(""), photos[:1], CHANNELS["wechat"]) == [Piece(photos=(photos[0],))]
