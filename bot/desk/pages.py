"""All pages of the desk, as one table, put together into an app under /desk."""

from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from actions.people.model import Role
from bot.desk import (
    conversation,
    inbox,
    misses,
    neighbour_help,
    photo,
    recalls,
    request,
    signin,
)
from bot.desk.signin import Door
from bot.desk.visit import HERE, Desk, Page

CONTENT = frozenset({Role.EDITOR, Role.ADMIN})  # whose work is what the assistant knows

PAGES = (
    Page("GET", "/", inbox.see),
    Page("GET", "/inbox", inbox.see_list),
    Page("GET", "/conversations/{conversation_id}", conversation.see),
    Page("GET", "/conversations/{conversation_id}/later", conversation.see_later),
    Page(
        "POST",
        "/conversations/{conversation_id}/answers",
        conversation.answer,
        shows=conversation.see,
    ),
    Page(
        "POST",
        "/conversations/{conversation_id}/return",
        conversation.give_back,
        shows=conversation.see,
    ),
    Page(
        "POST",
        "/conversations/{conversation_id}/resolve",
        conversation.resolve,
        shows=conversation.see,
    ),
    Page("GET", "/requests/{reference}", request.see),
    Page("POST", "/requests/{reference}/moves", request.move, shows=request.see),
    Page("GET", "/help/{help_id}", neighbour_help.see),
    Page("POST", "/help/{help_id}/approve", neighbour_help.approve, shows=neighbour_help.see),
    Page("POST", "/help/{help_id}/decline", neighbour_help.decline, shows=neighbour_help.see),
    Page(
        "POST",
        "/help/{help_id}/introduced",
        neighbour_help.introduce,
        shows=neighbour_help.see,
    ),
    Page("POST", "/help/{help_id}/talks", neighbour_help.talk, shows=neighbour_help.see),
    Page("GET", "/misses", misses.see, roles=CONTENT, prepare=misses.embed),
    Page("POST", "/misses/accept", misses.accept, misses.see, CONTENT, misses.embed),
    Page("POST", "/misses/dismiss", misses.dismiss, misses.see, CONTENT, misses.embed),
    Page("POST", "/misses/retire", misses.retire, misses.see, CONTENT, misses.embed),
    Page("GET", "/recalls", recalls.see, roles=CONTENT),
    Page("GET", "/recalls/new", recalls.see_new, roles=CONTENT),
    Page("POST", "/recalls", recalls.recall, recalls.see_new, CONTENT),
    Page("GET", "/uploads/{upload_id}", photo.see),
    Page("POST", "/sign-out", signin.sign_out),
)


def build(desk: Desk) -> Starlette:
    """Make the desk; mount it under `visit.ROOT`."""
    door = Door(desk)
    sorry = signin.sorry(desk)
    return Starlette(
        routes=[
            Route("/sign-in", door.see_sign_in, methods=["GET"]),
            Route("/sign-in", door.sign_in, methods=["POST"]),
            *(Route(page.path, door.endpoint(page), methods=[page.method]) for page in PAGES),
            Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
        ],
        exception_handlers=dict.fromkeys(signin.FAILURES, sorry),
    )
