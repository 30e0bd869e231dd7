"""The action server's web side: Rasa's webhook protocol, on loopback, behind a shared secret.

rasa-sdk's own server answers any caller from any origin and echoes request bodies in its
errors, so only its executor is used (see DECISIONS.md).
"""

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import Action, ActionNotFoundException
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from actions import tracing, vitals
from actions.errors import SettingInvalid, kind_of

SECRET_HEADER = "x-actions-secret"  # noqa: S105 - the header's name
LARGEST_CALL = 4_000_000  # bytes; a tracker of a long conversation is some 300 kB

log = structlog.get_logger()


def build(actions: Iterable[Action], secret: str, ready: Callable[[], None]) -> Starlette:
    """Make the app that runs these action instances.

    `ready` raises when the server cannot work at present (the database is away).

    Raises:
        SettingInvalid: without a secret anybody could call.
    """
    if not secret:
        raise SettingInvalid("Setting ACTIONS_SECRET is missing; see .env.example")
    executor = ActionExecutor()
    for action in actions:
        executor.register_action(action)

    async def webhook(request: Request) -> JSONResponse:
        told = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(told.encode(), secret.encode()):
            return _refuse(401, "The shared secret is missing or wrong.")
        body = await _read(request)
        return (
            _refuse(413, "The call is too large.")
            if body is None
            else await _run(executor, body)
        )

    async def health(_request: Request) -> JSONResponse:
        try:
            await run_in_threadpool(ready)
        except Exception as error:
            log.warning("not ready", error=kind_of(error))
            return JSONResponse({"status": "not ready"}, 503)
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[Route("/webhook", webhook, methods=["POST"]), Route("/health", health)]
    )


async def _read(request: Request) -> bytes | None:
    """Return the body, None when it is too large."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_CALL:
            return None
    return body


async def _run(executor: ActionExecutor, body: bytes) -> JSONResponse:
    try:
        call = json.loads(body)
        name, turn_id = str(call["next_action"]), turn_of(call)
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return _refuse(400, "This is no action call.")
    try:
        # Rasa leaves the domain out (endpoints.yml), which the executor takes for a mistake.
        with vitals.ACTION_SECONDS.time(), tracing.action(name, turn_id):
            result = await executor.run({"domain": {}, **call})
    except ActionNotFoundException:
        return _refuse(404, f"No action {name}.", name)
    except Exception as error:
        # The error's own text may hold what a resident wrote: only its kind is logged.
        log.error("action failed", action=name, error=kind_of(error))
        vitals.ACTIONS.labels("failed").inc()
        return _refuse(500, "The action failed.", name)
    vitals.ACTIONS.labels("done").inc()
    return JSONResponse(result.model_dump() if result else None)


def turn_of(call: Mapping[str, Any]) -> str:
    """Return the id of the turn an action is called for; empty where there is none.

    Raises:
        AttributeError, TypeError: it is no call of an action.
    """
    tracker = call.get("tracker") or {}
    latest = (tracker.get("latest_message") or {}).get("metadata") or {}
    started = (tracker.get("slots") or {}).get("session_started_metadata") or {}
    return str(latest.get("turn_id") or started.get("turn_id") or "")


def _refuse(status: int, sentence: str, action: str = "") -> JSONResponse:
    return JSONResponse({"error": sentence, "action_name": action}, status)
