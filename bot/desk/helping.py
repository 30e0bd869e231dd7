"""Neighbours who offer help: who they are to staff, and whether staff know them."""

from typing import Any

from starlette.responses import Response

from actions.neighbours import offers
from actions.neighbours.model import HelpOffer
from actions.people import nicknames
from bot.desk.sessions import identity
from bot.desk.visit import Missing, Visit, go


def see(visit: Visit) -> Response:
    """Show who offers help, those staff have not checked first; nobody's words."""
    return visit.show(
        "helpers.html",
        helpers=[(offer, _told(visit, offer)) for offer in offers.for_staff(visit.db)],
    )


def see_one(visit: Visit) -> Response:
    """Show one, with what they are called and wrote of their skills."""
    offer = _find(visit)
    visit.note("read_helper", f"offer:{offer.id}")
    return visit.show(
        "helper.html",
        offer=offer,
        told=_told(visit, offer),
        called=nicknames.called(visit.db, offer.resident_id),
        refused=offers.refused(visit.db, offer),
    )


def verify(visit: Visit) -> Response:
    """Note that staff know who this is; the helper is told.

    Raises:
        Refusal: a rule of `offers.verify`.
    """
    offer = _find(visit)
    offers.verify(visit.db, offer, visit.staff, now=visit.now)
    visit.note("verified_helper", f"offer:{offer.id}")
    return go(f"/helpers/{offer.id}")


def unverify(visit: Visit) -> Response:
    """Take it back; the helper is told.

    Raises:
        Refusal: a rule of `offers.unverify`.
    """
    offer = _find(visit)
    offers.unverify(visit.db, offer, now=visit.now)
    visit.note("unverified_helper", f"offer:{offer.id}")
    return go(f"/helpers/{offer.id}")


def _told(visit: Visit, offer: HelpOffer) -> dict[str, Any]:
    return offers.described(visit.db, visit.square, offer)


def _find(visit: Visit) -> HelpOffer:
    """Return the offer of the address; unknown and forbidden look the same."""
    offer = visit.db.get(HelpOffer, identity(visit.path["offer_id"]))
    if offer is None or offer.withdrawn_at is not None:
        raise Missing
    return offer
