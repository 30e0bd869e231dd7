"""What residents do with their own requests in a talk: look, add, put right, take back."""

from collections.abc import Callable

import pytest

from actions.conversations import Attachment
from actions.db import Db
from actions.dialogue import Ground
from actions.governance import actions as governance
from actions.governance import following, handling, history
from actions.governance.model import Kind, ServiceRequest, Status
from actions.wording import read_payload
from tests.actions.conftest import Heard, Talk
from tests.actions.governance.conftest import Hall

REFERENCE = "GQ-261124-0001"
ADD, ADDED = "add_to_request_form", "action_add_to_request"
PLACE, PLACED = "correct_place_form", "action_correct_place"
WITHDRAW, WITHDRAWN = "withdraw_request_form", "action_withdraw_request"
COMPLEX = ("place", "gz-complex", "公交综合楼")


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, governance.actions, address="reporter")


@pytest.fixture
def neighbour(ground: Ground) -> Talk:
    return Talk(ground, governance.actions, address="neighbour")


def check(talk: Talk, text: str = "我报的事", **said: object) -> Heard:
    return talk.do("action_check_request", text, intent="check_request", **said)


def do(hall: Hall, deed: Callable[[Db, ServiceRequest], object], number: int = 1) -> None:
    with hall.database.transaction() as db:
        deed(db, db.get_one(ServiceRequest, number))


def follow(hall: Hall, db: Db, request: ServiceRequest) -> None:
    now = hall.clock.now()
    following.follow(db, request=request, conversation=hall.talk(db, "neighbour"), now=now)


def deeds(heard: Heard) -> list[str]:
    return [read_payload(choice["payload"])[0] for choice in heard.choices]


def happened(hall: Hall, number: int = 1) -> list[tuple[str, str]]:
    with hall.database.reading() as db:
        made = history.history(db, db.get_one(ServiceRequest, number))
        return [(one.kind, one.words.text if one.words else "") for one in made]


@pytest.fixture
def request_id(hall: Hall) -> int:
    with hall.database.transaction() as db:
        return hall.file(db).id


@pytest.fixture
def two(hall: Hall) -> tuple[int, int]:
    with hall.database.transaction() as db:
        return hall.file(db).id, hall.file(db, "rubbish").id


def test_several_are_listed_each_in_a_line_to_be_chosen(
    hall: Hall, talk: Talk, two: tuple[int, int]
) -> None:
    heard = check(talk)
    assert "GQ-261124-0001 路灯不亮" in heard.text
    assert "GQ-261124-0002 垃圾堆积清运" in heard.text
    assert heard.values == ["2", "1"]
    assert set(deeds(heard)) == {"check_request"}
    assert "GQ-261124-0002" in check(talk, choice="2").text


def test_one_is_found_by_its_number_and_by_what_it_is(
    hall: Hall, talk: Talk, two: tuple[int, int]
) -> None:
    for text in ("查 gq2611240001", "前天报的路灯有人管了吗"):
        heard = check(talk, text)
        assert f"{REFERENCE} 的经过" in heard.text
        assert "0002" not in heard.text


def test_one_is_shown_with_owner_due_time_what_was_done_and_what_may_be_done(
    hall: Hall, talk: Talk, request_id: int
) -> None:
    heard = check(talk)
    assert "11月24日（周二）10:00 报上来，归道路养护" in heard.text
    assert "11月26日（周四）10:00 前答复" in heard.text
    assert deeds(heard) == [
        *("add_to_request", "correct_place", "withdraw_request", "reroute_request"),
    ]
    do(hall, lambda db, one: hall.move(db, one, Status.ACKNOWLEDGED))
    assert "withdraw_request" not in deeds(check(talk))
    do(hall, lambda db, one: hall.move(db, one, Status.REPLIED))
    heard = check(talk)
    assert "道路养护答复：看过了。" in heard.text
    assert deeds(heard) == ["request_solved", "request_not_solved"]


def test_the_same_in_english(ground: Ground, request_id: int) -> None:
    talk = Talk(ground, governance.actions, address="reporter", language="en")
    heard = check(talk, "my reports")
    assert f"What was done about {REFERENCE}" in heard.text
    assert "received, waiting for" in heard.text
    heard = talk.begin(ADD, ADDED, f"add to {REFERENCE}", intent="add_to_request")
    assert "What would you like to add" in heard.text
    assert "Added:" in talk.told(talk.say("it flickers after nine"))


def test_elders_are_shown_three(hall: Hall, ground: Ground) -> None:
    talk = Talk(ground, governance.actions, address="reporter", elder=True)
    with hall.database.transaction() as db:
        for _ in range(4):
            hall.file(db)
    heard = check(talk)
    assert heard.text.startswith("您报的事：")
    assert len(heard.choices) == 3


