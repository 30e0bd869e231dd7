"""Exactly those who were told wrong hear once what is right."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from actions import conversations, outbox, told
from actions.conversations import Author
from actions.errors import Refusal
from actions.learning import correction, recall
from actions.learning.correction import Correction
from actions.learning.model import Recall
from actions.learning.recall import MATTERS_FOR, Order
from actions.outbox import Notice, NoticeState
from actions.people import locks, scope
from actions.quiet import quiet_ends
from actions.told import Told
from actions.wording import read_wording
from tests.actions.learning.conftest import PACK, Residents

WORDING = read_wording(PACK.zone)
CARD = PACK.articles["ed-card"]
RIGHT, WRONG = CARD.fingerprint, "0" * 16
WORKERS = 8


def card(version: str = WRONG) -> Told:
    return Told("article", "ed-card", version)


def corrected(kind: str = "article", record_id: str = "ed-card") -> Correction:
    found = correction.correct(PACK, WORDING, kind, record_id, on=CARD.as_of)
    assert found
    return found


def order(residents: Residents, key: str = "a", **more: object) -> Order:
    facts: dict[str, object] = {"since": residents.clock.now() - MATTERS_FOR} | more
    return Order(corrected(), key, **facts)  # type: ignore[arg-type]


def recall_it(residents: Residents, key: str = "a", **more: object) -> Recall:
    with residents.database.transaction() as db:
        now = residents.clock.now()
        wanted = order(residents, key, **more)
        return recall.recall(db, wanted, staff_id=None, zone=PACK.zone, now=now)


def notices(residents: Residents, *states: str) -> Counter[str]:
    """Who is owed how many notices."""
    with residents.database.reading() as db:
        names = {residents.of(db, who).id: who for who in "abcdef"}
        owed = select(Notice.conversation_id).where(
            Notice.state.in_(states or (NoticeState.WAITING, NoticeState.SENT))
        )
        return Counter(names[talk] for talk in db.scalars(owed))


def known(residents: Residents) -> None:
    """Everybody has written before: `notices` may look them up without writing."""
    with residents.database.transaction() as db:
        for who in "abcdef":
            residents.of(db, who)


@pytest.fixture(autouse=True)
def everybody(residents: Residents) -> None:
    known(residents)


def test_exactly_those_who_were_told_wrong_last_are_owed_one_notice(
    residents: Residents,
) -> None:
    long_ago = residents.clock.now() - MATTERS_FOR - timedelta(minutes=1)
    residents.ask("a", "借书证怎么办", card())
    residents.ask("a", "借书证要钱吗", card())  # told twice, one notice
    residents.ask("b", "借书证怎么办", card(RIGHT))  # never told wrong
    residents.ask("c", "借书证怎么办", card())
    residents.ask("c", "借书证怎么办", card(RIGHT))  # has since got the right one
    residents.ask("d", "借书证怎么办", card(), at=long_ago)  # it no longer matters
    residents.ask("e", "停车多少钱", Told("article", "tr-parking", WRONG))  # another record
    residents.ask("f", "借书证怎么办", card(RIGHT))
    residents.ask("f", "借书证怎么办", card())  # told right, then wrong
    made = recall_it(residents)
    assert notices(residents) == {"a": 1, "f": 1}
    assert (made.told, made.wrong_versions, made.right_version) == (2, [WRONG], RIGHT)


def test_only_the_versions_that_were_wrong_are_recalled(residents: Residents) -> None:
    residents.ask("a", "借书证怎么办", card())
    residents.ask("b", "借书证怎么办", card("1" * 16))
    recall_it(residents, wrong_versions=["1" * 16])
    assert notices(residents) == {"b": 1}


def test_nobody_is_told_when_nobody_was_told_wrong(residents: Residents) -> None:
    residents.ask("a", "借书证怎么办", card(RIGHT))
    with pytest.raises(Refusal, match="utter_desk_recall_nobody"):
        recall_it(residents)
    with residents.database.reading() as db:
        assert db.scalars(select(Recall)).all() == []


def test_the_same_order_again_tells_nobody_again(residents: Residents) -> None:
    residents.ask("a", "借书证怎么办", card())
    assert recall_it(residents).id == recall_it(residents).id
    assert notices(residents) == {"a": 1}


def test_another_order_takes_the_place_of_one_that_has_not_gone_out(
    residents: Residents,
) -> None:
    residents.ask("a", "借书证怎么办", card())
    recall_it(residents, "a")
    recall_it(residents, "b")
    assert notices(residents) == {"a": 1}
    assert notices(residents, NoticeState.CANCELLED) == {"a": 1}


Way = Callable[[Residents, Barrier], None]


def ordered(residents: Residents, meet: Barrier) -> None:
    meet.wait()
    recall_it(residents)


def look_then_owe(residents: Residents, meet: Barrier) -> None:
    """The naive way: look who was told wrong, then owe each a notice without a key."""
    now = residents.clock.now()
    with residents.database.reading() as db:
        wrong = db.execute(recall._told_wrong(order(residents))).all()
    meet.wait()
    with residents.database.transaction() as db:
        for talk, _, _ in wrong:
            outbox.put(db, conversation_id=talk, response="utter_recall", due_at=now)


@pytest.mark.parametrize(
    ("way", "each"),
    [(ordered, 1), (look_then_owe, WORKERS)],
    ids=["recall", "negative control"],
)
def test_many_at_once_owe_everybody_one_notice(
    residents: Residents, way: Way, each: int
) -> None:
    for who in "abcdef":
        residents.ask(who, "借书证怎么办", card())
    meet = Barrier(WORKERS)
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda _: way(residents, meet), range(WORKERS)))
    assert notices(residents) == dict.fromkeys("abcdef", each)


def test_the_unique_key_holds_even_where_nobody_waits_for_the_other(
    residents: Residents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "alone", lambda _db, _table: None)
    for who in "abcdef":
        residents.ask(who, "借书证怎么办", card())
    meet = Barrier(WORKERS)
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda _: ordered(residents, meet), range(WORKERS)))
    assert notices(residents) == dict.fromkeys("abcdef", 1)


def test_a_recall_reaches_beyond_the_area_of_who_orders_it(residents: Residents) -> None:
    residents.ask("a", "借书证怎么办", card())
    with residents.database.transaction() as db:
        scope.limit(db, scope.Reach(()))  # an editor sees no conversations at all
        now = residents.clock.now()
        recall.recall(db, order(residents), staff_id=None, zone=PACK.zone, now=now)
    assert notices(residents) == {"a": 1}


def test_an_address_that_no_longer_takes_notices_is_left_out(residents: Residents) -> None:
    for who in "ab":
        residents.ask(who, "借书证怎么办", card())
        with residents.database.transaction() as db:
            talk, now = residents.of(db, who), residents.clock.now()
            lost = outbox.put(db, conversation_id=talk.id, response="utter_recall", due_at=now)
            lost.state = NoticeState.DEAD
    residents.clock.pass_by(timedelta(minutes=1))
    with residents.database.transaction() as db:  # b has written since
        talk, now = residents.of(db, "b"), residents.clock.now()
        conversations.say(db, talk, "你好", author=Author.RESIDENT, now=now)
    recall_it(residents)
    assert notices(residents) == {"b": 1}


def at(hour: int, minute: int = 0, day: int = 24) -> datetime:
    """A moment of November on the community's clock."""
    return datetime(2026, 11, day, hour, minute, tzinfo=PACK.zone)


