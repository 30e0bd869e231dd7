"""Whose a message says something is, and who may dispose of it."""

import pytest

from actions import behalf, conversations
from actions.db import Database, Db
from actions.errors import Refusal
from actions.people import scope
from actions.people.model import Acting
from tests.conftest import StandingClock


@pytest.mark.parametrize(
    ("text", "whose", "asked_for"),
    [
        ("我妈的报名", "我妈", ""),
        ("我妈报的路灯怎么样了", "我妈", ""),
        ("取消我妈的课", "我妈", ""),
        ("替我外婆取消周三的课", "我外婆", "我外婆"),
        ("帮我爸报修楼道灯", "我爸", "我爸"),
        ("幫我爸報修樓道燈", "我爸", "我爸"),
        ("我妈周六的太极课不去了", "我妈", ""),
        ("我外公约的体检改一下", "我外公", ""),
        ("what my father reported", "my father", ""),
        # Who is only mentioned.
        *(("我爸要摔跤了，楼道灯不亮", "", ""), ("我妈住院了，我周三的课退掉", "", "")),
        *(("我和邻居吵过，查下我的单子", "", ""), ("我妈说路灯还没修", "", "")),
        *(
            ("给我妈打个电话再说，先取消", "", ""),
            ("my wife says the lamp is still out", "", ""),
        ),
        ("my mother's bookings", "my mother", ""),
        ("report the lamp for my father", "my father", "my father"),
        # Nobody of the family, or somebody of theirs.
        *(("给王奶奶报名", "", ""), ("王阿姨的报名", "", ""), ("妈呀路灯又坏了", "", "")),
        *(("给我妈的邻居报名", "", ""), ("我妈的朋友约了什么", "", "")),
        *(("给我妈妈的妈妈报名", "", ""), ("for my mother's friend", "", "")),
        *(("我的报名", "", ""), ("帮我报修", "", ""), ("report it for me", "", "")),
    ],
)
def test_whose_it_is_and_for_whom_it_is_asked(text: str, whose: str, asked_for: str) -> None:
    assert behalf.read_whose(text) == whose
    assert behalf.read_for(text) == asked_for


@pytest.mark.parametrize(
    ("words", "called"),
    [
        *(("我妈", "妈妈"), ("我老妈", "老妈"), ("我家爸爸", "爸爸"), ("我弟", "弟弟")),
        *(("外婆", "外婆"), ("my mother", "mother"), ("my mum", "mum"), ("我老伴", "老伴")),
    ],
)
def test_we_speak_of_them_politely(words: str, called: str) -> None:
    assert behalf.called(words) == called


@pytest.fixture
def ids(database: Database, clock: StandingClock) -> dict[str, str]:
    """A child who acts for a mother, and a stranger: their residents."""
    with database.transaction() as db:
        found = {
            who: conversations.at_address(
                db, channel="webchat", address=who, now=clock.now()
            ).resident_id
            for who in ("child", "mother", "stranger")
        }
        acting = Acting(kin="mother", asked_at=clock.now(), confirmed_at=clock.now())
        acting.actor_id, acting.principal_id = found["child"], found["mother"]
        db.add(acting)
        return found


def talk_of(db: Db, clock: StandingClock, who: str) -> conversations.Conversation:
    return conversations.at_address(db, channel="webchat", address=who, now=clock.now())


def test_both_are_told_where_one_asked_for_the_other(
    database: Database, clock: StandingClock, ids: dict[str, str]
) -> None:
    with database.transaction() as db:
        child, mother = (talk_of(db, clock, who).id for who in ("child", "mother"))
        told = behalf.listeners(db, ids["mother"], child)
        assert [one.conversation_id for one in told] == [child, mother]
        own = behalf.listeners(db, ids["mother"], mother)
        assert [one.conversation_id for one in own] == [mother]


def test_who_acts_no_more_is_told_nothing(
    database: Database, clock: StandingClock, ids: dict[str, str]
) -> None:
    with database.transaction() as db:
        child, mother = (talk_of(db, clock, who).id for who in ("child", "mother"))
        db.get_one(Acting, 1).ended_at = clock.now()
        db.flush()
        told = behalf.listeners(db, ids["mother"], child)
        assert [one.conversation_id for one in told] == [mother]


def test_staff_of_another_area_change_nothing_of_who_is_told(
    database: Database, clock: StandingClock, ids: dict[str, str]
) -> None:
    with database.transaction() as db:
        child = talk_of(db, clock, "child").id
        with scope.limited(db, scope.Reach(())):  # who sees nothing at all
            assert len(behalf.listeners(db, ids["mother"], child)) == 2


@pytest.mark.parametrize(("who", "may"), [("child", True), ("stranger", False)])
def test_an_acting_is_good_for_its_own_actor(
    database: Database, clock: StandingClock, ids: dict[str, str], who: str, may: bool
) -> None:
    with database.transaction() as db:
        talk = talk_of(db, clock, who)
        assert behalf.owner(db, talk, None) == ids[who]
        assert behalf.may(db, ids[who], ids["mother"]) is may
        if may:
            assert behalf.owner(db, talk, 1) == ids["mother"]
        else:
            with pytest.raises(Refusal, match="utter_behalf_over"):
                behalf.owner(db, talk, 1)
