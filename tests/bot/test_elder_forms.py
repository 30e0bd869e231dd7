"""Every form of the action server, filled in by somebody in elder mode with digits alone.

The real gateway and the real actions; only Rasa is left out: `Led` leads the form as it does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.concurrency import run_in_threadpool

from actions import dialogue, serving
from actions.answers import actions as answers
from actions.booking import actions as booking
from actions.booking import service as bookings
from actions.booking.bookings import Order
from actions.booking.model import Booking, BookingStatus, Session
from actions.booking.programme import Programme
from actions.conversations import Choice
from actions.db import Db
from actions.dialogue import Form
from actions.governance import actions as governance
from actions.governance import service as requests
from actions.governance.model import ServiceRequest, Status, Update
from actions.governance.service import Report, Where
from actions.neighbours import actions as neighbours
from actions.neighbours.model import HelpOffer, HelpRequest
from actions.people.model import Area
from actions.plain import is_plain
from actions.turns import TurnRow
from actions.wording import Said, read_payload
from bot.assistant import _read_all
from bot.upkeep import Upkeep
from tests.actions.conftest import Heard, Talk
from tests.bot.conftest import PACK, Bot
from tests.bot.test_doing_for_a_parent import talk

MORE = ("看别的", "听下文")
MOST_TURNS = 40
NO_BASE: Any = None  # nothing is searched in a form

Planting = Callable[[Bot, Db], object]


@dataclass(frozen=True)
class Walk:
    """How a form is begun, what is answered where not 1, and what has come of it."""

    topic: ModuleType
    deed: str
    begins: str
    intent: str
    came: Callable[[Db], object]
    before: Planting = lambda _bot, _db: None
    labels: Mapping[str, str] = field(default_factory=dict)  # slot → what is looked for
    digits: Mapping[str, str] = field(default_factory=dict)  # slot → a number, freely said


def booked(bot: Bot, db: Db) -> None:
    session = db.scalars(
        select(Session)
        .where(Session.activity_id == "club-chess", Session.starts_at > bot.clock.now())
        .order_by(Session.starts_at)
        .limit(1)
    ).one()
    bookings.book(
        db,
        Programme(PACK, bot.parts.wording),
        order=Order(session.id),
        conversation=talk(db, bot, bot.session),
        now=bot.clock.now(),
    )


def reported(bot: Bot, db: Db) -> None:
    requests.file(
        db,
        pack=PACK,
        report=Report("road-light", "路灯坏了", Where(words="菜场对面")),
        conversation=talk(db, bot, bot.session),
        now=bot.clock.now(),
    )


def count(table: Any, *where: Any) -> Callable[[Db], object]:
    return lambda db: db.scalar(select(func.count()).select_from(table).where(*where))


WALKS: Mapping[str, Walk] = {
    "book_activity_form": Walk(
        booking,
        "action_book_activity",
        "我想报个名",
        "book_activity",
        count(Booking, Booking.status == BookingStatus.BOOKED),
    ),
    "cancel_booking_form": Walk(
        booking,
        "action_cancel_booking",
        "取消报名",
        "cancel_booking",
        count(Booking, Booking.status == BookingStatus.CANCELLED),
        booked,
    ),
    "change_booking_form": Walk(
        booking,
        "action_change_booking",
        "我要改一下",
        "change_booking",
        count(Booking, Booking.places == 2),
        booked,
        labels={"change_what": "改人数"},
        digits={"change_to": "２"},
    ),
    "ask_departure_form": Walk(
        answers, "action_answer_departure", "坐车", "ask_departure", lambda _db: True
    ),
    "report_problem_form": Walk(
        governance,
        "action_report_problem",
        "我要报修",
        "report_problem",
        count(ServiceRequest, ServiceRequest.category_id == "manhole"),
        labels={"problem_what": "窨井盖缺失"},
    ),
    "add_to_request_form": Walk(
        governance,
        "action_add_to_request",
        "我要补充一点",
        "add_to_request",
        count(Update, Update.words_id.is_not(None)),
        reported,
    ),
    "correct_place_form": Walk(
        governance,
        "action_correct_place",
        "地点不对",
        "correct_place",
        count(ServiceRequest, ServiceRequest.place_id.is_not(None)),
        reported,
    ),
    "withdraw_request_form": Walk(
        governance,
        "action_withdraw_request",
        "不用报了",
        "withdraw_request",
        count(ServiceRequest, ServiceRequest.status == Status.WITHDRAWN),
        reported,
    ),
    "offer_help_form": Walk(
        neighbours, "action_offer_help", "我想帮忙", "offer_help", count(HelpOffer)
    ),
    "request_help_form": Walk(
        neighbours,
        "action_request_help",
        "我要人帮忙",
        "request_help",
        count(HelpRequest),
        labels={"help_kind": "陪诊"},
    ),
}


@dataclass
class Led:
    """The assistant: real actions, led through one form."""

    talk: Talk
    form: str
    walk: Walk
    done: bool = False

    async def reply(
        self, *, seat: str = "", tracker_id: str, turn_id: str, text: str, within: float
    ) -> list[Said]:
        return await run_in_threadpool(self._reply, turn_id, text)

    def _reply(self, turn_id: str, text: str) -> list[Said]:
        with self.talk.ground.database.reading() as db:
            heard = Heard(db.get_one(TurnRow, turn_id))
        said: dict[str, Any] = {"intent": "inform"}
        if not self.talk.form:
            self.talk.form, self.talk.deed = self.form, self.walk.deed
            said = {"intent": self.walk.intent}
        if text.startswith("/"):
            intent, value = read_payload(text)
            assert intent == "choose", f"{intent} leaves the form"
            said = {"choice": value}
        self.talk.lead(heard, "" if text.startswith("/") else text, **said)
        self.done = heard.done
        return _read_all(heard.messages)

    @property
    def slot(self) -> str:
        return str(self.talk.slots.get("requested_slot") or "")


def all_forms(bot: Bot) -> set[str]:
    ground = dialogue.Ground(bot.parts.database, bot.clock, bot.parts.wording, PACK)
    made = serving.all_actions(ground, NO_BASE)
    return {one.form for one in made if isinstance(one, Form)}


async def begun(bot: Bot, form: str) -> tuple[Led, list[dict[str, Any]]]:
    """Somebody in elder mode says what begins a form; returns what they hear."""
    walk, parts = WALKS[form], bot.parts
    await bot.say("你好")
    if walk.topic is booking:
        Upkeep(parts.database, parts.home.shelf, bot.clock).run_due()
    with parts.database.transaction() as db:
        for area in sorted(PACK.areas.values(), key=lambda area: area.id.count("/")):
            db.merge(Area(id=area.id, parent_id=area.parent, tier=area.tier))
            db.flush()
        talk(db, bot, bot.session).resident.elder = True
        walk.before(bot, db)
    ground = dialogue.Ground(parts.database, bot.clock, parts.wording, PACK)
    topic: Any = walk.topic.actions
    if walk.topic is answers:
        topic = partial(answers.actions, base=NO_BASE)
    led = Led(Talk(ground, topic, elder=True), form, walk)
    parts.gateway.ground.assistant = led
    return led, await heard(bot, walk.begins)


async def heard(bot: Bot, text: str) -> list[dict[str, Any]]:
    answer = await bot.post(text)
    assert answer.status_code == 200, answer.text
    replies: list[dict[str, Any]] = answer.json()["replies"]
    return replies


def in_digits(led: Led, replies: list[dict[str, Any]]) -> str:
    """What somebody answers who reads the last message with choices; digits alone."""
    if led.slot in led.walk.digits:
        return led.walk.digits[led.slot]
    labels = next(
        [choice["label"] for choice in reply["choices"]]
        for reply in reversed(replies)
        if reply["choices"]
    )
    wanted = led.walk.labels.get(led.slot)
    if wanted is None:
        return "1"
    shown = wanted if wanted in labels else next(label for label in labels if label in MORE)
    return str(labels.index(shown) + 1)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_every_form_has_a_walk(bot: Bot) -> None:
    assert all_forms(bot) == set(WALKS)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("form", WALKS)
async def test_a_form_is_filled_in_with_digits_alone(bot: Bot, form: str) -> None:
    led, replies = await begun(bot, form)
    for _ in range(MOST_TURNS):
        for reply in replies:
            choices = tuple(Choice(one["label"], "") for one in reply["choices"])
            assert is_plain(Said(reply["text"], choices)), reply
        if led.done:
            break
        digits = in_digits(led, replies)
        assert digits.isdigit()
        replies = await heard(bot, digits)
    assert led.done, replies
    with bot.parts.database.reading() as db:
        assert led.walk.came(db)