@pytest.mark.parametrize(
    ("ordered_at", "due_at"),
    [
        (at(7), at(7)),
        (at(20, 59), at(20, 59)),
        (at(21), at(7, day=25)),
        (at(23, 59), at(7, day=25)),
        (at(0, 30), at(7)),
        (at(6, 59), at(7)),
    ],
)
def test_nobody_is_woken_up(ordered_at: datetime, due_at: datetime) -> None:
    assert quiet_ends(ordered_at.astimezone(UTC), PACK.zone) == due_at


def test_a_recall_of_the_night_waits_for_the_morning(residents: Residents) -> None:
    residents.ask("a", "借书证怎么办", card())
    residents.clock.moment = at(22).astimezone(UTC)
    recall_it(residents)
    with residents.database.reading() as db:
        assert db.scalars(select(Notice.due_at)).one() == at(7, day=25)


def test_the_notice_says_what_it_is_about_what_is_right_and_where_that_is_from(
    residents: Residents,
) -> None:
    residents.ask("a", "借书证怎么办", card())
    recall_it(residents)
    with residents.database.reading() as db:
        notice = db.scalars(select(Notice)).one()
    for language in ("zh", "en"):
        said = WORDING.render(notice.response, language=language, values=notice.values)
        assert CARD.title.in_(language) in said.text
        assert CARD.body.in_(language) in said.text
        assert CARD.source in said.text
        assert [(c.intent, c.value) for c in said.choices] == [
            ("ask_knowledge", "article:ed-card"),
            ("ask_person", ""),
        ]
    assert "对不起" in WORDING.render(notice.response, elder=True, values=notice.values).text


def test_who_got_the_notice_counts_as_told_right(residents: Residents) -> None:
    residents.ask("a", "借书证怎么办", card())
    recall_it(residents)
    with residents.database.transaction() as db:
        notice = db.scalars(select(Notice)).one()
        notice.state = NoticeState.SENT
        assert notice.told
        talk, now = residents.of(db, "a"), residents.clock.now()
        sent = conversations.say(db, talk, "更正", author=Author.ASSISTANT, now=now)
        told.keep(db, sent, told.from_json(notice.told), now=now)
    with pytest.raises(Refusal):
        recall_it(residents, "b")


def test_the_desk_sees_who_was_told_which_version_last(residents: Residents) -> None:
    residents.ask("a", "借书证怎么办", card())
    residents.ask("b", "借书证怎么办", card())
    residents.ask("c", "借书证怎么办", card(RIGHT))
    residents.ask("d", "火星上有水吗", Told("unknown"))
    since = residents.clock.now() - MATTERS_FOR
    with residents.database.reading() as db:
        seen = recall.tellings(db, since=since)
    assert {(one.version, one.conversations) for one in seen} == {(WRONG, 2), (RIGHT, 1)}
