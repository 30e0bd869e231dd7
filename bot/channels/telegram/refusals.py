"""What Telegram says when it will not take something, and what that means to a courier."""

import warnings
from collections.abc import Mapping

from telegram.error import BadRequest, RetryAfter

from bot.channels.platform import Blocked, Refused

# What Telegram says of a chat that is gone; it is no fault of the message.
GONE = ("chat not found", "user not found", "user is deactivated", "peer_id_invalid")
# What it will not take → what stands in our books, without anybody's words.
REFUSALS: Mapping[str, str] = {
    "message is too long": "too_long",
    "message text is empty": "empty",
    "button_data_invalid": "button",
    "not enough rights": "no_rights",
    "have no rights": "no_rights",
    "file is too big": "too_large",
    "photo_invalid_dimensions": "photo",
    "image_process_failed": "photo",
    "wrong file": "no_file",
    "invalid file": "no_file",
}
OTHER = "400"


def refusal_of(error: BadRequest) -> Blocked | Refused:
    """Return what a refusal means: they are gone, or it will never be taken."""
    said = error.message.lower()
    if any(gone in said for gone in GONE):
        return Blocked()
    return Refused(next((code for words, code in REFUSALS.items() if words in said), OTHER))


def seconds_of(error: RetryAfter) -> float:
    """Return how long Telegram wants us to wait."""
    with warnings.catch_warnings():  # the library is about to change its type
        warnings.simplefilter("ignore")
        after = error.retry_after
    return float(after) if isinstance(after, int) else after.total_seconds()
