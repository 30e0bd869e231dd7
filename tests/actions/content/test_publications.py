"""A publication is a row: one at a time, and what nobody works on any more has failed."""

from datetime import timedelta

import pytest

from actions.content import publications
from actions.content.model import Publication, State
from actions.errors import Refusal
from tests.actions.content.conftest import Newsroom
from tests.conftest import StandingClock


def test_only_one_publication_waits_or_runs(newsroom: Newsroom) -> None:
    newsroom.set_up()
    newsroom.order()
    with pytest.raises(Refusal, match="already_publishing"):
        newsroom.order()


def test_one_that_was_stopped_is_seen_as_failed_and_published_nothing(
    newsroom: Newsroom, clock: StandingClock
) -> None:
    newsroom.set_up()
    before = newsroom.active()
    newsroom.write("card", lambda text: text.replace("在一楼", "在三楼"))
    number = newsroom.order()
    work = publications.claim(newsroom.database, clock)
    assert work
    assert work.number == number  # and here its process is killed
    with pytest.raises(Refusal, match="already_publishing"):
        newsroom.order()
    clock.pass_by(publications.LOST_AFTER + timedelta(seconds=1))
    with newsroom.database.reading() as db:
        assert publications.is_lost(db.get_one(Publication, number), now=clock.now())
    assert newsroom.active() == before
    assert newsroom.publish().state == State.PUBLISHED
    with newsroom.database.reading() as db:
        assert db.get_one(Publication, number).state == State.FAILED