def test_a_merged_one_says_where_it_is_dealt_with(
    hall: Hall, talk: Talk, request_id: int
) -> None:
    def merge(db: Db, one: ServiceRequest) -> None:
        handling.merge(db, hall.pack, one, into=hall.file(db, who="other"), by=hall.by)

    do(hall, merge)
    assert "和 GQ-261124-0002 是同一件事" in check(talk, f"查 {REFERENCE}").text
    assert "并到 GQ-261124-0002 一起办" in check(talk).text


def test_who_follows_sees_it_without_the_reporters_words_and_may_leave(
    hall: Hall, talk: Talk, neighbour: Talk, request_id: int
) -> None:
    do(hall, lambda db, one: follow(hall, db, one))
    talk.begin(ADD, ADDED, f"补充 {REFERENCE} 我住三单元402", intent="add_to_request")
    heard = check(neighbour)
    assert "补充了情况" in heard.text
    assert "402" not in heard.text
    assert deeds(heard) == ["leave_request"]
    assert "withdraw_request" not in deeds(check(talk))


def test_what_staff_note_is_not_shown(hall: Hall, talk: Talk, request_id: int) -> None:
    do(hall, lambda db, one: handling.note(db, one, by=hall.by, words="老问题了"))
    assert "老问题" not in check(talk).text


def test_a_line_is_added_in_one_message(hall: Hall, talk: Talk, request_id: int) -> None:
    done = talk.begin(ADD, ADDED, f"补充 {REFERENCE}，是最东边那盏", intent="add_to_request")
    assert done.done
    assert f"补充好了，{REFERENCE} 的道路养护看得到" in talk.told(done)
    assert happened(hall)[-1] == (Kind.ADDED, "是最东边那盏")


def test_it_is_asked_to_which_and_what(hall: Hall, talk: Talk, two: tuple[int, int]) -> None:
    heard = talk.begin(ADD, ADDED, "我想补充一点情况", intent="add_to_request")
    assert heard.values == ["2", "1"]
    assert "要给 GQ-261124-0001" in talk.say("路灯那件", intent="report_problem").text
    assert talk.say("晚上九点以后才不亮", intent="ask_hours").done
    assert happened(hall)[-1] == (Kind.ADDED, "晚上九点以后才不亮")


def test_a_tap_says_which(hall: Hall, talk: Talk, two: tuple[int, int]) -> None:
    heard = talk.begin(ADD, ADDED, "1", choice="1")
    assert "要给 GQ-261124-0001" in heard.text
    assert talk.say("", attach=[Attachment("photo", upload_id="p1")]).done
    with hall.database.reading() as db:
        made = history.history(db, db.get_one(ServiceRequest, 1))[-1]
        assert (made.kind, made.attachments) == (Kind.ADDED, ["p1"])


def test_a_shared_place_puts_it_right(hall: Hall, talk: Talk, request_id: int) -> None:
    talk.begin(ADD, ADDED, "补充", intent="add_to_request")
    assert talk.say("", attach=[Attachment("location", lat=30.1709, lon=120.4603)]).done
    assert happened(hall)[-2:] == [(Kind.PLACED, ""), (Kind.ADDED, "公交综合楼")]
    with hall.database.reading() as db:
        assert db.get_one(ServiceRequest, 1).place_id == "gz-complex"


def test_a_place_far_away_is_not_taken(hall: Hall, talk: Talk, request_id: int) -> None:
    far = [Attachment("location", lat=39.9, lon=116.4)]
    assert "12345" in talk.begin(ADD, ADDED, "补充", intent="add_to_request", attach=far).text
    assert "12345" in talk.say("", attach=far).text
    assert len(happened(hall)) == 1


@pytest.mark.parametrize("form", [(ADD, ADDED), (PLACE, PLACED), (WITHDRAW, WITHDRAWN)])
def test_who_has_reported_nothing_is_told_so(talk: Talk, form: tuple[str, str]) -> None:
    heard = talk.begin(*form, "补充一下")
    assert heard.done
    assert heard.text


@pytest.mark.parametrize("form", [(ADD, ADDED), (PLACE, PLACED), (WITHDRAW, WITHDRAWN)])
def test_another_ones_looks_like_none(
    hall: Hall, ground: Ground, request_id: int, form: tuple[str, str]
) -> None:
    stranger = Talk(ground, governance.actions, address="stranger")
    with hall.database.transaction() as db:
        hall.file(db, who="stranger")
    theirs = stranger.begin(*form, f"补充 {REFERENCE} 是我的", intent="add_to_request")
    unknown = stranger.begin(*form, "补充 GQ-261124-0009 是我的", intent="add_to_request")
    assert theirs.text.replace("0001", "0009") == unknown.text
    assert "没有找到" in theirs.text


