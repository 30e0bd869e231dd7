"""What staff look at together: the boards of the cockpit, and what becomes a topic."""

from enum import StrEnum

from pydantic import Field

from knowledge.records import Record, Sourced, Text


class Figure(StrEnum):
    """What a board may show. Those of requests count the board's groups of categories."""

    OPEN = "open"
    NEW = "new"
    SOON = "soon"
    LATE = "late"
    FLAGGED = "flagged"
    RAISED = "raised"
    WAITING = "waiting"  # for an answer of the resident
    STILL = "still"  # nobody has done anything for days
    REPLIED = "replied"
    UNCONFIRMED = "unconfirmed"
    FILED = "filed"
    ON_TIME = "on_time"
    FIRST_MOVE = "first_move"
    FIRST_ANSWER = "first_answer"
    NOT_SOLVED = "not_solved"
    RATING = "rating"
    FOLLOWED = "followed"
    TALKS = "talks"
    MISSED = "missed"
    STALE = "stale"
    SESSIONS = "sessions"
    PLACES = "places"
    LINES = "lines"
    VISITS = "visits"
    NEEDS = "needs"
    HELPED = "helped"
    HELPERS = "helpers"


class Board(Sourced):
    """A board: its figures, and the groups of categories it counts; without groups, all."""

    id: str
    name: Text
    figures: tuple[Figure, ...] = ()
    groups: tuple[str, ...] = ()


class RoundTable(Record):
    """What becomes a topic: so many requests or questions of one matter in so many days."""

    least: int = Field(default=5, ge=2)
    days: int = Field(default=90, ge=1)
