"""What DingTalk says when it will not take something, and what that means to a courier.

Codes: https://open.dingtalk.com/document/orgapp/the-robot-sends-a-group-message and its sister
for one person, https://open.dingtalk.com/document/development/faq-call-dingtalk-server-api for
the limits of an app and of an address.
"""

import re
from collections.abc import Callable, Sequence

import httpx

from bot.channels.platform import Blocked, Refused, Slowed

Raises = Callable[[str], Exception]
Row = tuple[re.Pattern[str], Raises]
CODE = re.compile(r"[A-Za-z0-9._-]{1,60}")
LONGEST_WAIT = 3600.0  # seconds that DingTalk may ask for


class NotSetUp(Exception):
    """The app lacks a permission or names a robot that is not its own: no message's fault."""


class Away(Exception):
    """DingTalk is in trouble; what was sent may have arrived."""


class TokenEnded(Exception):
    """The access token is not, or no longer, valid."""


def _row(pattern: str, raises: Raises) -> Row:
    return re.compile(pattern, re.IGNORECASE), raises


# The first row that fits holds. In a group we are silent for ten minutes once we said too much.
MEANINGS: Sequence[Row] = (
    _row(r"InvalidAuthentication|40001|40014|42001", lambda _: TokenEnded()),
    _row(r"Forbidden\.AccessDenied\.QpsLimit\w*", lambda _: Slowed(2, everywhere=True)),
    _row(r"90002|90018", lambda _: Slowed(2, everywhere=True)),
    _row(r"1111", lambda _: Slowed(300, everywhere=True)),  # our address asked too much
    _row(r"11|130101|410100|.*too\.?fast.*|.*over\.?limit.*", lambda _: Slowed(600)),
    _row(r"staffId\.notExisted|invalid\.user\w*|33012", lambda _: Blocked()),
    _row(r"Forbidden.*|invalidParameter\.robotCode\..*|template\..*", lambda c: NotSetUp(c)),
    _row(r"system\.\w+|unknown\..*|ServiceUnavailable|InternalError|-1", lambda c: Away(c)),
)
# In a group these say that it is gone, or that we are no longer in it.
OF_GROUPS: Sequence[Row] = (
    _row(r"group\.disbanded|bot\.stopped", lambda _: Blocked()),
    _row(r"(invalid|miss)\.openConversationId", lambda _: Blocked()),
    _row(r"openConversationId\.notExisted", lambda _: Blocked()),
    _row(r"invalidParameter\.robotCode\.(notEx(is|si)t\w*|empty)", lambda _: Blocked()),
)


def code_of(answer: object) -> str:
    """Return the error code in an answer, "" for none; no words of anybody."""
    if not isinstance(answer, dict):
        return ""
    said = next((answer[n] for n in ("code", "errcode", "status") if answer.get(n)), "")
    code = str(said)
    return code if not code or CODE.fullmatch(code) else "?"


def meaning_of(status: int, code: str, *, group: bool = False) -> Exception:
    """Return what a refusal means."""
    rows = (*OF_GROUPS, *MEANINGS) if group else MEANINGS
    for pattern, raises in rows:
        if pattern.fullmatch(code):
            return raises(code)
    if status == httpx.codes.UNAUTHORIZED:
        return TokenEnded()
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return Slowed(60, everywhere=True)
    if status in (httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
        return NotSetUp(code)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return Away(code)
    return Refused(code or str(status))
