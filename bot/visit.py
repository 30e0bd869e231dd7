"""Who comes to the page without a script: their cookies, and what its form brings."""

import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from fastapi import Request
from fastapi.responses import Response

from bot.channels.webchat import SESSION_COOKIE, read_bounded
from bot.problems import Problem

FORM = "application/x-www-form-urlencoded"
HALF_A_YEAR = 182 * 24 * 3600
OUR_SESSION = re.compile(r"[\w-]{32}", re.ASCII)
MESSAGE_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
# What somebody may set in the address, or has set before.
PREFERENCES = {
    "lang": ("zh", "en"),
    "print": ("normal", "large"),
    "size": ("18", "21", "24", "27", "30"),  # of the letters, in pixels
}
LONGEST_ASKED = 200  # characters a QR at a door may put into the box
# What a form may say, the most definite first: a tapped choice, a button, the text box.
SPOKEN = ("choice", "button", "text")


@dataclass(frozen=True)
class Visit:
    """Somebody at the page: the session of their cookie, and how they want to read."""

    session: str
    language: str
    print: str  # "" and `size` too, until they have chosen
    size: str
    secure: bool

    def remember(self, response: Response) -> Response:
        """Give the browser its cookies: the session out of scripts' reach, and how to read."""
        cookies = {
            SESSION_COOKIE: self.session,
            cookie_of("lang"): self.language,
            cookie_of("print"): self.print,
            cookie_of("size"): self.size,
        }
        for name, value in cookies.items():
            if not value:
                continue
            response.set_cookie(
                name,
                value,
                max_age=HALF_A_YEAR,
                httponly=name == SESSION_COOKIE,
                samesite="strict",
                secure=self.secure,
            )
        return response


@dataclass(frozen=True)
class Said:
    """What a form brought: one thing said, and the proof that it is our own form."""

    text: str
    message_id: str
    token: str


def visit_of(request: Request) -> Visit:
    """Recognise a browser by its cookies; a new one gets a new session of 192 random bits."""
    session = request.cookies.get(SESSION_COOKIE, "")
    return Visit(
        session=session if OUR_SESSION.fullmatch(session) else secrets.token_urlsafe(24),
        language=_preference(request, "lang") or _accepted(request),
        print=_preference(request, "print"),
        size=_preference(request, "size"),
        secure=request.url.scheme == "https",
    )


def asked(request: Request) -> str:
    """Return what the address puts into the box (a QR at a door): read and sent by hand."""
    return request.query_params.get("ask", "")[:LONGEST_ASKED]


def cookie_of(preference: str) -> str:
    """Return the name of the cookie that remembers a preference; the script sets it too."""
    return f"xiaoli_{preference}"


def _preference(request: Request, name: str) -> str:
    asked = (request.query_params.get(name), request.cookies.get(cookie_of(name)))
    return next((value for value in asked if value in PREFERENCES[name]), "")


def _accepted(request: Request) -> str:
    """Return the first language of ours that the browser asks for."""
    header = request.headers.get("accept-language", "")
    wanted = (part.strip()[:2].lower() for part in header.split(","))
    return next((one for one in wanted if one in PREFERENCES["lang"]), PREFERENCES["lang"][0])


def refuse_foreign(request: Request) -> None:
    """Refuse what another site's page sends with our resident's cookie.

    Raises:
        Problem: 403; old browsers send neither header, and the form's token stands alone.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    own = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if site not in {"same-origin", "none"} or not own:
        raise Problem(403, "foreign")


async def read_form(request: Request) -> Said:
    """Read a plain form of bounded size.

    Raises:
        Problem: 413 when too large, 422 when it is not a form.
    """
    if request.headers.get("content-type", "").partition(";")[0] != FORM:
        raise Problem(422, "refused")
    content = await read_bounded(request)
    try:
        fields = parse_qs(content.decode("latin-1"), errors="replace", max_num_fields=20)
    except ValueError:
        raise Problem(422, "refused") from None
    first = {name: values[0] for name, values in fields.items()}
    message_id = first.get("message_id", "")
    return Said(
        text=next((first[name] for name in SPOKEN if name in first), ""),
        message_id=message_id if MESSAGE_ID.fullmatch(message_id) else secrets.token_hex(16),
        token=first.get("token", ""),
    )
