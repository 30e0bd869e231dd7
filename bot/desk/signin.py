"""The door of the desk: signing in and out, and what every request of staff has to show.

A request that changes something comes from a page of ours (Origin) and carries its session's
token. The session's secret is only in the cookie; the table holds its hash.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import structlog
from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from actions.db import Db
from actions.errors import Refusal, kind_of
from actions.people import audit, scope, staff
from actions.people.model import Staff, StaffSession
from actions.people.staff import Guess, Opened
from bot.desk.visit import COOKIE, ROOT, Desk, Missing, Page, Visit, go
from bot.message import clean
from bot.problems import Problem
from bot.uploads import read_parts
from knowledge.records import Text

log = structlog.get_logger()

LARGEST_FORM = 64 * 1024
MULTIPART = "multipart/form-data"
AT_A_TIME = 2  # guesses being checked: each takes 19 MiB and a core

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Sent:
    """What came with a request: the fields of a form or an address, and photos."""

    fields: Mapping[str, str]
    files: tuple[bytes, ...] = ()


@dataclass
class Door:
    """Lets staff in, and hands each of their requests to its page."""

    desk: Desk
    _checking: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(AT_A_TIME))

    def endpoint(self, page: Page) -> Endpoint:
        """Return what answers a page's requests."""

        async def answer(request: Request) -> Response:
            sent = Sent(dict(request.query_params))
            if page.method == "POST":
                sent = await read_sent(request, page)
            return await run_in_threadpool(self._answer, page, request, sent)

        return answer

    async def see_sign_in(self, request: Request) -> Response:
        """Show the sign-in."""
        return self.desk.show("sign_in.html", refused=None)

    async def sign_in(self, request: Request) -> Response:
        """Let somebody in by name and password; every refusal looks the same."""
        sent = await read_form(request)
        guess = Guess(clean(sent.get("username", ""))[:100], _net_address(request))
        number = await run_in_threadpool(self._count, guess)
        if number is None:
            return self._refuse("utter_desk_too_many_guesses", 429)
        who = await run_in_threadpool(self._who, guess)
        password = sent.get("password", "")
        right = await to_thread.run_sync(staff.fits, who, password, limiter=self._checking)
        opened = None
        if who and right:
            before = request.cookies.get(COOKIE, "")
            opened = await run_in_threadpool(self._open, who, number, before)
        if opened is None:
            return self._refuse("utter_desk_wrong_sign_in", 403)
        return self._welcome(request, opened)

    def _count(self, guess: Guess) -> int | None:
        now, key = self.desk.clock.now(), self.desk.secret_key
        with self.desk.database.transaction() as db:
            return staff.count_guess(db, guess, key=key, now=now)

    def _who(self, guess: Guess) -> Staff | None:
        with self.desk.database.reading() as db:
            return staff.to_sign_in(db, guess.username)

    def _open(self, who: Staff, number: int, before: str) -> Opened | None:
        now = self.desk.clock.now()
        with self.desk.database.transaction() as db:
            staff.close_session(db, before)
            opened = staff.open_session(db, who, number, now=now)
            if opened:
                self._seal(db, who.id, [("signed_in", f"staff:{who.id}")])
            return opened

    def _welcome(self, request: Request, opened: Opened) -> Response:
        """Hand the cookie out: not to scripts nor other sites, under TLS never in clear."""
        answer = go("/")
        schemes = (request.url.scheme, urlsplit(request.headers.get("origin", "")).scheme)
        answer.set_cookie(
            COOKIE,
            opened.secret,
            max_age=int(staff.SESSION_LASTS.total_seconds()),
            path=ROOT,
            secure="https" in schemes,
            httponly=True,
            samesite="strict",
        )
        return answer

    def _refuse(self, response: str, status: int) -> Response:
        minutes = int(staff.GUESSES_WITHIN.total_seconds() // 60)
        sentence = self.desk.sentence(Refusal(response, minutes=minutes))
        answer = self.desk.show("sign_in.html", status, refused=sentence)
        if status == 429:
            answer.headers["Retry-After"] = str(minutes * 60)
        return answer

    def _answer(self, page: Page, request: Request, sent: Sent) -> Response:
        """Answer a request; a refused deed is rolled back, and its page says why."""
        try:
            prepared = self._prepare(page, request, sent.fields)
            return self._attend(page.answer, page, request, sent, prepared=prepared)
        except Refusal as refusal:
            refused = self.desk.sentence(refusal)
        return self._attend(page.shows or page.answer, page, request, sent, refused)

    def _prepare(self, page: Page, request: Request, sent: Mapping[str, str]) -> Any:
        if page.prepare is None:
            return None
        with self.desk.database.reading() as db:
            secret, now = request.cookies.get(COOKIE, ""), self.desk.clock.now()
            found = staff.session_of(db, secret, now=now)
        if found is None or not page.is_for(found[0]):
            return None
        if page.method == "POST":
            _check_token(found[1], sent)
        return page.prepare(self.desk, found[0], sent)

    def _attend(
        self,
        answer: Callable[[Visit], Response],
        page: Page,
        request: Request,
        sent: Sent,
        refused: Text | None = None,
        prepared: Any = None,
    ) -> Response:
        """Let a page work in one transaction, inside the scope of who is signed in."""
        now = self.desk.clock.now()
        with self.desk.database.transaction() as db:
            found = staff.session_of(db, request.cookies.get(COOKIE, ""), now=now)
            if found is None:
                return go("/sign-in")
            who, session = found
            if not page.is_for(who):
                raise Missing
            if page.method == "POST":
                _check_token(session, sent.fields)
            scope.limit(db, staff.reach_of(who))
            visit = Visit(
                desk=self.desk,
                db=db,
                staff=who,
                session=session,
                now=now,
                path=request.path_params,
                sent=sent.fields,
                refused=refused,
                page=page.path,
                prepared=prepared,
                files=sent.files,
            )
            response = answer(visit)
            self._seal(db, who.id, visit.notes)
        for do in visit.afterwards:
            _try(do)
        return response

    def _seal(self, db: Db, staff_id: int, notes: list[tuple[str, str]]) -> None:
        for deed, subject in notes:
            audit.append(
                db,
                key=self.desk.secret_key,
                staff_id=staff_id,
                deed=deed,
                subject=subject,
                now=self.desk.clock.now(),
            )


def _try(do: Callable[[], object]) -> None:
    """Do what follows from a deed; should it fail, the deed is done, and others go on."""
    try:
        do()
    except Exception as error:
        log.warning("left to the sweep", error=kind_of(error))


def sign_out(visit: Visit) -> Response:
    """End this session, and only this one."""
    visit.db.delete(visit.session)
    answer = go("/sign-in")
    answer.delete_cookie(COOKIE, path=ROOT, httponly=True, samesite="strict")
    return answer


async def read_sent(request: Request, page: Page) -> Sent:
    """Read what a page of ours sent, photos where it takes them.

    Raises:
        HTTPException: 403 when it comes from anywhere else, 413 when it is too large.
    """
    kind = request.headers.get("content-type", "").partition(";")[0]
    if not page.photos or kind != MULTIPART:
        return Sent(await read_form(request, page.largest, page.fields))
    if not _from_our_page(request):
        raise HTTPException(403)
    try:
        fields, files = await read_parts(request, files=page.photos)
    except Problem as problem:
        raise HTTPException(problem.status) from None
    return Sent(fields, tuple(files))


async def read_form(
    request: Request, largest: int = LARGEST_FORM, most_fields: int = 30
) -> dict[str, str]:
    """Read a plain form a page of ours sent, up to a size.

    Raises:
        HTTPException: 403 when it comes from anywhere else, 413 when it is too large.
    """
    if not _from_our_page(request):
        raise HTTPException(403)
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > largest:
            raise HTTPException(413)
    try:
        fields = parse_qsl(content.decode("utf-8", "replace"), True, max_num_fields=most_fields)
    except ValueError:
        raise HTTPException(422) from None
    return dict(fields)


def _from_our_page(request: Request) -> bool:
    """Whether the browser says that the form was sent by a page of this very host."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if site and site != "same-origin":
        return False
    if origin and origin != "null":
        return urlsplit(origin).netloc == request.headers.get("host")
    return site == "same-origin"


def _check_token(session: StaffSession, sent: Mapping[str, str]) -> None:
    token = sent.get("csrf_token", "")
    if not hmac.compare_digest(token.encode(), session.csrf_token.encode()):
        raise HTTPException(403)


def _net_address(request: Request) -> str:
    return request.client.host if request.client else "nowhere"


def sorry(desk: Desk) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return what tells staff that something is not there, not allowed or not possible now."""

    async def answer(_request: Request, found: Exception) -> Response:
        status = found.status_code if isinstance(found, HTTPException) else 503
        if status == 503:
            log.error("a desk page failed", error=kind_of(found))
        sentence = desk.sentence(Refusal(SENTENCES.get(status, "utter_desk_not_like_that")))
        return desk.show("sorry.html", status, sentence=sentence)

    return answer


SENTENCES = {
    403: "utter_desk_not_ours",
    404: "utter_problem_unknown",
    413: "utter_desk_too_large",
    503: "utter_desk_store_down",
}
FAILURES = (HTTPException, SQLAlchemyError, Exception)
