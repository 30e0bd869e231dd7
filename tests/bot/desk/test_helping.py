"""Helpers at the desk: who is not checked first, checking somebody, and telling them."""

import pytest
from sqlalchemy import select

from actions.neighbours.model import HelpOffer
from actions.outbox import Notice
from actions.people.model import AuditEntry
from tests.bot.desk.conftest import CANARY, Village

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def told(village: Village) -> list[str]:
    with village.bot.parts.database.reading() as db:
        return list(db.scalars(select(Notice.response)))


async def test_who_is_not_checked_comes_first_and_without_words(village: Village) -> None:
    page = (await village.colleague("own").get("/helpers")).text
    first, second = (f"/desk/helpers/{n}" for n in (village.offer_id, village.checked_id))
    assert page.index(first) < page.index(second)
    assert "还没核实" in page
    assert CANARY not in page


async def test_staff_check_a_helper_once_and_they_are_told(village: Village) -> None:
    own = village.colleague("own")
    path = f"/helpers/{village.offer_id}/verify"
    assert (await own.post(path)).status_code == 303
    with village.bot.parts.database.reading() as db:
        offer = db.get_one(HelpOffer, village.offer_id)
        assert offer.verified_at is not None
        assert offer.verified_by is not None
        noted = db.scalars(select(AuditEntry.deed)).all()
    assert told(village) == ["utter_offer_verified"]
    assert "verified_helper" in noted
    again = await own.post(path)
    assert again.status_code == 409
    assert told(village) == ["utter_offer_verified"]


async def test_a_check_is_taken_back(village: Village) -> None:
    own = village.colleague("own")
    await own.post(f"/helpers/{village.checked_id}/unverify")
    with village.bot.parts.database.reading() as db:
        assert db.get_one(HelpOffer, village.checked_id).verified_at is None
    assert told(village) == ["utter_offer_unverified"]


async def test_who_helps_no_more_is_not_shown(village: Village) -> None:
    own = village.colleague("own")
    with village.bot.parts.database.transaction() as db:
        db.get_one(HelpOffer, village.offer_id).withdrawn_at = village.bot.clock.now()
    assert f"/helpers/{village.offer_id}" not in (await own.get("/helpers")).text
    assert (await own.get(f"/helpers/{village.offer_id}")).status_code == 404
