"""Commands of the menu, which are words said with one tap, and the links of door signs."""

import base64
import binascii
import re
from collections.abc import Mapping

# command → what a resident says with it, in Chinese and in English; its line in the menu is
# `utter_command_<command>`.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "start": ("你好", "hello"),
    "help": ("帮助", "help"),
    "bus": ("下一班车几点", "when is the next bus"),
    "activities": ("有什么活动", "what is on"),
    "bookings": ("我的预约", "my bookings"),
    "report": ("我要报修", "report a problem"),
    "reports": ("我报的事怎么样了", "my reports"),
    "elder": ("长辈模式", "elder mode"),
    "person": ("人工", "person"),
}
HIDDEN = frozenset({"start"})  # Telegram shows a button of its own for it

# `t.me/BOT?start=…` takes 64 of these signs.
PAYLOAD = re.compile(r"a-([A-Za-z0-9_-]{1,62})")
LONGEST_PAYLOAD = 64


def write_payload(area_id: str) -> str:
    """Return what follows `?start=` in the link of an area's door sign.

    Raises:
        ValueError: the area's id is too long for it.
    """
    payload = "a-" + base64.urlsafe_b64encode(area_id.encode()).decode().rstrip("=")
    if len(payload) > LONGEST_PAYLOAD:
        raise ValueError(f"the id of area {area_id} is too long for a link of Telegram's")
    return payload


def read_payload(payload: str) -> str:
    """Return the area a link stands for, "" for any other."""
    found = PAYLOAD.fullmatch(payload)
    if found is None:
        return ""
    coded = found[1] + "=" * (-len(found[1]) % 4)
    try:
        return base64.urlsafe_b64decode(coded).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
