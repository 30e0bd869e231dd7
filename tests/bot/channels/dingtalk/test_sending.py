"""Letters to DingTalk and files from it: as they are written, and what refusals mean."""

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.responses import JSONResponse, PlainTextResponse, Response

from actions.channels import CHANNELS
from actions.conversations import Choice, Message
from actions.people.model import Words
from bot.channels.dingtalk import refusals
from bot.channels.dingtalk.refusals import Away, NotSetUp, TokenEnded, code_of, meaning_of
from bot.channels.dingtalk.sending import DingTalk
from bot.channels.parts import in_pieces, parts
from bot.channels.platform import Blocked, Letter, Refused, Slowed
from bot.channels.servers import NoToken
from tests.bot.channels.dingtalk.conftest import GROUP, WANG
from tests.bot.channels.dingtalk.ding import LONGEST, Ding
from tests.bot.conftest import photo
from tests.conftest import StandingClock

FACTS = CHANNELS["dingtalk"]


def letter(text: str = "接好了", to: str = GROUP, **more: object) -> Letter:
    return Letter(to, text, "1-0", is_group=to != WANG, **more)  # type: ignore[arg-type]


async def test_a_group_and_a_member_get_what_is_written(dingtalk: DingTalk, ding: Ding) -> None:
    keys = [await dingtalk.send(letter()), await dingtalk.send(letter(to=WANG))]
    assert keys == [one.key for one in ding.sent]
    assert [(one.to, one.text) for one in ding.sent] == [(GROUP, "接好了"), (WANG, "接好了")]


HOSTILE = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from('<>&_*[]()~`#+-=|{}.!\\/@"\n\u202e😀'),
    min_size=1,
    max_size=300,
)


