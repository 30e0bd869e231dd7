"""Households at the desk: found one, give its code, say where it is, and who only has a phone.

For an elder without a smartphone staff write down what others tap themselves: that they are of
a household, and, once they said so on the phone, who may act for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from starlette.responses import Response

from actions import callers, conversations
from actions.conversations import Conversation
from actions.errors import Refusal
from actions.household import telling
from actions.people import acting, households, links, nicknames, scope
from actions.people.households import Where
from actions.people.model import (
    Acting,
    Area,
    Caller,
    Household,
    Nickname,
    Resident,
    Words,
)
from bot.desk.sessions import identity
from bot.desk.visit import Missing, Visit, go
from bot.message import clean
from knowledge.pack import Area as PackArea
from knowledge.pack import Place

SHOWN = 100  # households of a list


@dataclass(frozen=True)
class Member:
    """Somebody of a household, as staff may know them."""

    number: int
    resident: Resident
    nickname: str | None
    caller: Caller | None
    conversation_id: str | None


@dataclass(frozen=True)
class Row:
    """A household of the list: how many it has, and for how many yeses it waits."""

    household: Household
    members: int
    asked: int


def see(visit: Visit) -> Response:
    """Show the households of an area, or of a number, name or phone, the newest first."""
    if visit.sent.get("find"):
        visit.note("searched_households", "households")
    return _list(visit)


def found(visit: Visit) -> Response:
    """Begin a household, perhaps with somebody who only has a phone.

    Raises:
        Refusal: there is no such place, or name or phone cannot be right.
    """
    household = households.found(visit.db, where=_where(visit), now=visit.now)
    if visit.sent.get("name") or visit.sent.get("phone"):
        _enter(visit, household)
    visit.note("founded_household", f"household:{household.id}")
    return go(f"/households/{household.id}")


def see_one(visit: Visit) -> Response:
    """Show who is of a household, and who acts for whom."""
    return _show(visit, _find(visit))


def give_code(visit: Visit) -> Response:
    """Show, once, a code that lets somebody in."""
    household, key = _find(visit), visit.desk.secret_key
    code = links.code_for_household(visit.db, household.id, key=key, now=visit.now)
    visit.note("household_code_made", f"household:{household.id}")
    return _show(visit, household, code=links.shown(code))


def give_link_code(visit: Visit) -> Response:
    """Show, once, a code that makes a chat the own one of a member who only has a phone.

    Raises:
        Refusal: they have a chat, and link another one from there.
    """
    household, member = _find(visit), _member(visit)
    if visit.db.get(Caller, member.id) is None:
        raise Refusal("utter_desk_link_in_chat")
    key = visit.desk.secret_key
    code = links.code_for_resident(visit.db, member.id, key=key, now=visit.now)
    visit.note("resident_code_made", f"resident:{member.id}")
    return _show(visit, household, link_code=links.shown(code))


def place(visit: Visit) -> Response:
    """Say where a household is: a place of the pack, or an area.

    Raises:
        Refusal: there is no such place within reach.
    """
    household, where = _find(visit), _where(visit)
    with scope.unlimited(visit.db):
        households.place(visit.db, household, where)
    visit.note("placed_household", f"household:{household.id}")
    return go(f"/households/{household.id}")


def enter(visit: Visit) -> Response:
    """Enter somebody who only has a phone.

    Raises:
        Refusal: name or phone cannot be right, or they are of another household.
    """
    household = _find(visit)
    _enter(visit, household)
    return go(f"/households/{household.id}")


def remove(visit: Visit) -> Response:
    """Let a member be of no household any more; acting ends, and those concerned are told."""
    household, member = _find(visit), _member(visit)
    with scope.unlimited(visit.db):
        over = households.leave(visit.db, member, now=visit.now)
        telling.left(visit.db, visit.square, over, member.id, now=visit.now)
    visit.note("removed_member", f"household:{household.id} resident:{member.id}")
    return go("/households")


def confirm(visit: Visit) -> Response:
    """Write down the yes of somebody who only has a phone, as they said it to us.

    Raises:
        Refusal: they have a chat and say so there, or it was taken back.
    """
    household, one = _find(visit), _acting(visit)
    if visit.db.get(Caller, one.principal_id) is None:
        raise Refusal("utter_desk_acting_in_chat")
    with scope.unlimited(visit.db):
        acting.confirm(visit.db, one, now=visit.now, staff_id=visit.staff.id)
        telling.agreed(visit.db, visit.square, one, now=visit.now)
    visit.note("confirmed_acting", f"acting:{one.id}")
    return go(f"/households/{household.id}")


def end(visit: Visit) -> Response:
    """End acting, or say no to it, for somebody who told us so."""
    household, one = _find(visit), _acting(visit)
    with scope.unlimited(visit.db):
        if acting.end(visit.db, one, now=visit.now):
            if one.confirmed_at:
                telling.ended(visit.db, visit.square, one, "", now=visit.now)
            else:
                telling.refused(visit.db, visit.square, one, now=visit.now)
    visit.note("ended_acting", f"acting:{one.id}")
    return go(f"/households/{household.id}")


def _enter(visit: Visit, household: Household) -> None:
    who = callers.read(visit.sent.get("name", ""), visit.sent.get("phone", ""))
    key, area_id = visit.desk.secret_key, household.area_id
    with scope.unlimited(visit.db):
        talk = callers.conversation_with(visit.db, who, area_id=area_id, key=key, now=visit.now)
        households.join(visit.db, household.id, talk.resident)
        talk.resident.elder = True  # what is read out to them is short
    visit.note("entered_member", f"household:{household.id} resident:{talk.resident_id}")


def _list(visit: Visit) -> Response:
    area = visit.sent.get("area", "")
    wanted = select(Household).order_by(Household.id.desc()).limit(SHOWN)
    if area in visit.pack.areas:
        wanted = wanted.where(Household.area_id.startswith(area, autoescape=True))
    words = clean(visit.sent.get("find", "")).strip()
    if words:
        wanted = wanted.where(_is_meant(words))
    found = visit.db.scalars(wanted).all()
    return visit.show(
        "households.html",
        rows=_rows(visit, [one.id for one in found], {one.id: one for one in found}),
        areas=_areas(visit),
        places=_places(visit),
        area=area,
        find=words,
    )


def _is_meant(words: str) -> ColumnElement[bool]:
    """Say in SQL which households have a number, or somebody with a name or phone like that."""
    home = select(Resident.household_id).join(Words, Words.resident_id == Resident.id)
    digits = callers.BETWEEN_DIGITS.sub("", words)
    is_like = or_(
        *(Words.text.contains(one, autoescape=True) for one in {words, digits} if one)
    )
    named = (
        home.join(Caller, Words.id.in_((Caller.name_id, Caller.phone_id)))
        .where(is_like)
        .union(home.join(Nickname, Nickname.words_id == Words.id).where(is_like))
    )
    return or_(Household.id == identity(digits), Household.id.in_(named))


def _rows(visit: Visit, ids: list[int], of: Mapping[int, Household]) -> list[Row]:
    home = Resident.household_id
    counted = dict(
        visit.db.execute(
            select(home, func.count(Resident.id)).where(home.in_(ids)).group_by(home)
        ).all()
    )
    asked = dict(
        visit.db.execute(
            select(home, func.count(Acting.id))
            .join(Acting, Acting.principal_id == Resident.id)
            .where(home.in_(ids), Acting.confirmed_at.is_(None), Acting.ended_at.is_(None))
            .group_by(home)
        ).all()
    )
    return [Row(of[one], counted.get(one, 0), asked.get(one, 0)) for one in ids]


def _show(visit: Visit, household: Household, code: str = "", link_code: str = "") -> Response:
    members = _members(visit, household)
    visit.note("read_household", f"household:{household.id}")
    numbers = {one.resident.id: one for one in members}
    lasting = visit.db.scalars(
        select(Acting)
        .where(Acting.actor_id.in_(numbers), Acting.ended_at.is_(None))
        .order_by(Acting.id)
    ).all()
    return visit.show(
        "household.html",
        household=household,
        members=members,
        by_id=numbers,
        lasting=[one for one in lasting if one.principal_id in numbers],
        code=code,
        link_code=link_code,
        minutes=int(links.LASTS.total_seconds() // 60),
        areas=_areas(visit),
        places=_places(visit),
        at=_place_at(visit, household),
    )


def _members(visit: Visit, household: Household) -> list[Member]:
    everybody = households.members(visit.db, household.id)
    known = callers.among(visit.db, (one.id for one in everybody))
    return [
        Member(
            number,
            one,
            nicknames.called(visit.db, one.id),
            known.get(one.id),
            _conversation(visit, one.id),
        )
        for number, one in enumerate(everybody, 1)
    ]


def _conversation(visit: Visit, resident_id: str) -> str | None:
    """Return where staff of this reach find a member, if they may."""
    talk: Conversation | None = conversations.of_resident(visit.db, resident_id)
    return talk.id if talk else None


def _find(visit: Visit) -> Household:
    """Return the household of the address; unknown and forbidden look the same."""
    found = visit.db.get(Household, identity(visit.path["household_id"]))
    if found is None:
        raise Missing
    return found


def _member(visit: Visit) -> Resident:
    """Return the member of the address, of the household of the address."""
    household, found = _find(visit), visit.db.get(Resident, visit.path["resident_id"])
    if found is None or found.household_id != household.id:
        raise Missing
    return found


def _acting(visit: Visit) -> Acting:
    """Return what the address names, between two of the household of the address."""
    household = _find(visit)
    found = visit.db.get(Acting, identity(visit.path["acting_id"]))
    principal = visit.db.get(Resident, found.principal_id) if found else None
    if found is None or principal is None or principal.household_id != household.id:
        raise Missing
    return found


def _where(visit: Visit) -> Where:
    chosen = _places(visit).get(visit.sent.get("place", ""))
    area = visit.sent.get("area", "") or (chosen.area if chosen and chosen.area else "")
    if area not in _areas(visit) or visit.db.get(Area, area) is None:
        raise Refusal("utter_desk_household_place")
    return Where(area, chosen.lat, chosen.lon) if chosen else Where(area)


def _areas(visit: Visit) -> dict[str, PackArea]:
    mine = [visit.staff.area_id]
    return {one.id: one for one in visit.pack.areas.values() if scope.reaches(mine, one.id)}


def _places(visit: Visit) -> dict[str, Place]:
    """Return the places of the pack whose point is known: as near as a building."""
    mine = [visit.staff.area_id]
    return {
        one.id: one
        for one in visit.pack.places.values()
        if one.lat is not None and (one.area is None or scope.reaches(mine, one.area))
    }


def _place_at(visit: Visit, household: Household) -> Place | None:
    point = (household.lat, household.lon)
    places = visit.pack.places.values()
    return next(
        (one for one in places if one.lat is not None and (one.lat, one.lon) == point), None
    )
