"""Recalls of answers: who was told what, and the one step that tells them what is right."""

import re
import secrets
from typing import Any

from sqlalchemy import select
from starlette.responses import Response

from actions.db import Db
from actions.errors import Refusal
from actions.learning import correction
from actions.learning import recall as recalling
from actions.learning.correction import Correction, Known
from actions.learning.recall import MATTERS_FOR, Order, Telling
from actions.people.model import Staff
from actions.quiet import quiet_ends
from bot.desk.visit import Missing, Visit, go
from knowledge.records import Text

ONCE = re.compile(r"[0-9a-f]{32}")


def see(visit: Visit) -> Response:
    """Show the recalls, and records that have changed since somebody was told them."""
    return visit.show(
        "recalls.html",
        recalls=recalling.everything(visit.db),
        outdated=[telling for telling in _tellings(visit) if _is_outdated(visit, telling)],
        names=_names(visit.db),
        title=lambda kind, record_id: _title(visit, kind, record_id),
    )


def see_new(visit: Visit) -> Response:
    """Show who was told which version of a record, and what they would now be told."""
    right = _correction(visit)
    told = _tellings(visit, kind=right.kind, record_id=right.record_id)
    return visit.show(
        "recall.html",
        right=right,
        tellings=told,
        wrong=sum(one.conversations for one in told if one.version != right.version),
        due_at=quiet_ends(visit.now, visit.pack.zone),
        days=MATTERS_FOR.days,
        once=visit.sent.get("once", "") or secrets.token_hex(16),
    )


def recall(visit: Visit) -> Response:
    """Tell everybody who was told wrong.

    Raises:
        Refusal: nobody is to be told, or it was not sent by our form.
    """
    if not ONCE.fullmatch(visit.sent.get("once", "")):
        raise Refusal("utter_desk_not_like_that")
    order = Order(
        correction=_correction(visit),
        key=f"desk:{visit.sent['once']}",
        since=visit.now - MATTERS_FOR,
        note=visit.words(),
    )
    made = recalling.recall(
        visit.db, order, staff_id=visit.staff.id, zone=visit.pack.zone, now=visit.now
    )
    visit.note("recalled", f"recall:{made.id} {made.kind}:{made.record_id}"[:80])
    return go("/recalls")


def _correction(visit: Visit) -> Correction:
    """Return the record the address or the form names, as the notice will tell it."""
    zone = visit.pack.zone
    arrives = quiet_ends(visit.now, zone).astimezone(zone)
    found = correction.correct(
        visit.pack,
        visit.desk.wording,
        visit.sent.get("kind", ""),
        visit.sent.get("id", ""),
        on=arrives.date(),
    )
    if found is None:
        raise Missing
    return found


def _tellings(visit: Visit, **record: Any) -> list[Telling]:
    return recalling.tellings(visit.db, since=visit.now - MATTERS_FOR, **record)


def _is_outdated(visit: Visit, telling: Telling) -> bool:
    known = _known(visit, telling.kind, telling.record_id)
    return known is not None and known.version != telling.version


def _title(visit: Visit, kind: str, record_id: str) -> Text:
    """Return a record's title; one the pack has no longer is called by its id."""
    known = _known(visit, kind, record_id)
    return known.title if known else Text(zh=record_id, en=record_id)


def _known(visit: Visit, kind: str, record_id: str) -> Known | None:
    return correction.know(visit.pack, visit.desk.wording, kind, record_id)


def _names(db: Db) -> dict[int, str]:
    return {number: name for number, name in db.execute(select(Staff.id, Staff.username))}
