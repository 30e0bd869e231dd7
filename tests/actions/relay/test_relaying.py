"""What one neighbour says reaches the other, masked, and nobody else."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from actions.conversations import Conversation
from actions.errors import Refusal
from actions.outbox import NoticeState
from actions.people import blocks, nicknames
from actions.people.model import Staff, Suspension, Words
from actions.relay import relaying
from actions.relay.masking import MASK
from actions.relay.model import RelayMessage
from tests.actions.relay.conftest import ABOUT, Street


def test_words_reach_the_other_side_as_the_senders_words(street: Street) -> None:
    done = street.tell(street.helper, "我晚十分钟到")
    assert street.read(done) == "转给对方了。"
    assert street.owed(street.asker) == ["帮您的邻居说：\n我晚十分钟到"]
    (notice,) = street.notices(street.asker)
    assert notice.values == {}
    told = ["write_to_neighbour", "release_offer", "report_neighbour"]
    assert [c["intent"] for c in notice.choices] == told
    assert notice.choices[0]["value"] == ABOUT
    with street.database.reading() as db:
        helper = street.talk(db, street.helper).resident_id
        assert set(db.scalars(select(Words.resident_id))) == {helper}


def test_the_other_side_answers_and_is_called_by_their_nickname(street: Street) -> None:
    with street.database.transaction() as db:
        asker = street.talk(db, street.asker).resident_id
        nicknames.call(db, asker, "王阿姨", now=street.clock.now())
    street.tell(street.asker, "好的，慢慢来")
    assert street.owed(street.helper) == ["请您帮忙的邻居（王阿姨）说：\n好的，慢慢来"]


def test_each_reads_in_their_own_language(street: Street) -> None:
    with street.database.transaction() as db:
        street.talk(db, street.asker).resident.language = "en"
    street.tell(street.helper, "我到了")
    assert street.owed(street.asker) == ["The neighbour who helps you says:\n我到了"]


def test_a_number_is_taken_out_and_the_sender_is_told(street: Street) -> None:
    done = street.tell(street.helper, "到了打13900001111")
    assert "13900001111" not in "".join(street.owed(street.asker))
    assert f"到了打{MASK}" in street.owed(street.asker)[0]
    assert "号码我没有转过去：您写的电话" in street.read(done)
    with street.database.reading() as db:
        assert db.scalars(select(RelayMessage)).one().masked


def test_a_number_in_several_messages_is_found(street: Street) -> None:
    for piece in ("139", "0000"):
        street.tell(street.helper, piece)
    with pytest.raises(Refusal, match="utter_relay_only_numbers"):
        street.tell(street.helper, "1111")
    assert "1111" not in "".join(street.owed(street.asker))


def test_what_was_said_long_ago_or_by_the_other_is_no_piece_of_it(street: Street) -> None:
    street.tell(street.helper, "139")
    street.tell(street.asker, "0000")
    street.clock.pass_by(timedelta(hours=2))
    street.tell(street.helper, "0000")
    assert street.read(street.tell(street.helper, "1111")) == "转给对方了。"


def test_where_nothing_but_a_number_is_left_nothing_is_passed_on(street: Street) -> None:
    with pytest.raises(Refusal) as refused:
        street.tell(street.helper, "13900001111")
    assert refused.value.response == "utter_relay_only_numbers"
    assert street.owed(street.asker) == []


def test_a_closed_line_says_so_and_takes_back_what_is_owed(street: Street) -> None:
    street.tell(street.helper, "我到了")
    street.close()
    assert street.owed(street.asker) == []
    assert street.notices(street.asker)[0].state == NoticeState.CANCELLED
    with pytest.raises(Refusal, match="utter_relay_closed"):
        street.tell(street.helper, "还在吗")


def test_a_line_closes_by_time(street: Street) -> None:
    street.clock.pass_by(timedelta(hours=8))
    with pytest.raises(Refusal, match="utter_relay_closed"):
        street.tell(street.helper, "还在吗")


def test_a_stranger_cannot_write_on_it_nor_on_one_that_never_was(street: Street) -> None:
    with pytest.raises(Refusal, match="utter_relay_closed"):
        street.tell(street.stranger, "你好")
    with pytest.raises(Refusal, match="utter_relay_closed"):
        street.tell(street.asker, "你好", about="help:999")


@pytest.mark.parametrize("blocker", ["asker", "helper"])
def test_who_is_blocked_finds_it_closed(street: Street, blocker: str) -> None:
    with street.database.transaction() as db:
        ids = [street.talk(db, w).resident_id for w in (street.asker, street.helper)]
        blocks.block(db, *(ids if blocker == "asker" else ids[::-1]), now=street.clock.now())
    for who in (street.asker, street.helper):
        with pytest.raises(Refusal, match="utter_relay_closed"):
            street.tell(who, "你好")


def test_who_is_suspended_finds_it_closed(street: Street) -> None:
    now = street.clock.now()
    with street.database.transaction() as db:
        member = Staff(username="own", role="staff", area_id="guali/", created_at=now)
        member.password_hash = "x"
        db.add(member)
        db.flush()
        db.add(
            Suspension(
                resident_id=street.talk(db, street.helper).resident_id,
                cause="report:1",
                staff_id=member.id,
                since=now,
                until=now + timedelta(days=1),
            )
        )
    with pytest.raises(Refusal, match="utter_relay_closed"):
        street.tell(street.helper, "你好")


def test_too_long_and_too_many_are_refused_kindly(street: Street) -> None:
    with pytest.raises(Refusal, match="utter_relay_too_long"):
        street.tell(street.helper, "长" * (relaying.LONGEST + 1))
    for _ in range(relaying.MOST_AN_HOUR):
        street.tell(street.helper, "在吗")
    with pytest.raises(Refusal, match="utter_relay_too_many"):
        street.tell(street.helper, "在吗")
    street.tell(street.asker, "在的")
    street.clock.pass_by(timedelta(hours=1, seconds=1))
    street.tell(street.helper, "好")


def test_at_night_nobody_is_woken_but_who_is_awake_hears_it(street: Street) -> None:
    street.clock.pass_by(timedelta(hours=12))  # 22:00
    street.open(hours=20)
    done = street.tell(street.helper, "明天见")
    assert "明早七点" in street.read(done)
    (waits,) = street.notices(street.asker)
    assert waits.due_at.astimezone(street.square.zone).hour == 7
    street.wrote(street.helper, "还没睡")
    assert street.read(street.tell(street.asker, "好")) == "转给对方了。"
    assert street.notices(street.helper)[0].due_at == street.clock.now()


def test_what_ends_before_the_morning_is_told_at_night(street: Street) -> None:
    street.clock.pass_by(timedelta(hours=12))
    street.open(hours=2)
    street.tell(street.helper, "我在楼下")
    assert street.notices(street.asker)[0].due_at == street.clock.now()


def test_who_is_phoned_is_read_it_out(street: Street) -> None:
    phoned = street.arrive("caller", channel="desk")
    street.open("help:13", one=phoned)
    done = street.tell(street.helper, "我到了", "help:13")
    assert "打电话念给对方听" in street.read(done)


def test_another_helper_sees_nothing_of_the_first(street: Street) -> None:
    street.tell(street.asker, "我腿脚不便")
    street.open(other=street.stranger)
    assert street.owed(street.helper) == []
    assert street.owed(street.stranger) == []
    with pytest.raises(Refusal, match="utter_relay_closed"):
        street.tell(street.helper, "我来了")
    street.tell(street.stranger, "我来了")
    assert len(street.owed(street.asker)) == 1


def test_opening_it_again_for_the_same_two_only_moves_the_moment(street: Street) -> None:
    street.tell(street.helper, "我到了")
    street.open(hours=20)
    assert len(street.owed(street.asker)) == 1
    street.clock.pass_by(timedelta(hours=10))
    street.tell(street.helper, "再见")


def test_the_transcript_says_which_side_said_what(street: Street) -> None:
    street.tell(street.asker, "在哪")
    street.tell(street.helper, "路上，打13900001111")
    with street.database.reading() as db:
        lines = relaying.transcript(db, street.relay().id)
    assert [(one.side, one.text, one.masked) for one in lines] == [
        ("one", "在哪", False),
        ("other", f"路上，打{MASK}", True),
    ]


def test_the_lines_of_a_resident_are_those_they_may_write_on(street: Street) -> None:
    street.open("help:13", other=street.stranger)

    def lines(who: str) -> list[str]:
        with street.database.reading() as db:
            whose = street.talk(db, who).resident_id
            return [one.about for one in relaying.open_of(db, whose, now=street.clock.now())]

    assert set(lines(street.asker)) == {ABOUT, "help:13"}
    assert lines(street.helper) == [ABOUT]
    street.close()
    assert lines(street.helper) == []


def naive(street: Street, who: str, barrier: Barrier) -> bool:
    """Look how many there are, then write, as one does without thinking of others."""
    with street.database.reading() as db:
        sent = db.scalar(select(func.count(RelayMessage.id))) or 0
    barrier.wait(timeout=30)
    if sent >= relaying.MOST_AN_HOUR:
        return False
    _until_free(lambda: _write(street, who))
    return True


def _write(street: Street, who: str) -> None:
    with street.database.transaction() as db:
        talk: Conversation = street.talk(db, who)
        words = Words(resident_id=talk.resident_id, text="x", created_at=street.clock.now())
        db.add(
            RelayMessage(
                relay_id=street.relay().id,
                sender_id=talk.id,
                words=words,
                masked=False,
                sent_at=street.clock.now(),
            )
        )


def _until_free(deed: Callable[[], object]) -> None:
    for _ in range(20):
        try:
            deed()
        except OperationalError:
            continue
        return
    raise AssertionError("the store stayed busy")


def careful(street: Street, who: str, barrier: Barrier) -> bool:
    barrier.wait(timeout=30)
    try:
        _until_free(lambda: street.tell(who, "在吗"))
    except Refusal:
        return False
    return True


@pytest.mark.parametrize(("way", "passes"), [(careful, 1), (naive, 4)])
@pytest.mark.both_stores
def test_of_several_at_once_no_more_than_the_most_are_passed_on(
    street: Street, way: Callable[[Street, str, Barrier], bool], passes: int
) -> None:
    """Negative control: the naive way lets all of them through."""
    for _ in range(relaying.MOST_AN_HOUR - 1):
        street.tell(street.helper, "在吗")
    barrier = Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(lambda _: way(street, street.helper, barrier), range(4)))
    assert won.count(True) == passes
