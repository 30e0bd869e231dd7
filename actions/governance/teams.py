"""Which team staff mean by what they write: its name, an alias, or a part only it has."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from actions.errors import Refusal
from knowledge.pack import Pack, Team
from knowledge.records import Text
from knowledge.text import normalise

NEAREST = 4
END = re.compile(r"[\s,，:：;；、。.]|$")


def read(pack: Pack, text: str) -> tuple[Team, str]:
    """Return the team a text begins with, and what is written behind it.

    Raises:
        Refusal: it begins with no team's name, or with a part of several; names the nearest.
    """
    text = text.strip()
    if found := _named(pack, text):
        team, length = found
        return team, text[length:].lstrip(" \u3000,，:：;；、。.")
    end = END.search(text)
    said = text[: end.start()] if end else text
    fitting = [team for team in pack.teams.values() if _has_part(team, normalise(said))]
    if len(fitting) == 1:
        return fitting[0], text[len(said) :].lstrip(" \u3000,，:：;；、。.")
    nearest = fitting or _nearest(pack, normalise(said))
    response = "utter_staff_which_team" if fitting else "utter_staff_no_such_team"
    raise Refusal(response, said=said[:20] or "—", teams=_listed(nearest[:NEAREST]))


def begins_with_one(pack: Pack, text: str) -> bool:
    """Whether a text begins with the whole name of a team."""
    return _named(pack, text.strip()) is not None


def _named(pack: Pack, text: str) -> tuple[Team, int] | None:
    """Return the team whose whole name a text begins with, and the length of that name."""
    fits = [
        (team, len(name))
        for team in pack.teams.values()
        for name in names(team)
        if _begins(text, name)
    ]
    return max(fits, key=lambda fit: fit[1], default=None)


def _begins(text: str, name: str) -> bool:
    begin, after = normalise(text[: len(name)]), text[len(name) : len(name) + 1]
    return begin == normalise(name) and not (
        name[-1].isascii() and after.isascii() and after.isalnum()
    )


def _has_part(team: Team, said: str) -> bool:
    enough = 3 if said.isascii() else 2
    return len(said) >= enough and any(said in normalise(name) for name in names(team))


def _nearest(pack: Pack, said: str) -> list[Team]:
    def likeness(team: Team) -> float:
        return max(SequenceMatcher(None, said, normalise(name)).ratio() for name in names(team))

    ranked = sorted(pack.teams.values(), key=likeness, reverse=True)
    return [team for team in ranked if likeness(team) > 0] or ranked


def _listed(found: Sequence[Team]) -> Text:
    return Text(
        zh="、".join(team.name.zh for team in found),
        en=", ".join(team.name.en for team in found),
    )


def names(team: Team) -> Iterator[str]:
    """Yield what a team may be called."""
    yield from (team.name.zh, team.name.en, team.id, *team.aliases)
