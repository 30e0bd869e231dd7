"""One request of somebody who is signed in: who, when, what they sent and may see."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from actions.booking import codes
from actions.clock import Clock
from actions.content.editions import Home
from actions.db import Database, Db
from actions.errors import Refusal
from actions.people.model import Role, Staff, StaffSession
from actions.square import Square
from actions.wording import Wording
from bot.desk import labels
from bot.message import clean
from bot.operating.overview import Overview
from knowledge.embedder import Embedder
from knowledge.pack import Pack
from knowledge.records import Text

HERE = Path(__file__).parent
ROOT = "/desk"
COOKIE = "xiaoli_desk"
LONGEST_WORDS = 4000


class Missing(HTTPException):
    """There is no such thing, or not for this member of staff; both look the same."""

    def __init__(self) -> None:
        super().__init__(404)


@dataclass(frozen=True)
class Desk:
    """What the desk stands on."""

    database: Database
    clock: Clock
    wording: Wording
    pack: Pack
    home: Home
    secret_key: str
    uploads: Path
    embedder: Embedder
    font_dir: Path
    drain: Callable[[str], Coroutine[Any, Any, object]]  # answers what waits in a conversation
    overview: Overview
    templates: Environment = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "templates", _templates(self))

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        """Fill a template in. Nothing the desk shows may be kept by a browser."""
        html = self.templates.get_template(template).render(**values)
        return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})

    def sentence(self, refusal: Refusal) -> Text:
        """Say a refusal in both languages."""
        zh, en = (
            self.wording.render(refusal.response, language=language, values=refusal.details)
            for language in ("zh", "en")
        )
        return Text(zh=zh.text, en=en.text)


@dataclass(frozen=True)
class Visit:
    """One request; `db` is its transaction and reaches no farther than the staff's scope.

    `page` is the path of the page in the desk's table, `prepared` what it did before; `files`
    are what was sent with a form that takes photos.
    """

    desk: Desk
    db: Db
    staff: Staff
    session: StaffSession
    now: datetime
    path: Mapping[str, str]
    sent: Mapping[str, str]
    refused: Text | None = None
    page: str = "/"
    prepared: Any = None
    files: tuple[bytes, ...] = ()
    notes: list[tuple[str, str]] = field(default_factory=list)
    afterwards: list[Callable[[], object]] = field(default_factory=list)  # once it is committed

    def note(self, deed: str, subject: str) -> None:
        """Have it written into the audit log, at the end of this transaction."""
        self.notes.append((deed, subject))

    def show(self, template: str, **values: Any) -> Response:
        """Show a page; one that tells of a refusal says so by its status too."""
        return self.desk.show(
            template,
            409 if self.refused else 200,
            visit=self,
            now=self.now,
            pack=self.pack,
            **values,
        )

    @property
    def square(self) -> Square:
        """Where topics without a programme stand."""
        return Square(self.pack, self.desk.wording)

    @cached_property
    def pack(self) -> Pack:
        """The content residents get at this moment."""
        return self.desk.home.shelf.pack(self.db)

    @property
    def today(self) -> date:
        """The day it is in the community."""
        return self.now.astimezone(self.pack.zone).date()

    def words(self) -> str:
        """Return what was written into a form.

        Raises:
            Refusal: it is too long.
        """
        words = clean(self.sent.get("words", "").replace("\r\n", "\n"))
        if len(words) > LONGEST_WORDS:
            raise Refusal("utter_desk_too_long", most=LONGEST_WORDS)
        return words


@dataclass(frozen=True)
class Page:
    """A row of the desk's table of pages.

    `POST` is a deed: it needs the session's token, and when it is refused, `shows` is the page
    that says so. `GET` changes nothing but the audit log. `roles` are those it is for, None
    all. `prepare` does what takes long before the transaction begins, for those it is for, and
    what it returns is the visit's `prepared`. `largest` is how many bytes may be sent, in how
    many `fields`; a page that takes so many `photos` takes more, as multipart.
    """

    method: str
    path: str
    answer: Callable[[Visit], Response]
    shows: Callable[[Visit], Response] | None = None
    roles: frozenset[Role] | None = None
    prepare: Callable[[Desk, Staff, Mapping[str, str]], Any] | None = None
    largest: int = 64 * 1024
    fields: int = 30
    photos: int = 0

    def is_for(self, who: Staff) -> bool:
        """Whether somebody's role lets them have this page."""
        return self.roles is None or who.role in self.roles


def go(path: str) -> Response:
    """Send the browser on, after a deed or to the sign-in."""
    return RedirectResponse(ROOT + path, 303, headers={"Cache-Control": "no-store"})


def _templates(desk: Desk) -> Environment:
    """Everything is escaped, and a value that was not given is an error."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["moment"] = lambda at: Text(
        zh=desk.wording.moment(at, "zh"), en=desk.wording.moment(at, "en")
    )
    made.filters["day"] = lambda on: Text(
        zh=desk.wording.day(on, "zh"), en=desk.wording.day(on, "en")
    )
    made.filters["clock"] = lambda at: f"{at.astimezone(desk.wording.zone):%H:%M}"
    made.filters["code"] = codes.shown
    made.filters["long"] = labels.long
    made.globals |= {"labels": labels, "desk": ROOT}
    return made
