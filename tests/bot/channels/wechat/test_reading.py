"""Every kind of message and event, as WeChat writes them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.channels import Heard
from bot.channels.calls import Unreadable
from bot.channels.tencent.gcj02 import from_wgs84, to_wgs84
from bot.channels.wechat.reading import Left, Nothing, Said, read

PAYLOADS = Path(__file__).parent / "payloads"
TEXTS = {
    "text": "下一班 368 几点?",
    "text_of_markup": "<b>& ]]> {}_*\\n",
    "text_from_msgmenu": "满意",
    "voice_recognised": "楼道灯坏了。",
    "subscribe": "你好",
    "subscribe_by_code": "你好",
    "scan": "你好",
    "click": "我要报修",
}
ATTACHED = {
    "not_shown": "other",
    "image": "photo",
    "voice": "voice",
    "location": "location",
    "location_nowhere": "other",
    "link": "other",
    "video": "video",
    "shortvideo": "video",
    "kind_of_the_future": "other",
}
OF_NO_CONCERN = {"click_on_what_is_no_more", "view", "where_the_phone_is", "template_sent"}


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.xml").read_bytes()


def said(name: str) -> Said:
    update = read(payload(name))
    assert isinstance(update, Said)
    return update


def test_every_payload_is_known_here() -> None:
    known = {*TEXTS, *ATTACHED, *OF_NO_CONCERN, "unsubscribe"}
    assert {file.stem for file in PAYLOADS.iterdir()} == known


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_words_are_read_whatever_they_came_as(name: str) -> None:
    message = said(name).message
    assert (message.text, message.attachments) == (TEXTS[name], ())


@pytest.mark.parametrize("name", sorted(ATTACHED))
def test_what_is_no_words_is_attached(name: str) -> None:
    message = said(name).message
    assert (message.text, [one.kind for one in message.attachments]) == ("", [ATTACHED[name]])


@pytest.mark.parametrize("name", sorted(OF_NO_CONCERN))
def test_events_that_do_not_concern_us_are_nothing(name: str) -> None:
    assert read(payload(name)) == Nothing()


def test_files_are_known_by_their_id_and_never_by_an_address() -> None:
    assert said("image").message.attachments[0].remote == "J8x2-photo_1"
    assert said("voice").message.attachments[0].remote == "J8x2-voice_1"


def test_who_leaves_is_known() -> None:
    assert isinstance(read(payload("unsubscribe")), Left)


def test_taps_are_not_words_and_a_code_tells_the_village() -> None:
    tapped = {name: said(name).message for name in ("subscribe_by_code", "scan", "click")}
    assert {message.heard for message in tapped.values()} == {Heard.TAP}
    assert [message.area for message in tapped.values()] == ["guali/qicai/"] * 2 + [""]
    assert len({message.update_id for message in tapped.values()}) == 3
    assert said("text").message.heard == Heard.WORDS


def test_a_place_of_a_chinese_map_is_told_in_the_worlds_degrees() -> None:
    (place,) = said("location").message.attachments
    assert (place.lat, place.lon) == pytest.approx((31.1774276, 121.5272106), abs=2e-6)


@given(st.floats(18.2, 53.5), st.floats(73.6, 134.7))
@settings(max_examples=100, derandomize=True, database=None)
def test_there_and_back_is_the_same_place(lat: float, lon: float) -> None:
    assert to_wgs84(*from_wgs84(lat, lon)) == pytest.approx((lat, lon), abs=1e-6)


def test_abroad_maps_are_not_shifted() -> None:
    assert to_wgs84(48.85, 2.35) == (48.85, 2.35)


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"<xml>",
        payload("text")[:-20],
        b"<html></html>",
        "<xml><MsgType>text</MsgType></xml>".encode("utf-16"),
        payload("text").decode().encode("gbk"),
        payload("text").replace(b"oGuali", b"../../"),
        payload("text").replace(b"1795485600", b"99999999999"),
        payload("text").replace(b"1795485600", b"now"),
        payload("text").replace(b"251000000000000001", b""),
        payload("text").replace("下".encode(), b"x" * 70_000),
        payload("image").replace(b"J8x2-photo_1", "图".encode()),
        b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><xml><MsgId>&b;</MsgId></xml>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "/etc/passwd">]><xml><Content>&a;</Content></xml>',
        b"<a>" * 20_000,
    ],
)
def test_what_wechat_would_not_send_is_unreadable(wrong: bytes) -> None:
    with pytest.raises(Unreadable):
        read(wrong)


NAMES = [
    *("ToUserName", "FromUserName", "CreateTime", "MsgType", "Content", "MsgId", "Event"),
    *("EventKey", "MediaId", "Recognition", "Location_X", "Location_Y", "Encrypt", "x"),
]
VALUES = st.one_of(
    st.sampled_from(["text", "image", "voice", "location", "event", "SCAN", "subscribe", "1"]),
    st.sampled_from(["oGuali0000000000000000000001", "1795485600", "nan", "1e999", "qrscene_"]),
    st.text(max_size=30),
    st.floats().map(str),
    st.integers().map(str),
)


def written(told: dict[str, str]) -> bytes:
    inside = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in told.items())
    return f"<xml>{inside}</xml>".encode("utf-8", "surrogatepass")


@given(st.one_of(st.binary(max_size=200), st.dictionaries(st.sampled_from(NAMES), VALUES)))
@settings(max_examples=700, derandomize=True, database=None, deadline=None)
def test_nothing_that_may_come_breaks_the_reading(told: bytes | dict[str, str]) -> None:
    try:
        update = read(told if isinstance(told, bytes) else written(told))
    except Unreadable:
        return
    assert isinstance(update, Said | Left | Nothing)


@given(st.sampled_from(sorted(PAYLOADS.iterdir())), st.data())
@settings(max_examples=500, derandomize=True, database=None, deadline=None)
def test_no_payload_that_was_damaged_on_the_way_breaks_the_reading(
    file: Path, data: st.DataObject
) -> None:
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        update = read(bytes(content))
    except Unreadable:
        return
    assert isinstance(update, Said | Left | Nothing)
