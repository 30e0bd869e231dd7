"""What everybody may read of a draw, as a file: `GET /draws/{session_id}.json`."""

import json
from collections.abc import Callable

from fastapi import APIRouter, HTTPException, Response
from starlette.concurrency import run_in_threadpool

from actions.booking.programme import Programme
from actions.booking.published import published
from actions.db import Database, Db

LARGEST_ID = 2**31 - 1


def routes(database: Database, programme: Callable[[Db], Programme]) -> APIRouter:
    """Return the route; a draw that has not opened is not found."""
    router = APIRouter()

    def read(session_id: int) -> str | None:
        with database.reading() as db:
            content = published(db, programme(db), session_id)
        return json.dumps(content, ensure_ascii=False, indent=1) if content else None

    @router.get("/draws/{session_id}.json")
    async def show(session_id: int) -> Response:
        known = 0 < session_id <= LARGEST_ID
        content = await run_in_threadpool(read, session_id) if known else None
        if content is None:
            raise HTTPException(404)
        headers = {"Cache-Control": "no-cache"}
        return Response(content, media_type="application/json", headers=headers)

    return router
