"""How requests are shown in a conversation: in one line, or one with all that was done."""

from collections.abc import Iterable
from typing import Any

from actions.conversations import Choice
from actions.dialogue import Turn
from actions.governance import following, history, own, telling, workflow
from actions.governance.model import Kind, ServiceRequest, Status, Update

LISTED, LISTED_ELDER = 5, 3
SO_FAR = 6  # of what was done to a request, the latest
SHOWN = 120  # characters of what staff wrote

S = Status
ADD, PLACE, WITHDRAW = "add_to_request", "correct_place", "withdraw_request"
REROUTE, LEAVE, DISAGREE = "reroute_request", "leave_request", "request_not_solved"

# What who reported it may do with a request, by its status. What was replied asks by itself.
MAY: dict[Status, tuple[str, ...]] = {
    S.RECEIVED: (ADD, PLACE, WITHDRAW, REROUTE),
    S.ACKNOWLEDGED: (ADD, PLACE, REROUTE),
    S.IN_PROGRESS: (ADD, PLACE, REROUTE),
    S.REOPENED: (ADD, PLACE, REROUTE),
    S.RESOLVED: (DISAGREE,),
    S.DECLINED: (DISAGREE,),
}
LABELS = {
    ADD: "utter_label_add",
    PLACE: "utter_label_correct_place",
    WITHDRAW: "utter_label_withdraw",
    REROUTE: "utter_label_reroute",
    LEAVE: "utter_label_leave",
    DISAGREE: "utter_label_not_solved",
}


def one(turn: Turn, request: ServiceRequest) -> None:
    """Show a request: what was done so far, how it stands, and what can be done by a tap."""
    so_far = [made for made in history.public_history(turn.db, request) if _is_shown(made)]
    turn.say(
        "utter_request_so_far",
        reference=request.reference,
        lines="\n".join(_line(turn, made) for made in so_far[-SO_FAR:]),
    )
    turn.say(
        f"utter_request_{request.status}",
        choices=[_label(turn, deed, request) for deed in _may(turn, request)],
        **described(turn, request),
    )


def several(turn: Turn, requests: Iterable[ServiceRequest], response: str, deed: str) -> None:
    """Show requests in a line each, to choose from."""
    shown = list(requests)[: LISTED_ELDER if turn.row.elder else LISTED]
    choices = [
        Choice(
            line(turn, "utter_label_request", **described(turn, request)),
            deed,
            str(request.id),
        )
        for request in shown
    ]
    lines = [
        line(turn, f"utter_request_line_{request.status}", **described(turn, request))
        for request in shown
    ]
    turn.say(response, choices=choices, lines="\n".join(lines))


def described(turn: Turn, request: ServiceRequest) -> dict[str, Any]:
    """Return the values of the responses about a request; where a merged one is dealt with."""
    told = telling.described(turn.pack, request)
    if request.merged_into_id is None:
        return told
    into = turn.db.get_one(ServiceRequest, request.merged_into_id)
    other = telling.described(turn.pack, into)
    return told | {"into": into.reference, "team": other["team"], "due": into.due_at}


def line(turn: Turn, response: str, **values: Any) -> str:
    """Render one line the way this resident reads it."""
    return turn.wording.render(
        response, language=turn.language, elder=turn.row.elder, values=values
    ).text


def _may(turn: Turn, request: ServiceRequest) -> tuple[str, ...]:
    status = Status(request.status)
    if not own.reported(turn, request):
        return (LEAVE,) if status in workflow.UNFINISHED else ()
    may = MAY.get(status, ())
    followed = following.followers(turn.db, request)
    return tuple(deed for deed in may if not (deed == WITHDRAW and followed))


def _label(turn: Turn, deed: str, request: ServiceRequest) -> Choice:
    asked = deed == ADD and request.paused_at is not None
    response = "utter_label_answer" if asked else LABELS[deed]
    return Choice(line(turn, response), deed, str(request.id))


def _is_shown(made: Update) -> bool:
    """Whether an update is news to somebody who looks: who is inside a team is not."""
    return made.kind != Kind.ASSIGNED or made.words_id is not None or made.staff_id is None


def _line(turn: Turn, made: Update) -> str:
    """Write what was done; staff's words with it, a resident's never: others may read it."""
    team = turn.pack.teams.get(made.team_id)
    what = made.status if made.kind == Kind.MOVED else made.kind
    said = line(
        turn,
        f"utter_history_{what}",
        when=made.happened_at,
        team=team.name if team else made.team_id,
    )
    if made.staff_id is None or made.words is None:
        return said
    return line(turn, "utter_history_words", said=said, words=_shorten(made.words.text))


def _shorten(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
