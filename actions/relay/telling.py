"""What both sides are told of a line: who says what, when it is told, what was left out."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from actions import conversations
from actions.callers import CHANNEL as PHONE
from actions.conversations import Author, Conversation, Message
from actions.db import Db
from actions.people import nicknames
from actions.quiet import is_quiet, quiet_ends
from actions.relay import masking
from actions.relay.masking import Masked
from actions.relay.model import Ends, Relay
from actions.square import Square
from actions.wording import Said
from knowledge.pack import Text

AWAKE_FOR = timedelta(minutes=30)  # after they wrote to us

# What somebody is to the other: by the cause, and by who it is of the two.
AS = {("help", "one"): "asker", ("help", "other"): "helper"}


def told(db: Db, square: Square, line: Ends, masked: Masked) -> Said:
    """Write what the other side reads: who says it, what they say, and what is left out."""
    resident = line.theirs.resident

    def render(response: str, **values: Any) -> Said:
        return square.wording.render(
            response, language=resident.language, elder=resident.elder, values=values
        )

    called = nicknames.called(db, line.mine.resident_id)
    name = render("utter_relay_name", name=masking.mask(called).text).text if called else ""
    first = render(
        f"utter_relay_from_{_as(line, line.mine)}", name=name, about=line.relay.about
    )
    hidden = [render("utter_relay_hidden").text] if masked.kinds else []
    return Said("\n".join([first.text, masked.text, *hidden]), first.choices)


def which(line: Ends) -> str:
    """Return the response that names the other side of a line to choose it by."""
    return f"utter_relay_which_{_as(line, line.theirs)}"


def described(
    db: Db, square: Square, line: Ends, masked: Masked, *, waits: bool = False
) -> dict[str, Any]:
    """Return what the sender is told: how it goes, what was taken out, no word of theirs."""
    names = [square.in_both(f"utter_masked_{kind}") for kind in masked.kinds]
    zh, en = "、".join(name.zh for name in names), ", ".join(name.en for name in names)
    how = square.in_both(_how(db, line, waits=waits))
    return {"about": line.relay.about, "kinds": Text(zh=zh, en=en), "how": how}


def _as(line: Ends, somebody: Conversation) -> str:
    cause = line.relay.about.partition(":")[0]
    return AS.get((cause, side(line.relay, somebody.id)), "neighbour")


def _how(db: Db, line: Ends, *, waits: bool) -> str:
    if conversations.channel_of(db, line.theirs) == PHONE:
        return "utter_relay_how_phone"
    return "utter_relay_how_morning" if waits else "utter_relay_how_now"


def when_to_tell(
    db: Db, square: Square, whom: Conversation, closes_at: datetime, now: datetime
) -> datetime:
    """Return when the other side is told: at night at once only who is awake, or is late."""
    if not is_quiet(now, square.zone) or _is_awake(db, whom, now):
        return now
    morning = quiet_ends(now, square.zone)
    return morning if morning < closes_at else now


def about(relay: Relay) -> str:
    """Name a line as the cause of a notice."""
    return f"relay:{relay.id}"


def side(relay: Relay, conversation_id: str) -> str:
    """Say who of the two it is: "one" who asked, or the "other"."""
    return "one" if relay.one_id == conversation_id else "other"


def _is_awake(db: Db, whom: Conversation, now: datetime) -> bool:
    wrote = select(Message.id).where(
        Message.conversation_id == whom.id,
        Message.author == Author.RESIDENT,
        Message.created_at > now - AWAKE_FOR,
    )
    return db.scalar(wrote.limit(1)) is not None
