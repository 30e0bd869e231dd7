"""An item is written, approved by the right person, published in time, put right, over."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from actions.errors import Refusal
from actions.news import history, samples, service
from actions.news.model import NewsItem, NewsVersion, Status
from actions.news.service import MOVES
from tests.actions.news.conftest import Town

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def deeds(town: Town, news_id: int) -> list[str]:
    with town.database.reading() as db:
        changes = history.of(db, db.get_one(NewsItem, news_id))
        return [change.deed for change in reversed(changes)]


def test_an_item_goes_from_draft_to_published_and_ends_in_time(town: Town) -> None:
    later = town.now + timedelta(hours=2)
    news_id = town.write(publish_at=later, expires_at=later + timedelta(days=1))
    assert town.status(news_id) == Status.DRAFT
    town.approve(news_id)
    assert town.status(news_id) == Status.APPROVED
    town.work()
    assert town.status(news_id) == Status.APPROVED
    town.clock.pass_by(timedelta(hours=2))
    town.work()
    assert town.status(news_id) == Status.PUBLISHED
    town.clock.pass_by(timedelta(days=1))
    town.work()
    assert town.status(news_id) == Status.EXPIRED
    assert deeds(town, news_id) == ["written", "approved", "published", "expired"]


def test_an_urgent_notice_is_approved_by_somebody_else(town: Town) -> None:
    news_id = town.write(urgent=True)
    with pytest.raises(Refusal, match="utter_desk_news_second"):
        town.approve(news_id, by=town.writer)
    assert town.status(news_id) == Status.DRAFT
    town.approve(news_id, by=town.second)
    assert town.status(news_id) == Status.PUBLISHED


def test_what_is_not_urgent_may_be_approved_by_its_writer(town: Town) -> None:
    """Negative control: it is urgency that asks for a second person."""
    news_id = town.write()
    town.approve(news_id, by=town.writer)
    assert town.status(news_id) == Status.PUBLISHED


@pytest.mark.parametrize("urgent", [True, False], ids=["urgent", "control"])
@pytest.mark.parametrize("nobody", [True, False])
def test_the_database_refuses_one_person_alone_too(
    town: Town, urgent: bool, nobody: bool
) -> None:
    news_id, by = town.write(urgent=urgent), None if nobody else town.writer
    with town.database.reading() as db:
        item = db.get_one(NewsItem, news_id)
        approved = (
            update(NewsVersion)
            .where(NewsVersion.news_id == item.id)
            .values(approved_by=by, approved_at=town.now)
        )
        if urgent:
            with pytest.raises(IntegrityError, match="second_person"):
                db.execute(approved)
        else:
            assert db.execute(approved).rowcount == 1  # type: ignore[attr-defined]


def test_who_writes_the_last_version_does_not_approve_it(town: Town) -> None:
    news_id = town.write(urgent=True)
    town.writer, town.second = town.second, town.writer  # the other writes it anew
    town.rewrite(news_id, "后天停水", urgent=True)
    with pytest.raises(Refusal, match="second"):
        town.approve(news_id, by=town.writer)
    town.approve(news_id, by=town.second)
    assert town.status(news_id) == Status.PUBLISHED


def test_nobody_approves_what_they_have_not_read(town: Town) -> None:
    news_id = town.write()
    town.rewrite(news_id, "后天停水")
    with town.database.transaction() as db:
        item = db.get_one(NewsItem, news_id)
        with pytest.raises(Refusal, match="changed"):
            service.approve(db, item, number=1, staff_id=town.second, now=town.now)


def test_residents_get_the_version_before_until_the_next_is_approved(town: Town) -> None:
    news_id = town.publish()
    town.rewrite(news_id, "后天停水")
    assert town.tap("li", "open_news", str(news_id)).values["title"]["zh"] == "明天停水"
    town.approve(news_id)
    assert town.tap("li", "open_news", str(news_id)).values["title"]["zh"] == "后天停水"


def test_a_change_of_what_was_approved_has_to_be_approved_again(town: Town) -> None:
    later = town.now + timedelta(hours=2)
    news_id = town.publish(publish_at=later)
    town.rewrite(news_id, "后天停水", publish_at=later)
    assert town.status(news_id) == Status.DRAFT
    town.clock.pass_by(timedelta(hours=3))
    town.work()
    assert town.status(news_id) == Status.DRAFT


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"title_zh": ""}, "title"),
        ({"title_zh": "停" * 31}, "title"),
        ({"body_zh": ""}, "body"),
        ({"topic": "gossip"}, "topic"),
        ({"level": "sure"}, "topic"),
        ({"source": ""}, "source"),
        ({"danger": True}, "danger"),
    ],
)
def test_what_is_missing_or_unknown_is_refused(
    town: Town, changes: dict[str, object], refusal: str
) -> None:
    with pytest.raises(Refusal, match=refusal):
        town.write(**changes)  # type: ignore[arg-type]


def test_what_is_over_before_it_begins_is_refused(town: Town) -> None:
    with pytest.raises(Refusal, match="times"):
        town.write(expires_at=town.now)


def test_what_is_over_stays_over(town: Town) -> None:
    assert MOVES[Status.EXPIRED] == MOVES[Status.WITHDRAWN] == frozenset()
    news_id = town.publish(expires_at=town.now + timedelta(hours=1))
    town.clock.pass_by(timedelta(hours=1))
    town.work()
    with pytest.raises(Refusal, match="over"):
        town.rewrite(news_id, "又停水")


def test_samples_of_the_pack_are_taken_over_once_and_labelled(town: Town) -> None:
    with town.database.transaction() as db:
        first = samples.take_over(db, town.square.pack, now=town.now)
        again = samples.take_over(db, town.square.pack, now=town.now)
    assert (first, again) == (len(town.square.pack.news), 0)
    assert first >= 4
    shown = town.tap("li", "more_news")
    told = town.tap("li", "open_news", shown.choices[0].value)
    assert "示例数据" in told.values["origin"]["zh"]
    assert "sample data" in told.values["origin"]["en"]