async def test_nothing_in_anybodys_words_means_anything_to_dingtalk(
    dingtalk: DingTalk, ding: Ding, clock: StandingClock
) -> None:
    written = ["# 大 **粗** [点](dtmd://dingtalkclient/sendMessage?content=接)", "@所有人 @all"]

    @settings(
        max_examples=200,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(HOSTILE.filter(str.strip))
    def collect(text: str) -> None:
        written.append(text)

    collect()
    for text in written:
        (part,) = parts(text, longest=FACTS.longest, bytes_=FACTS.bytes_)
        await dingtalk.send(letter(part, to=WANG))
        clock.pass_by(timedelta(seconds=1))
        assert ding.sent[-1].text == part
    assert ding.refused == []


@pytest.mark.parametrize("character", ["长", '"', "\\", "\n.", "a", "😀"])
async def test_the_longest_part_is_taken_whatever_it_is_made_of(
    dingtalk: DingTalk, ding: Ding, character: str
) -> None:
    (first, *_) = parts(character * 9000, longest=FACTS.longest, bytes_=FACTS.bytes_)
    await dingtalk.send(letter(first))
    assert ding.sent[-1].text == first
    assert len(first.encode()) > LONGEST / 4
    assert ding.refused == []


async def test_longer_than_our_facts_say_is_refused(dingtalk: DingTalk, ding: Ding) -> None:
    """Negative control of the facts, and of the fake."""
    with pytest.raises(Refused, match="tooLong"):
        await dingtalk.send(letter('"' * 2 * FACTS.bytes_))
    assert ding.sent == []


def test_choices_are_lines_and_a_photo_goes_by_itself() -> None:
    choices = [asdict(Choice(label, "staff_take", "1")) for label in ("接", "转")]
    said = Message(words=Words(text="新的诉求"), choices=choices, attachments=[])
    words, picture = in_pieces(said, [Path("a")], FACTS)
    assert (words.text, words.choices) == ("新的诉求\n1. 接\n2. 转", ())
    assert (picture.text, picture.photos) == ("", (Path("a"),))


async def test_a_photo_arrives(dingtalk: DingTalk, ding: Ding, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(photo())
    await dingtalk.send(letter("", photos=(tmp_path / "p",)))
    assert ding.photos[ding.sent[-1].photo] == photo()


async def test_a_photo_that_was_forgotten_is_given_up(
    dingtalk: DingTalk, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="no_file"):
        await dingtalk.send(letter("", photos=(tmp_path / "gone",)))


async def test_nothing_is_not_sent(dingtalk: DingTalk) -> None:
    with pytest.raises(Refused, match="empty"):
        await dingtalk.send(letter(" \n"))


# The token.


async def test_one_token_does_for_all(dingtalk: DingTalk, ding: Ding) -> None:
    for _ in range(3):
        await dingtalk.send(letter())
    assert ding.tokens == 1


async def test_a_token_that_has_ended_is_renewed_once(
    dingtalk: DingTalk, ding: Ding, tmp_path: Path
) -> None:
    await dingtalk.send(letter())
    ding.tokens += 1  # somebody else has asked for one
    await dingtalk.send(letter())
    ding.tokens += 1
    (tmp_path / "p").write_bytes(photo())
    await dingtalk.send(letter("", photos=(tmp_path / "p",)))
    assert len(ding.sent) == 3
    asked = ding.tokens
    ding.takes_tokens = False
    with pytest.raises(NoToken):
        await dingtalk.send(letter())
    assert ding.tokens == asked + 1


async def test_a_wrong_secret_is_no_messages_fault(dingtalk: DingTalk, ding: Ding) -> None:
    dingtalk.api.account = type(dingtalk.account)(
        **vars(dingtalk.account) | {"secret": "w" * 32}
    )
    with pytest.raises(NoToken):
        await dingtalk.send(letter())


# Refusals.


def no(status: int, code: str) -> Response:
    return JSONResponse({"code": code, "message": "x"}, status)


FAULTS: list[tuple[Response, type[Exception], object]] = [
    (no(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"), Slowed, (2, True)),
    (no(403, "Forbidden.AccessDenied.QpsLimitForApi"), Slowed, (2, True)),
    (no(429, "Throttling"), Slowed, (60, True)),
    (no(200, "130101"), Slowed, (600, False)),
    (JSONResponse({"errcode": 11, "errmsg": "x"}), Slowed, (600, False)),
    (JSONResponse({"status": 1111, "wait": 5, "punish": "deny"}), Slowed, (300, True)),
    (no(400, "group.disbanded"), Blocked, None),
    (no(400, "invalid.openConversationId"), Blocked, None),
    (no(400, "invalidParameter.robotCode.notExsit"), Blocked, None),
    (no(400, "invalidParameter.robotCode.auth"), NotSetUp, None),
    (no(403, "Forbidden.AccessDenied.AccessTokenPermissionDenied"), NotSetUp, None),
    (no(404, "resource.not.found"), NotSetUp, None),
    (no(400, "invalidParameter.msgParam.invalid"), Refused, None),
    (no(400, "something new"), Refused, None),
    (no(500, "system.error"), Away, None),
    (no(400, "system.error"), Away, None),
    (PlainTextResponse("<html>金丝雀", 502), Away, None),
    (PlainTextResponse("<html>金丝雀"), TypeError, None),
    (JSONResponse([]), TypeError, None),
]


@pytest.mark.parametrize(("answer", "raised", "how"), FAULTS)
async def test_what_dingtalk_refuses_is_told_apart(
    dingtalk: DingTalk, ding: Ding, answer: Response, raised: type[Exception], how: object
) -> None:
    ding.faults = [answer]
    with pytest.raises(raised) as caught:
        await dingtalk.send(letter())
    if isinstance(caught.value, Slowed):
        assert (caught.value.seconds, caught.value.everywhere) == how
    assert "金丝雀" not in str(caught.value)


@pytest.mark.parametrize(
    ("left_out", "raised"),
    [
        ("invalidStaffIdList", Blocked),
        ("flowControlledStaffIdList", Slowed),
        ("filteredStaffIdList", Refused),
    ],
)
async def test_who_is_left_out_of_a_request_that_was_taken_got_nothing(
    dingtalk: DingTalk, ding: Ding, left_out: str, raised: type[Exception]
) -> None:
    ding.faults = [JSONResponse({"processQueryKey": "k", left_out: [WANG]})]
    with pytest.raises(raised):
        await dingtalk.send(letter(to=WANG))


async def test_who_has_left_and_where_we_were_put_out_nothing_arrives(
    dingtalk: DingTalk, ding: Ding
) -> None:
    ding.members.clear()
    ding.groups.clear()
    for one in (letter(), letter(to=WANG), letter(to="$:LWCP_v1:$U0VOREVSMQ==")):
        with pytest.raises(Blocked):
            await dingtalk.send(one)


def test_a_robot_that_is_not_ours_blocks_nobody() -> None:
    """Alone the same code says that a setting is wrong."""
    code = "invalidParameter.robotCode.notExsit"
    assert isinstance(meaning_of(400, code), NotSetUp)
    assert isinstance(meaning_of(400, code, group=True), Blocked)


def test_a_code_holds_no_words() -> None:
    assert code_of({"code": "这是 anybody's words"}) == "?"
    assert code_of({"code": "a.b", "message": "x"}) == "a.b"
    assert code_of({"errcode": 0}) == code_of({}) == code_of([]) == ""
    assert isinstance(meaning_of(401, ""), TokenEnded)
    assert all(not pattern.fullmatch("") for pattern, _ in refusals.MEANINGS)


async def test_what_arrived_unheard_may_arrive_twice(dingtalk: DingTalk, ding: Ding) -> None:
    """DingTalk knows no key by which it would know a request again."""
    ding.faults = ["lost"]
    with pytest.raises(Away):
        await dingtalk.send(letter())
    await dingtalk.send(letter())
    assert ding.texts(GROUP) == ["接好了"] * 2


async def test_without_our_pace_dingtalk_silences_us(dingtalk: DingTalk, ding: Ding) -> None:
    """Negative control of the paces in the whole office, and of the fake's strictness."""
    for n in range(20):
        ding.calls.clear()
        await dingtalk.send(letter(f"{n}"))
    with pytest.raises(Slowed) as caught:
        await dingtalk.send(letter("21"))
    assert (caught.value.seconds, caught.value.everywhere) == (600, False)
    ding.calls.extend([ding.clock.now()] * 20)
    with pytest.raises(Slowed) as caught:
        await dingtalk.send(letter(to=WANG))
    assert caught.value.everywhere


# Files.


async def test_a_file_is_fetched_without_our_token(dingtalk: DingTalk, ding: Ding) -> None:
    ding.files["c/1+="] = photo()
    assert await dingtalk.fetch("c/1+=", 10_000_000) == photo()
    assert "canary" not in json.dumps(ding.headers)


async def test_a_file_that_is_too_large_or_gone_is_refused(
    dingtalk: DingTalk, ding: Ding
) -> None:
    ding.files |= {"c": b"x" * 1001, "gone": b""}
    with pytest.raises(Refused, match="too_large"):
        await dingtalk.fetch("c", 1000)
    for code in ("gone", "never was"):
        with pytest.raises(Refused):
            await dingtalk.fetch(code, 1000)


async def test_no_redirect_is_followed(dingtalk: DingTalk, ding: Ding) -> None:
    ding.files |= {"elsewhere": b"x", "here": b"secret"}
    with pytest.raises(httpx.HTTPStatusError):
        await dingtalk.fetch("elsewhere", 1000)
    assert len(ding.headers) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://down.dingtalk.com/x",
        "ftp://down.dingtalk.com/x",
        "gopher://down.dingtalk.com/x",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/x",
        "https://[fd00::1]/x",
        "https://2130706433/x",
        "https://127.1/x",
        "https://intranet/x",
        "https://down.dingtalk.com:8443/x",
        "https://down.dingtalk.com:99999/x",
        "https://[/x",
        "",
    ],
)
async def test_nothing_is_fetched_from_where_no_file_of_dingtalks_can_be(
    dingtalk: DingTalk, ding: Ding, url: str
) -> None:
    ding.files["c"], ding.store = b"x", url
    with pytest.raises(Refused, match="address"):
        await dingtalk.fetch("c", 1000)


@pytest.mark.parametrize("url", ["http://127.0.0.1/x", "https://localhost/x"])
async def test_only_a_test_has_dingtalks_files_on_this_machine(
    dingtalk: DingTalk, url: str
) -> None:
    real = DingTalk(
        type(dingtalk.account)(**vars(dingtalk.account) | {"api": "https://api.dingtalk.com"})
    )
    assert not real._may_fetch(url)
    assert real._may_fetch("https://zjk.oss-cn-zhangjiakou.aliyuncs.com/a.jpg?Signature=x")
    assert dingtalk._may_fetch(url)
    await real.close()
