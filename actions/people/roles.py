"""What each role works on: one table, which pages and rows alike are held to."""

from enum import StrEnum


class Role(StrEnum):
    """What a member of staff may do, as `WORKS` has it; scope says where."""

    DISPATCHER = "dispatcher"  # routes everything of the town
    STAFF = "staff"  # answers conversations and requests of the own area
    AGENCY = "agency"  # handles the requests of the own team
    ORGANISER = "organiser"  # holds sessions and visits
    EDITOR = "editor"  # edits knowledge
    ADMIN = "admin"  # manages staff of the own area


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
