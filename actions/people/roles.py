"""What each role works on: one table, which pages and rows alike are held to."""

from enum import StrEnum

from actions.people.model import Role


class Work(StrEnum):
    """A kind of work at the desk."""

    TALKS = "talks"  # conversations, and neighbours to introduce
    REQUESTS = "requests"
    ACTIVITIES = "activities"  # sessions, who booked, who came, visits of groups
    CONTENT = "content"  # what residents are told
    STAFF = "staff"  # who works here, and what they did


WORKS = {
    Role.DISPATCHER: frozenset({Work.TALKS, Work.REQUESTS, Work.ACTIVITIES}),
    Role.STAFF: frozenset({Work.TALKS, Work.REQUESTS, Work.ACTIVITIES}),
    Role.AGENCY: frozenset({Work.REQUESTS}),
    Role.ORGANISER: frozenset({Work.ACTIVITIES}),
    Role.EDITOR: frozenset({Work.CONTENT}),
    Role.ADMIN: frozenset(Work),
}

OWN_TEAM_ALONE = frozenset({Role.AGENCY})  # of an area's requests they see their team's
TOPMOST_ALONE = frozenset({Role.DISPATCHER})  # there are none of a village


def doing(work: Work) -> frozenset[Role]:
    """Return the roles that do a kind of work."""
    return frozenset(role for role, works in WORKS.items() if work in works)


ANSWERS = doing(Work.TALKS)
HANDLES = doing(Work.REQUESTS)
ORGANISES = doing(Work.ACTIVITIES)
EDITS = doing(Work.CONTENT)
MANAGES = doing(Work.STAFF)
