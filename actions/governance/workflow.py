"""What may follow what in the life of a request, and whose move it is: tables, nothing else."""

from actions.governance.model import Kind, Status

S, K = Status, Kind

MOVES: dict[Status, frozenset[Status]] = {
    S.RECEIVED: frozenset({S.ACKNOWLEDGED, S.DECLINED, S.MERGED, S.WITHDRAWN}),
    S.ACKNOWLEDGED: frozenset({S.IN_PROGRESS, S.REPLIED, S.DECLINED, S.MERGED}),
    S.IN_PROGRESS: frozenset({S.REPLIED, S.DECLINED, S.MERGED}),
    S.REPLIED: frozenset({S.RESOLVED, S.REOPENED, S.UNCONFIRMED}),
    S.RESOLVED: frozenset({S.REOPENED}),
    S.DECLINED: frozenset({S.REOPENED}),
    S.REOPENED: frozenset({S.ACKNOWLEDGED, S.IN_PROGRESS, S.REPLIED, S.DECLINED, S.MERGED}),
    S.UNCONFIRMED: frozenset({S.RESOLVED, S.REOPENED}),
    S.MERGED: frozenset(),
    S.WITHDRAWN: frozenset(),
}

# We may say that we have replied; only the resident may say that it is solved, or is not.
RESIDENTS_OWN = frozenset({S.RESOLVED, S.REOPENED, S.WITHDRAWN})
BY_TIME = frozenset({S.UNCONFIRMED})
BY_MERGING = frozenset({S.MERGED})
STAFFS_OWN = frozenset(Status) - RESIDENTS_OWN - BY_TIME - BY_MERGING - {S.RECEIVED}

# Nobody is turned down, or told that something was done, without a word about it.
NEEDS_WORDS = frozenset({S.REPLIED, S.DECLINED})

# What is still ours to do.
UNFINISHED = frozenset({S.RECEIVED, S.ACKNOWLEDGED, S.IN_PROGRESS, S.REOPENED})

# What residents who report or follow a request see of its history.
PUBLIC = frozenset(Kind) - {K.NUDGED, K.NOTED, K.RATED, K.FOLLOWED}

# Who stands for a request that its own tier did not keep.
ABOVE = {"grid": "village", "village": "town", "agency": "town"}
TOPMOST = "town"


def moves_of_staff(status: str) -> frozenset[Status]:
    """Return what a member of staff may make of a request in this status."""
    return MOVES[Status(status)] & STAFFS_OWN


def may_merge(status: str) -> bool:
    """Whether a request in this status may become part of another."""
    return Status.MERGED in MOVES[Status(status)]
