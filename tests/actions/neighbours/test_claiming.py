"""One claim wins, all hear which; nobody takes what is not, or no longer, theirs to take."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from actions.neighbours import claiming
from actions.neighbours.model import (
    HelpOffer,
    HelpRequest,
    Match,
    MatchStatus,
    OfferedKind,
    Status,
)
from actions.people import blocks
from actions.people.model import Acting, Area, Role, Staff, Suspension, Words
from actions.relay.model import Relay
from tests.actions.neighbours.conftest import DAY, HOUR, MINUTE, Village, die_everywhere

pytestmark = pytest.mark.both_stores  # threads meet, or the stores differ

FIFTY = [f"n{number}" for number in range(50)]
AT_ONCE = 8  # connections that race; the pool has room for all of them


def test_of_fifty_one_wins_and_forty_nine_are_told_so(village: Village) -> None:
    village.willing(*FIFTY)
    need = village.need()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        said = Counter(pool.map(lambda who: village.tap(who, "claim_help", need), FIFTY))
    assert said == {"utter_help_yours": 1, "utter_help_taken": 49}
    assert village.statuses(need) == {MatchStatus.ACCEPTED: 1}
    assert village.told("asker") == ["utter_help_coming"]


def test_the_naive_way_has_several_winners(village: Village) -> None:
    """Negative control: look first, then write, as one does without thinking of others."""
    need, barrier = village.need(), Barrier(AT_ONCE)

    def naive(_: int) -> bool:
        free = village.request(need).status == Status.OPEN
        barrier.wait(timeout=30)
        if free:
            with village.database.transaction() as db:
                db.get_one(HelpRequest, need).status = Status.MATCHED
        return free

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert list(pool.map(naive, range(AT_ONCE))).count(True) > 1


def test_the_database_itself_allows_one_neighbour_to_take_it(village: Village) -> None:
    need = village.need()

    def insert(who: str) -> None:
        with village.database.transaction() as db:
            talk = village.talk(db, who)
            db.add(
                Match(
                    request_id=need,
                    helper_id=talk.resident_id,
                    conversation_id=talk.id,
                    status=MatchStatus.ACCEPTED,
                    step="town",
                    asked_at=village.now,
                )
            )

    insert("b")
    with pytest.raises(IntegrityError):
        insert("c")


def test_who_believes_it_open_when_the_database_knows_better_is_refused(
    village: Village,
) -> None:
    """What the constraint says is a refusal, and no error."""
    village.willing("b", "c")
    need = village.need()
    village.tap("b", "claim_help", need)
    with village.database.transaction() as db:  # as if somebody's code had a mistake
        db.get_one(HelpRequest, need).status = Status.OPEN
    assert village.tap("c", "claim_help", need) == "utter_help_taken"


def test_all_who_were_asked_hear_that_somebody_goes(village: Village) -> None:
    village.willing("b", "c", "d")
    need = village.need()
    village.tick()
    village.deliver()
    assert village.tap("b", "claim_help", need) == "utter_help_yours"
    assert village.statuses(need) == {MatchStatus.ACCEPTED: 1, MatchStatus.LAPSED: 2}
    for other in "cd":
        assert village.told(other) == ["utter_help_asked", "utter_help_found_other"]
        assert village.tap(other, "claim_help", need) == "utter_help_taken"  # an old button
        assert village.tap(other, "decline_help", need) == "utter_help_declined_once"
    assert village.told("b") == ["utter_help_asked"]
    assert village.request(need).status == Status.MATCHED


def test_who_has_not_heard_of_it_yet_hears_nothing_at_all(village: Village) -> None:
    village.willing("b", "c", "d")
    need = village.need()
    village.tick()  # and nothing is sent yet
    village.tap("b", "claim_help", need)
    assert village.told("c") == village.told("d") == []


def test_those_asked_are_not_woken_to_hear_that_another_goes(village: Village) -> None:
    village.willing("b", "c")
    need = village.need()
    village.tick()
    village.deliver()
    village.clock.pass_by(12 * HOUR)
    village.tap("b", "claim_help", need)
    assert village.told("c") == ["utter_help_asked"]
    village.clock.pass_by(9 * HOUR)
    assert village.told("c")[-1] == "utter_help_found_other"


def test_a_second_tap_finds_it_theirs(village: Village) -> None:
    village.willing("b")
    need = village.need()
    said = [village.tap("b", "claim_help", need) for _ in range(2)]
    assert said == ["utter_help_yours", "utter_help_yours_already"]
    assert village.tap("b", "decline_help", need) == "utter_help_yours_already"
    assert village.told("asker") == ["utter_help_coming"]


def test_a_mind_that_is_changed_in_time_is_welcome(village: Village) -> None:
    village.willing("b", "c")
    need = village.need()
    village.tick()
    village.tap("b", "decline_help", need)
    assert village.tap("b", "claim_help", need) == "utter_help_yours"
    village.tap("c", "decline_help", need)
    assert village.tap("c", "claim_help", need) == "utter_help_taken"


def test_never_again_means_this_kind(village: Village) -> None:
    village.willing("b")
    need = village.need()
    village.tick()
    for _ in range(2):
        assert village.tap("b", "never_help", need) == "utter_help_never_again"
    with village.database.reading() as db:
        (kind,) = db.scalars(select(OfferedKind))
        assert (kind.kind_id, kind.never) == ("fetch-parcel", True)
    assert village.statuses(need) == {MatchStatus.DECLINED: 1}


def for_mother(village: Village) -> None:
    with village.database.transaction() as db:
        db.add(
            Acting(
                actor_id=village.talk(db, "b").resident_id,
                principal_id=village.talk(db, "asker").resident_id,
                kin="mother",
                asked_at=village.now,
                confirmed_at=village.now,
            )
        )


def asked_for_another(village: Village) -> None:
    with village.database.transaction() as db:
        request = db.scalars(select(HelpRequest)).one()
        request.conversation_id = village.talk(db, "b").id


def own(village: Village) -> None:
    with village.database.transaction() as db:
        request = db.scalars(select(HelpRequest)).one()
        request.resident_id = village.talk(db, "b").resident_id


def blocked(village: Village) -> None:
    with village.database.transaction() as db:
        pair = (village.talk(db, who).resident_id for who in ("b", "asker"))
        blocks.block(db, *pair, now=village.now)


def blocking(village: Village) -> None:
    with village.database.transaction() as db:
        pair = (village.talk(db, who).resident_id for who in ("asker", "b"))
        blocks.block(db, *pair, now=village.now)


def suspended(who: str) -> Callable[[Village], None]:
    def suspend(village: Village) -> None:
        with village.database.transaction() as db:
            staff = Staff(username="desk", role=Role.STAFF, password_hash="-")
            staff.area_id, staff.created_at = "guali/", village.now
            assert db.get(Area, "guali/")
            db.add(staff)
            db.flush()
            db.add(
                Suspension(
                    resident_id=village.talk(db, who).resident_id,
                    cause="report:1",
                    staff_id=staff.id,
                    since=village.now,
                    until=village.now + DAY,
                )
            )

    return suspend


def unverified(village: Village) -> None:
    with village.database.transaction() as db:
        for offer in db.scalars(select(HelpOffer)):
            offer.verified_at = None


def withdrawn_offer(village: Village) -> None:
    with village.database.transaction() as db:
        for offer in db.scalars(select(HelpOffer)):
            offer.withdrawn_at = village.now


def late(village: Village) -> None:
    village.clock.pass_by(30 * HOUR)


def status(to: Status) -> Callable[[Village], None]:
    def put(village: Village) -> None:
        with village.database.transaction() as db:
            db.scalars(select(HelpRequest)).one().status = to

    return put


def far_away(village: Village) -> None:
    with village.database.transaction() as db:
        village.talk(db, "b").resident.area_id = "guali/meilin/g1/"


REFUSED: dict[Callable[[Village], None], str] = {
    own: "utter_help_own",
    for_mother: "utter_help_own",
    asked_for_another: "utter_help_own",
    blocked: "utter_help_not_possible",
    blocking: "utter_help_not_possible",
    suspended("b"): "utter_help_helper_suspended",
    suspended("asker"): "utter_help_not_possible",
    unverified: "utter_help_verified_only",
    withdrawn_offer: "utter_help_verified_only",
    late: "utter_help_ended",
    status(Status.MATCHED): "utter_help_taken",
    status(Status.CANCELLED): "utter_help_not_needed",
    status(Status.EXPIRED): "utter_help_ended",
    status(Status.DONE): "utter_help_ended",
    status(Status.REVIEW): "utter_help_not_possible",
    far_away: "utter_help_not_possible",
}


@pytest.mark.parametrize("case", range(len(REFUSED)))
def test_what_is_not_for_somebody_to_take_is_refused_and_nothing_changes(
    village: Village, case: int
) -> None:
    village.willing("b")
    need = village.need()
    hinder, response = list(REFUSED.items())[case]
    hinder(village)
    before = village.everything()
    assert village.tap("b", "claim_help", need) == response
    assert village.everything() == before


def test_with_nothing_in_the_way_the_same_tap_takes_it(village: Village) -> None:
    """The control of the refusals above."""
    village.willing("b")
    assert village.tap("b", "claim_help", village.need()) == "utter_help_yours"


def test_what_anybody_may_help_with_needs_no_verifying(village: Village) -> None:
    village.willing("b", verified=False)
    need = village.need("borrow-tools")
    assert village.tap("b", "claim_help", need) == "utter_help_yours"


def test_a_restricted_kind_is_never_taken(village: Village) -> None:
    village.willing("b")
    need = village.need("pick-up-child")
    status(Status.OPEN)(village)
    assert village.tap("b", "claim_help", need) == "utter_help_not_possible"


def test_a_need_nobody_knows_is_refused_kindly(village: Village) -> None:
    village.willing("b")
    for intent in ("claim_help", "decline_help", "never_help"):
        assert village.tap("b", intent, 4711) == "utter_help_not_possible"


def test_who_asked_learns_a_nickname_and_roughly_how_far_and_no_more(
    village: Village,
) -> None:
    village.willing("b", nickname="小陈")
    need = village.need()
    village.tick()
    with village.database.transaction() as db:
        db.scalars(select(Match)).one().metres = 300
    village.tap("b", "claim_help", need)
    (notice,) = village.notices("asker")
    assert notice.values == {}  # the name lies in `words`
    with village.database.reading() as db:
        text = db.get_one(Words, notice.words_id).text
    assert text.startswith("小陈愿意帮您：取快递，11月25日（周三）15:00，离您大约300米。")
    labels = [choice["label"] for choice in notice.choices]
    assert labels == ["给对方留言", "没来", "不用了"]
    assert notice.choices[0]["value"] == f"help:{need}"


def test_the_two_may_write_to_one_another_until_a_day_after(village: Village) -> None:
    village.willing("b")
    need = village.need()
    village.tap("b", "claim_help", need)
    with village.database.transaction() as db:
        relay = db.scalars(select(Relay)).one()
        assert relay.about == f"help:{need}"
        assert relay.one_id == village.talk(db, "asker").id
        assert relay.other_id == village.talk(db, "b").id
        assert relay.closes_at == village.request(need).wanted_until + DAY


def test_a_claim_at_night_is_told_in_the_morning_unless_it_is_for_then(
    village: Village,
) -> None:
    village.willing("b")
    tomorrow = village.need()
    soon = village.approve(village.need("lost-found", asker="a", wanted_in=15 * HOUR))
    village.clock.pass_by(12 * HOUR)  # 22:00
    for need in (tomorrow, soon):
        assert village.tap("b", "claim_help", need) == "utter_help_yours"
    assert village.told("asker") == []
    assert village.told("a") == ["utter_help_coming"]
    village.clock.pass_by(9 * HOUR + MINUTE)
    assert village.told("asker") == ["utter_help_coming"]


def test_nothing_is_half_done_wherever_a_claim_dies(village: Village) -> None:
    village.willing("b", "c", "d")
    need = village.need()
    village.tick()
    village.deliver()
    deaths = die_everywhere(
        village,
        lambda db: claiming.claim(
            db, village.square, request_id=need, helper=village.talk(db, "b"), now=village.now
        ),
    )
    assert deaths > 15
    assert village.statuses(need) == {MatchStatus.ACCEPTED: 1, MatchStatus.LAPSED: 2}
