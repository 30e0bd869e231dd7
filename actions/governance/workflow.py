"""What may follow what in the life of a request, and whose move it is: tables, nothing else."""

from actions.governance.model import Status

S = Status

MOVES: dict[Status, frozenset[Status]] = {
    S.RECEIVED: frozenset({S.ACKNOWLEDGED, S.DECLINED}),
    S.ACKNOWLEDGED: frozenset({S.IN_PROGRESS, S.REPLIED, S.DECLINED}),
    S.IN_PROGRESS: frozenset({S.REPLIED, S.DECLINED}),
    S.REPLIED: frozenset({S.RESOLVED, S.REOPENED, S.UNCONFIRMED}),
    S.RESOLVED: frozenset({S.REOPENED}),
    S.DECLINED: frozenset({S.REOPENED}),
    S.REOPENED: frozenset({S.ACKNOWLEDGED, S.IN_PROGRESS, S.REPLIED, S.DECLINED}),
    S.UNCONFIRMED: frozenset({S.RESOLVED, S.REOPENED}),
}

# We may say that we have replied; only the resident may say that it is solved, or is not.
RESIDENTS_OWN = frozenset({S.RESOLVED, S.REOPENED})
BY_TIME = frozenset({S.UNCONFIRMED})
STAFFS_OWN = frozenset(Status) - RESIDENTS_OWN - BY_TIME - {S.RECEIVED}

# Nobody is turned down, or told that something was done, without a word about it.
NEEDS_WORDS = frozenset({S.REPLIED, S.DECLINED})

# What is still ours to do.
UNFINISHED = frozenset({S.RECEIVED, S.ACKNOWLEDGED, S.IN_PROGRESS, S.REOPENED})


def moves_of_staff(status: str) -> frozenset[Status]:
    """Return what a member of staff may make of a request in this status."""
    return MOVES[Status(status)] & STAFFS_OWN
