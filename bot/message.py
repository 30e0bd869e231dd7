"""A message as every channel hands it in, whatever it looked like on the way."""

import re
from dataclasses import dataclass
from datetime import datetime

from actions.channels import Heard
from actions.conversations import Attachment

# What no database and no screen can carry: NUL, other control characters, lone surrogates.
UNCARRIABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class InboundMessage:
    """One update of a channel; the same `update_id` is the same update.

    `address` is where it was said. In a group that is the group's, and `sender` the id of who
    spoke; where only one person and we speak there is none. `quoted` is what the message
    answers, as far as the channel tells. `heard` is how it was said, `said_at` when, where the
    platform tells. `area` is the village whose code they came by.
    """

    channel: str
    address: str
    update_id: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    bot: str = ""
    sender: str = ""
    quoted: str = ""
    heard: Heard = Heard.WORDS
    said_at: datetime | None = None
    area: str = ""


def clean(text: str) -> str:
    """Remove what cannot be carried; everything else stays as it was written."""
    return UNCARRIABLE.sub("", text).strip()
