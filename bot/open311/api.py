"""What is served under `/open311/v2/`: the specification's addresses, and its errors."""

from collections.abc import Callable
from typing import Annotated

import fastapi
import structlog
from fastapi import Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from actions.errors import Refusal, kind_of
from actions.wording import Wording
from bot.message import clean
from bot.open311 import errors, filing
from bot.open311.asking import Query
from bot.open311.endpoint import Content, Open311
from bot.open311.errors import Wrong
from bot.open311.writing import TYPES, Form, write
from bot.problems import Problem
from bot.visit import visit_of

log = structlog.get_logger()

FAILURES = (
    *(Wrong, Problem, Refusal),
    *(RequestValidationError, HTTPException, SQLAlchemyError, Exception),
)


def build(open311: Open311) -> FastAPI:
    """Make the endpoint; mount it under `ROOT`."""
    app = FastAPI(
        title="Open311 GeoReport v2",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(open311.check_jurisdiction)],
    )
    for failure in FAILURES:
        app.add_exception_handler(failure, _sorry(open311.wording))

    _add_services(app, open311)
    _add_requests(app, open311)
    return app


def _add_services(app: FastAPI, open311: Open311) -> None:
    @app.get("/discovery.{form}")
    def discovery(request: Request, form: Form) -> Response:
        found = open311.discovery(_language(request), str(request.base_url))
        return _answer(form, "discovery", found)

    @app.get("/services.{form}")
    def service_list(request: Request, form: Form) -> Response:
        return _answer(form, "services", open311.services(_language(request)))

    @app.get("/services/{code}.{form}")
    def definition(request: Request, code: str, form: Form) -> Response:
        found = open311.definition(_language(request), clean(code))
        return _answer(form, "service_definition", found)


def _add_requests(app: FastAPI, open311: Open311) -> None:
    @app.get("/requests.{form}")
    def requests(
        request: Request, form: Form, query: Annotated[Query, fastapi.Query()]
    ) -> Response:
        return _answer(form, "service_requests", open311.requests(request, query))

    @app.post("/requests.{form}", openapi_extra=filing.FORM_TAKEN)
    async def file(request: Request, form: Form) -> Response:
        sent = await filing.read(request)
        await run_in_threadpool(open311.check, request, sent)
        made = await run_in_threadpool(open311.file, _language(request), sent)
        return _answer(form, "service_requests", made)

    @app.get("/requests/{reference}.{form}")
    def one(request: Request, reference: str, form: Form) -> Response:
        found = open311.request(request, clean(reference))
        return _answer(form, "service_requests", found)

    @app.get("/tokens/{token}.{form}")
    def token(token: str, form: Form) -> Response:
        raise Wrong(404, "utter_open311_no_token")


def _language(request: Request) -> str:
    return visit_of(request).language


def _answer(form: Form, root: str, content: Content, status: int = 200) -> Response:
    headers = {"Content-Type": TYPES[form], "Cache-Control": "no-store"}
    return Response(write(form, root, content), status, headers)


def _sorry(wording: Wording) -> Callable[[Request, Exception], Response]:
    """Tell whatever went wrong as the specification does, in the form that was asked for."""

    def tell(request: Request, found: Exception) -> Response:
        wrong = errors.wrong_of(found)
        if wrong.status == 503:
            log.error("an Open311 request failed", error=kind_of(found))
        form: Form = "xml" if request.url.path.endswith(".xml") else "json"
        told = errors.described(wrong, wording, _language(request))
        answer = _answer(form, "errors", told, wrong.status)
        if wrong.retry_after:
            answer.headers["Retry-After"] = str(wrong.retry_after)
        return answer

    return tell
