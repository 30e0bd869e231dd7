"""Requests that partners bring: filed like all others, each once.

A partner's people are residents on a channel of their own: one for each account the partner
names, else one for the key. What they are told is written into their conversation; the partner
asks for it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from actions import conversations
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal
from actions.governance import service
from actions.governance.model import PartnerRequest, ServiceRequest
from actions.governance.service import Report
from actions.outbox import Notice, NoticeState
from actions.people.model import ApiKey, Words
from knowledge.pack import Pack

CHANNEL = "open311"


@dataclass(frozen=True)
class Brought:
    """A report of a partner; all but the report are keyed hashes.

    `account` is the partner's word for the person; the same `repeat` is the same report, and
    `content` tells whether it really is.
    """

    report: Report
    account: str
    repeat: str | None
    content: str


def file(db: Db, *, pack: Pack, key: ApiKey, brought: Brought, now: datetime) -> ServiceRequest:
    """Make a request of what a partner brought; the same again is the request it was.

    Raises:
        Refusal: it says that it is an earlier report and is another, or there is no such
            category.
    """
    _one_at_a_time(db, key)
    if (before := _before(db, key, brought)) is not None:
        return before
    conversation = _conversation(db, key, brought, now)
    request = service.file(
        db, pack=pack, report=brought.report, conversation=conversation, now=now
    )
    db.add(
        PartnerRequest(
            request_id=request.id,
            key_id=key.id,
            repeat_hash=brought.repeat,
            content_hash=brought.content,
        )
    )
    db.flush()
    return request


def told(db: Db, key: ApiKey, request_ids: Collection[int]) -> dict[int, str]:
    """Return what staff last said to who reported it through this partner, by request id.

    What other residents said of it is not for the partner.
    """
    brought = dict(
        db.execute(
            select(PartnerRequest.request_id, ServiceRequest.conversation_id)
            .join(ServiceRequest, ServiceRequest.id == PartnerRequest.request_id)
            .where(PartnerRequest.key_id == key.id, PartnerRequest.request_id.in_(request_ids))
        ).all()
    )
    about = {f"request:{number}": number for number in brought}
    said = db.execute(
        select(Notice.about, Notice.conversation_id, Words.text)
        .join(Words, Words.id == Notice.words_id)
        .where(
            Notice.about.in_(about),
            Notice.staff_id.is_not(None),
            Notice.state != NoticeState.CANCELLED,
        )
        .order_by(Notice.id)
    )
    return {about[name]: text for name, talk, text in said if talk == brought[about[name]]}


def _one_at_a_time(db: Db, key: ApiKey) -> None:
    """Let no other report of this partner in until the transaction ends."""
    db.execute(select(ApiKey.id).where(ApiKey.id == key.id).with_for_update())


def _before(db: Db, key: ApiKey, brought: Brought) -> ServiceRequest | None:
    if brought.repeat is None:
        return None
    earlier = db.scalar(
        select(PartnerRequest).where(
            PartnerRequest.key_id == key.id, PartnerRequest.repeat_hash == brought.repeat
        )
    )
    if earlier is not None and earlier.content_hash != brought.content:
        raise Refusal("utter_open311_not_a_repeat")
    return db.get_one(ServiceRequest, earlier.request_id) if earlier else None


def _conversation(db: Db, key: ApiKey, brought: Brought, now: datetime) -> Conversation:
    found = conversations.at_address(db, channel=CHANNEL, address=brought.account, now=now)
    if found.introduced_at is None:  # nobody reads an introduction there
        found.introduced_at = now
        found.area_id = found.resident.area_id = key.area_id
    return found
