"""Whom an urgent notice is for, who is owed it, and how that is taken back.

The row scope of who is at the desk does not limit it: a notice reaches all of an area.
"""

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
)

from actions import outbox
from actions.channels import CHANNELS
from actions.conversations import Conversation
from actions.db import Db
from actions.news import telling
from actions.news.model import Broadcast, NewsItem, State, ToldNews
from actions.outbox import Notice, NoticeState
from actions.people import scope
from actions.people.model import Address, Resident

# Channels on which no resident reads.
NO_RESIDENT = tuple(name for name, channel in CHANNELS.items() if not channel.residents)


def find(item: NewsItem, sent: Broadcast, *, after: str = "") -> Select[str, str, bool | None]:
    """Say in SQL to whom, and whether a version before was told there: it is put right.

    All of the area, and wherever one before was told. Who has no area known is of the whole
    community's alone.
    """
    there = scope.inside(Resident.area_id, (item.area_id or "",))
    was_wrong = or_(_sent_before(sent), _told_before(sent))
    return (
        select(Conversation.id, Conversation.resident_id, was_wrong.label("was_wrong"))
        .join(Resident, Resident.id == Conversation.resident_id)
        .join(Address, Address.id == Conversation.address_id)
        .where(Address.channel.not_in(NO_RESIDENT), Conversation.id > after)
        .where(or_(there, was_wrong))
        .order_by(Conversation.id)
    )


def _sent_before(sent: Broadcast) -> ColumnElement[bool]:
    """Say that another version was sent into the conversation."""
    return exists().where(
        Notice.conversation_id == Conversation.id,
        Notice.about == telling.about_id(sent.news_id),
        Notice.state == NoticeState.SENT,
        Notice.key.not_like(f"{keys(sent)}%"),
    )


def _told_before(sent: Broadcast) -> ColumnElement[bool]:
    """Say that the resident read a version before, however."""
    return exists().where(
        ToldNews.resident_id == Conversation.resident_id,
        ToldNews.news_id == sent.news_id,
        ToldNews.version < sent.version,
    )


def to_come(db: Db, item: NewsItem, sent: Broadcast) -> int:
    """Count who is owed no notice yet, wherever they live: nobody is named."""
    if sent.state in (State.STOPPED, State.DONE):
        return 0
    owed = exists().where(
        Notice.key == literal(keys(sent)).concat(Conversation.id),
        Notice.state != NoticeState.CANCELLED,
    )
    with scope.unlimited(db):
        whole = find(item, sent).where(~owed).order_by(None).subquery()
        return db.scalar(select(func.count()).select_from(whole)) or 0


def waiting(db: Db, sent: Broadcast) -> int:
    """Count the notices that are to go out."""
    count = select(func.count(Notice.id)).where(
        Notice.about == telling.about_id(sent.news_id), Notice.state == NoticeState.WAITING
    )
    return db.scalar(count) or 0


def take_back(db: Db, sent: Broadcast) -> int:
    """Owe nobody any more what has not gone out; they are told when it goes on.

    Returns how many notices; to whom they were owed counts as not told.
    """
    about = telling.about_id(sent.news_id)
    owed = select(Conversation.resident_id).join(
        Notice, Notice.conversation_id == Conversation.id
    )
    mine = Notice.key.startswith(keys(sent), autoescape=True)
    with scope.unlimited(db):
        owed_to = set(db.scalars(owed.where(mine, Notice.state.in_(outbox.OWED))))
        was_told = set(db.scalars(owed.where(mine, Notice.state == NoticeState.SENT)))
    taken = outbox.cancel(db, about)
    if taken:
        _untell(db, sent, owed_to - was_told)
    sent.after = ""
    db.flush()
    return taken


def keys(sent: Broadcast) -> str:
    """Return what the keys of a broadcast's notices begin with."""
    return f"news:{sent.news_id}:{sent.version}:"


def _untell(db: Db, sent: Broadcast, residents: set[str]) -> None:
    db.execute(
        delete(ToldNews)
        .where(
            and_(ToldNews.news_id == sent.news_id, ToldNews.version == sent.version),
            ToldNews.resident_id.in_(residents),
        )
        .execution_options(synchronize_session=False)
    )