def test_what_is_over_or_a_neighbours_is_not_added_to(
    hall: Hall, talk: Talk, neighbour: Talk, two: tuple[int, int]
) -> None:
    do(hall, lambda db, one: follow(hall, db, one))
    with hall.database.transaction() as db:
        hall.file(db, who="neighbour")
    heard = neighbour.begin(ADD, ADDED, f"补充 {REFERENCE} 也坏了", intent="add_to_request")
    assert "是邻居报的" in heard.text
    do(hall, lambda db, one: hall.move(db, one, Status.DECLINED))
    heard = talk.begin(ADD, ADDED, f"补充 {REFERENCE} 也坏了", intent="add_to_request")
    assert "已经办结了" in heard.text


def test_another_wish_is_heard_first(hall: Hall, talk: Talk, request_id: int) -> None:
    talk.begin(ADD, ADDED, "补充一下", intent="add_to_request")
    assert talk.say("下一班公交几点", intent="ask_departure").stepped_aside
    heard = talk.say("我想约周六的书法社", intent="book_activity")
    assert heard.stepped_aside
    assert "先把手头" not in heard.text


def test_the_right_place_is_asked_for_and_its_team_is_told(
    hall: Hall, talk: Talk, request_id: int
) -> None:
    assert "什么地方" in talk.begin(PLACE, PLACED, "地点不对", intent="correct_place").text
    done = talk.say("公交综合楼门口", entities=[COMPLEX])
    assert f"{REFERENCE} 的地点改好了" in talk.told(done)
    assert happened(hall)[-1] == (Kind.PLACED, "公交综合楼门口")


def test_the_right_place_said_at_once_is_taken_and_a_doubtful_one_is_asked_for(
    hall: Hall, talk: Talk, request_id: int
) -> None:
    said = {"intent": "correct_place", "entities": [COMPLEX]}
    heard = talk.begin(PLACE, PLACED, "不是公交综合楼", **said)
    assert not heard.done
    talk.form = ""
    talk.slots |= {"place_which": None, "place_where": None}
    assert talk.begin(PLACE, PLACED, f"{REFERENCE} 在公交综合楼", **said).done
    with hall.database.reading() as db:
        assert db.get_one(ServiceRequest, 1).area_id == "guali/qicai/a/"


def test_it_is_taken_back_after_a_yes(hall: Hall, talk: Talk, request_id: int) -> None:
    heard = talk.begin(WITHDRAW, WITHDRAWN, "撤回我报的事", intent="withdraw_request")
    assert f"确定撤回 {REFERENCE}" in heard.text
    assert heard.values == ["yes", "no"]
    done = talk.say("撤回吧", intent="withdraw_request")
    assert "您撤回了" in talk.told(done)
    assert happened(hall)[-1] == (Kind.MOVED, "")
    with hall.database.reading() as db:
        assert db.get_one(ServiceRequest, 1).status == Status.WITHDRAWN


@pytest.mark.parametrize("said", [{"choice": "no"}, {"intent": "deny"}])
def test_a_no_keeps_it(hall: Hall, talk: Talk, request_id: int, said: dict[str, str]) -> None:
    talk.begin(WITHDRAW, WITHDRAWN, "撤回", intent="withdraw_request")
    assert "照旧" in talk.say("不", **said).text
    assert len(happened(hall)) == 1


@pytest.mark.parametrize(("text", "kept"), [("算了", True), ("取消吧", False)])
def test_calling_off_keeps_it_but_to_cancel_it_is_a_yes(
    hall: Hall, talk: Talk, request_id: int, text: str, kept: bool
) -> None:
    talk.begin(WITHDRAW, WITHDRAWN, "撤回", intent="withdraw_request")
    talk.do("action_keep_request", text, intent="cancel")
    assert (len(happened(hall)) == 1) is kept


def test_what_was_taken_on_is_not_taken_back_and_that_is_said_before_a_yes(
    hall: Hall, talk: Talk, request_id: int
) -> None:
    do(hall, lambda db, one: hall.move(db, one, Status.ACKNOWLEDGED))
    heard = talk.begin(WITHDRAW, WITHDRAWN, f"撤回 {REFERENCE}", intent="withdraw_request")
    assert heard.done
    assert "不能撤回" in heard.text
    assert happened(hall)[-1][0] == Kind.MOVED


def test_who_follows_leaves_in_the_same_words(
    hall: Hall, neighbour: Talk, request_id: int
) -> None:
    do(hall, lambda db, one: follow(hall, db, one))
    heard = neighbour.begin(WITHDRAW, WITHDRAWN, "不再关注", intent="withdraw_request")
    assert "是邻居报的" in heard.text
    done = neighbour.say("对", intent="affirm")
    assert "不再告诉您" in neighbour.told(done)
    with hall.database.reading() as db:
        assert len(following.parties(db, db.get_one(ServiceRequest, 1))) == 1


def test_in_the_middle_of_a_report_the_place_is_that_of_the_report(talk: Talk) -> None:
    youyi = ("place", "gz-youyi", "友谊路")
    talk.begin(
        "report_problem_form", "action_report_problem", "友谊路的路灯坏了", entities=[youyi]
    )
    assert "什么地方" in talk.say("地点不对", intent="correct_place").text
