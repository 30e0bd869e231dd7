"""The chat of one's team at the desk: the commands, answers and notices of any staff chat.

Staff also get here the codes that link them, and groups, on other platforms.
"""

import re
import secrets
from functools import partial
from typing import Any

from anyio import from_thread
from sqlalchemy import select
from starlette.responses import Response

from actions import conversations
from actions.conversations import CHOICE_ID, Attachment, Conversation, Message
from actions.errors import Refusal
from actions.people import links, scope
from actions.people.links import Door, Place
from actions.people.model import Address, Staff, StaffAddress
from bot import inbox, staff_chat
from bot.desk import photo
from bot.desk.visit import Missing, Visit, go
from bot.message import InboundMessage

NAME = "staff"  # the channel of what staff say at the desk
LATEST = 60
ONCE = re.compile(r"[0-9a-f]{32}")


def see(visit: Visit) -> Response:
    """Show the chat, and where one is linked."""
    return _show(visit)


def see_later(visit: Visit) -> Response:
    """Show what was said after the message `after`, for a page that is open."""
    after = visit.sent.get("after", "")
    last = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    return visit.show("chat_lines.html", **_said(visit, last))


def say(visit: Visit) -> Response:
    """Say something in the chat; it is answered as soon as this is committed.

    Raises:
        Refusal: nothing is said, or too much, or what came is no photo.
    """
    words, once = visit.words(), visit.sent.get("once", "")
    photos = photo.brought(visit)
    if not words and not photos:
        raise Refusal("utter_desk_no_words")
    if not ONCE.fullmatch(once):
        raise Refusal("utter_desk_not_like_that")
    sender = str(visit.staff.id)
    with scope.unlimited(visit.db):  # the chat may not be there yet
        talk = conversations.at_address(
            visit.db, channel=NAME, address=_address(visit), now=visit.now
        )
        conversations.hold(visit.db, talk.id)  # colleagues may say their first word at once
        links.know(visit.db, visit.staff, Door(NAME, sender), now=visit.now)
        talk.area_id = visit.staff.area_id
        links.open_for(visit.db, _place(visit), talk.id, now=visit.now)
        message = InboundMessage(
            channel=NAME,
            address=_address(visit),
            update_id=f"{sender}:{once}",
            text=words,
            attachments=tuple(Attachment("photo", one.id) for one in photos),
            sender=sender,
        )
        inbox.keep_in(visit.db, message, now=visit.now)
        photo.keep(visit, photos)
    visit.afterwards.append(partial(from_thread.run, visit.desk.drain, talk.id))
    return go("/chat#words")


def make_code(visit: Visit) -> Response:
    """Show, once, a code by which one tells on another platform who one is."""
    key = visit.desk.secret_key
    code = links.code_for_staff(visit.db, visit.staff, key=key, now=visit.now)
    visit.note("link_code_made", f"staff:{visit.staff.id}")
    return _show(visit, code=links.shown(code))


def make_chat_code(visit: Visit) -> Response:
    """Show, once, a code that makes a group elsewhere a chat of an area, or of a team there."""
    area, team = visit.sent.get("area", ""), visit.sent.get("team", "")
    if area not in visit.pack.areas or team not in {"", *visit.pack.teams}:
        raise Refusal("utter_desk_not_like_that")
    if not scope.reaches([visit.staff.area_id], area):
        raise Missing
    place, key = Place(area, team or None), visit.desk.secret_key
    code = links.code_for_chat(visit.db, place, key=key, now=visit.now)
    visit.note("chat_code_made", f"staff:{visit.staff.id}")
    return _show(visit, chat_code=links.shown(code))


def unlink(visit: Visit) -> Response:
    """Be known on no other platform any more."""
    links.unlink(visit.db, visit.staff)
    visit.note("unlinked", f"staff:{visit.staff.id}")
    return go("/chat")


def _show(visit: Visit, code: str = "", chat_code: str = "") -> Response:
    return visit.show(
        "chat.html",
        **_said(visit),
        place=staff_chat.place_of(visit.pack, visit.staff),
        code=code,
        chat_code=chat_code,
        minutes=int(links.LASTS.total_seconds() // 60),
        linked=_linked(visit),
        areas=[area for area in visit.pack.areas if scope.reaches([visit.staff.area_id], area)],
    )


def _said(visit: Visit, after: int = 0) -> dict[str, Any]:
    """Return what was said in the chat, oldest first, and the number of the last."""
    found = visit.db.execute(
        select(Message, Staff.username)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Address, Address.id == Conversation.address_id)
        .outerjoin(Staff, Staff.id == Message.staff_id)
        .where(Address.channel == NAME, Address.address == _address(visit))
        .where(Message.id > after)
        .order_by(Message.id.desc())
        .limit(LATEST)
    ).all()
    lines = [(message, name) for message, name in reversed(found)]
    labels = {choice.id: choice.label for message, _ in lines for choice in message.offered}
    return {
        "lines": lines,
        "last": found[0][0].id if found else after,
        "labelled": lambda text: labels.get(text, "…") if CHOICE_ID.fullmatch(text) else text,
        "once": secrets.token_hex(16),
    }


def _linked(visit: Visit) -> list[StaffAddress]:
    return [one for one in links.of_staff(visit.db, visit.staff) if one.channel != NAME]


def _place(visit: Visit) -> Place:
    return Place(visit.staff.area_id, visit.staff.team_id)


def _address(visit: Visit) -> str:
    """Name the chat of the colleagues with this area and team."""
    return f"{visit.staff.area_id}:{visit.staff.team_id or ''}"
