"""A town of residents and staff with habits, through whom requests are lived hour by hour."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path

from sqlalchemy import func, select

from actions.content.editions import Shelf
from actions.db import Db
from actions.errors import Refusal
from actions.governance import (
    categories,
    following,
    handling,
    history,
    moves,
    reporting,
    telling,
    workflow,
)
from actions.governance.model import Kind, ServiceRequest, Status, Update
from actions.outbox import Notice, NoticeState
from actions.people.office import office
from actions.quiet import is_quiet
from actions.wording import read_wording
from bot.delivery import Delivery
from bot.upkeep import Requests
from knowledge.hours import spans_on
from tests.actions.governance.conftest import Hall

HOUR = timedelta(hours=1)

# What staff of each habit do with a request, each so many hours after the deed before.
HABITS: dict[str, Sequence[tuple[str, int]]] = {
    "prompt": (("take_on", 2), ("begin", 3), ("reply", 8)),
    "slow": (("take_on", 60), ("reply", 90)),
    "never": (),
    "returns": (("give_back", 3), ("take_on", 4), ("reply", 20)),
    "passes around": (("give_back", 2), ("give_back", 2), ("give_back", 30), ("reply", 60)),
    "wrong": (("categorise", 5), ("take_on", 3), ("reply", 24)),
    "asks": (("take_on", 2), ("ask", 1), ("reply", 200)),
    "says": (("take_on", 2), ("tell", 9), ("tell", 30), ("reply", 9)),
    "declines": (("take_on", 2), ("decline", 6)),
    "merges": (("merge", 4),),
}
# What a resident says of a reply, one word after another; then nothing.
SAYS = ((True,), (False, True), (False, False, True), (), (True, False), (False,))

# Whom an update is news to: everybody concerned but who did it, or the reporter.
TO_ALL = {
    *(Kind.ASSIGNED, Kind.RETURNED, Kind.CATEGORISED, Kind.RAISED, Kind.TOLD, Kind.MOVED),
}
TO_REPORTER = {Kind.ASKED, Kind.SPLIT}
OWN = {Status.RECEIVED, Status.WITHDRAWN}  # who did it has been told at once


@dataclass
class Town:
    """Everything that is lived through, and what was seen of it."""

    hall: Hall
    seed: int = 7
    upkeep: Callable[[], bool] | None = None
    agenda: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    habits: dict[int, str] = field(default_factory=dict)
    news: list[tuple[Update, str, str]] = field(default_factory=list)  # what, of, to whom
    wrong: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    _planned: int = 0
    _seen: int = 0
    _dues: dict[int, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        hall, self.random = self.hall, random.Random(self.seed)
        wording = read_wording(hall.pack.zone)
        shelf = Shelf(hall.pack, Path("nowhere"))
        self.upkeep = Requests(hall.database, shelf, wording, hall.clock).run_due
        self.delivery = Delivery(hall.database, hall.clock, wording, timedelta(days=1))

    @property
    def now(self) -> datetime:
        return self.hall.clock.now()

    def plan(self, after: timedelta, deed: Callable[[], None], *, by_day: bool = True) -> None:
        """Have something done after a while; what is done by day is not done at night."""
        at = self.now + after
        while by_day and not 8 <= at.astimezone(self.hall.pack.zone).hour < 19:
            at += HOUR
        self._planned += 1
        self.agenda.append((at, self._planned, deed))

    def live(self, hours: int) -> None:
        """Let so many hours pass, one by one."""
        for _ in range(hours):
            self.hall.clock.pass_by(HOUR)
            self._an_hour()

    def outlive(self) -> None:
        """Let time pass until nothing that nobody deals with can rise any more."""
        self.agenda = []
        while (next_look := self._next_look()) is not None:
            self.hall.clock.moment = max(self.now, next_look) + HOUR
            self._an_hour()

    def _next_look(self) -> datetime | None:
        """Return when the clock will next look at something that may still rise."""
        with self.hall.database.reading() as db:
            return db.scalar(
                select(func.min(ServiceRequest.look_at)).where(
                    ServiceRequest.status.in_(workflow.UNFINISHED),
                    ServiceRequest.tier != workflow.TOPMOST,
                )
            )

    def _an_hour(self) -> None:
        due = sorted(one for one in self.agenda if one[0] <= self.now)
        self.agenda = [one for one in self.agenda if one[0] > self.now]
        for _, _, deed in due:
            deed()
        while self.upkeep and self.upkeep():
            pass
        self._look()
        while self.delivery.deliver_due():
            pass

    # What residents do.

    def report(self, who: str, category: str, habit: str) -> None:
        """Have somebody report something that staff of this habit deal with."""
        with self.hall.database.transaction() as db:
            request = self.hall.file(db, category, who=who)
            self.habits[request.id] = habit
            self._note(db)
        self._next(request.id, HABITS[habit])
        for _ in range(self.random.choice((0, 0, 0, 0, 1, 2))):
            neighbour = f"r{self.random.randrange(60)}"
            self.plan(
                self.random.randint(1, 40) * HOUR, partial(self._follow, request.id, neighbour)
            )

    def _follow(self, number: int, who: str) -> None:
        def deed(db: Db, request: ServiceRequest) -> None:
            talk = self.hall.talk(db, who)
            following.follow(db, request=request, conversation=talk, now=self.now)

        self._do(number, deed)

    def _answer(self, number: int, said: Sequence[bool]) -> None:
        """Have one of those concerned say whether it is solved."""
        if not said:
            return

        def deed(db: Db, request: ServiceRequest) -> str:
            who = self.random.choice(following.parties(db, request)).resident_id
            moves.answer(
                db,
                pack=self.hall.pack,
                request=request,
                solved=said[0],
                resident_id=who,
                now=self.now,
            )
            return who

        if not self._do(number, deed):
            return
        if said[0]:
            self._later_answer(number, said[1:])
        else:
            self._next(number, (("take_on", 3), ("reply", 12)), said[1:])

    def _later_answer(self, number: int, said: Sequence[bool]) -> None:
        hours = self.random.choice((1, 5, 30, 90, 110))
        self.plan(hours * HOUR, partial(self._answer, number, said), by_day=False)

    def _say_more(self, number: int) -> None:
        def deed(db: Db, request: ServiceRequest) -> None:
            reporting.add(
                db,
                self.hall.pack,
                request,
                resident_id=request.resident_id,
                words="东边那盏",
                now=self.now,
            )

        self._do(number, deed)

    # What staff do.

    def _next(
        self, number: int, todo: Sequence[tuple[str, int]], said: Sequence[bool] | None = None
    ) -> None:
        if not todo:
            return
        (name, hours), *rest = todo

        def deed() -> None:
            done = self._do(number, getattr(self, f"_{name}"))
            if done and name == "reply":
                words = self.random.choice(SAYS) if said is None else said
                self._later_answer(number, words)
            if done and name == "ask" and self.random.random() < 0.7:
                self.plan(self.random.randint(1, 60) * HOUR, partial(self._say_more, number))
            self._next(number, rest, said)

        self.plan(hours * HOUR, deed)

    def _take_on(self, db: Db, request: ServiceRequest) -> None:
        self.hall.move(db, request, Status.ACKNOWLEDGED)

    def _begin(self, db: Db, request: ServiceRequest) -> None:
        self.hall.move(db, request, Status.IN_PROGRESS)

    def _reply(self, db: Db, request: ServiceRequest) -> None:
        self.hall.move(db, request, Status.REPLIED)

    def _decline(self, db: Db, request: ServiceRequest) -> None:
        self.hall.move(db, request, Status.DECLINED)

    def _give_back(self, db: Db, request: ServiceRequest) -> None:
        teams = [team for team in self.hall.pack.teams if team != request.team_id]
        team_id = self.random.choice(teams)
        handling.give_back(
            db, self.hall.pack, request, by=self.hall.by, team_id=team_id, reason="不归我们"
        )

    def _categorise(self, db: Db, request: ServiceRequest) -> None:
        others = [one for one in self.hall.pack.categories if one != request.category_id]
        category_id = self.random.choice(others)
        handling.categorise(
            db, self.hall.pack, request, by=self.hall.by, category_id=category_id
        )

    def _ask(self, db: Db, request: ServiceRequest) -> None:
        handling.ask(db, self.hall.pack, request, by=self.hall.by, words="是哪一盏？")

    def _tell(self, db: Db, request: ServiceRequest) -> None:
        handling.tell(db, self.hall.pack, request, by=self.hall.by, words="配件在路上")

    def _merge(self, db: Db, request: ServiceRequest) -> None:
        same = select(ServiceRequest).where(
            ServiceRequest.category_id == request.category_id,
            ServiceRequest.id < request.id,
            ServiceRequest.status.in_(workflow.UNFINISHED),
        )
        into = db.scalars(same).first()
        if into is not None:
            handling.merge(db, self.hall.pack, request, into=into, by=self.hall.by)

    def _do(self, number: int, deed: Callable[[Db, ServiceRequest], object]) -> bool:
        """Do it as the desk and the taps do: alone; False when it is refused."""
        try:
            with self.hall.database.transaction() as db:
                request = db.get_one(ServiceRequest, number)
                history.alone(db, request)
                who = deed(db, request)
                self._note(db, str(who or ""))
        except Refusal as refusal:
            self.refused[refusal.response] += 1
            return False
        return True

    # What is seen of it.

    def _note(self, db: Db, did: str = "") -> None:
        """Note to whom what has just been done is news."""
        db.flush()
        fresh = db.scalars(select(Update).where(Update.id > self._seen).order_by(Update.id))
        for made in fresh:
            self._seen = made.id
            request = db.get_one(ServiceRequest, made.request_id)
            for party in following.parties(db, request):
                if party.resident_id != did and self._is_news(made, party.resident_id, request):
                    self.news.append((made, request.reference, party.conversation_id))

    def _is_news(self, made: Update, resident_id: str, request: ServiceRequest) -> bool:
        if made.kind in TO_REPORTER:
            return resident_id == request.resident_id
        return made.kind in TO_ALL and not (made.kind == Kind.MOVED and made.status in OWN)

    def _look(self) -> None:
        """See that each request has an owner, a due time inside hours, and is looked after."""
        with self.hall.database.reading() as db:
            self._note(db)
            rows = db.execute(
                select(
                    ServiceRequest.id,
                    ServiceRequest.status,
                    ServiceRequest.team_id,
                    ServiceRequest.due_at,
                    ServiceRequest.look_at,
                    ServiceRequest.category_id,
                )
            ).all()
        for number, status, team, due, look_at, category in rows:
            waits = status in workflow.UNFINISHED or status == Status.REPLIED
            if team not in self.hall.pack.teams or due is None:
                self.wrong.append(f"{number} is nobody's")
            if waits and look_at is None:
                self.wrong.append(f"{number} is not looked after")
            if self._dues.get(number) != due and not self._is_kept(category, due):
                self.wrong.append(f"{number} is due out of hours: {due}")
            self._dues[number] = due

    def _is_kept(self, category_id: str, due: datetime) -> bool:
        if self.hall.pack.categories[category_id].promise.clock != "working":
            return True
        counter = office(self.hall.pack)
        assert counter is not None
        day = due.astimezone(self.hall.pack.zone).date()
        return any(a <= due <= b for a, b in spans_on(self.hall.pack, counter, day))

    @cached_property
    def sent(self) -> list[Notice]:
        """All that anybody was told, once everything is over."""
        with self.hall.database.reading() as db:
            return list(db.scalars(select(Notice).where(Notice.state == NoticeState.SENT)))

    def untold(self) -> list[str]:
        """Return what was news to somebody and did not reach them."""
        by_key = {notice.key for notice in self.sent}
        together = [notice for notice in self.sent if notice.response == telling.NEWS]

        def reached(made: Update, reference: str, to: str) -> bool:
            return f"request:{made.request_id}:{made.id}:{to}" in by_key or any(
                notice.conversation_id == to
                and notice.sent_at is not None
                and notice.sent_at >= made.happened_at
                and reference in notice.values["references"].split("\n")
                for notice in together
            )

        return [
            f"{made.kind} of {ref}" for made, ref, to in self.news if not reached(made, ref, to)
        ]

    def doubled(self) -> list[str]:
        """Return what somebody was told twice in the same moment."""
        told = Counter(
            (one.conversation_id, one.response, one.words_id, str(one.values), one.sent_at)
            for one in self.sent
        )
        return [
            f"{response} × {times}" for (_, response, *_), times in told.items() if times > 1
        ]

    def woken(self) -> list[str]:
        """Return what the clock told somebody in the quiet hours."""
        with self.hall.database.reading() as db:
            by_clock = set(
                db.scalars(
                    select(Update.id).where(
                        Update.staff_id.is_(None),
                        Update.kind.in_([Kind.RAISED, Kind.NUDGED])
                        | (Update.status == Status.UNCONFIRMED),
                    )
                )
            )
        return [
            one.response
            for one in self.sent
            if one.sent_at is not None
            and is_quiet(one.sent_at, self.hall.pack.zone)
            and (one.response == telling.NEWS or _update_of(one) in by_clock)
        ]

    def left_lying(self) -> list[str]:
        """Return what nobody ever dealt with, and does not lie at the top."""
        with self.hall.database.reading() as db:
            requests = db.scalars(select(ServiceRequest)).all()
        return [
            one.reference
            for one in requests
            if self.habits.get(one.id) == "never"
            and one.status in workflow.UNFINISHED
            and one.tier != workflow.TOPMOST
        ]

    def overlooked(self) -> list[str]:
        """Return what the clock should have looked at."""
        with self.hall.database.reading() as db:
            late = select(ServiceRequest.reference).where(ServiceRequest.look_at <= self.now)
            return list(db.scalars(late))

    def statuses(self) -> Counter[str]:
        """Count the requests by status."""
        with self.hall.database.reading() as db:
            return Counter(db.scalars(select(ServiceRequest.status)))


def _update_of(notice: Notice) -> int:
    """Return the update a notice tells of, 0 when of none."""
    parts = notice.key.split(":")
    return int(parts[2]) if len(parts) >= 4 and parts[2].isdigit() else 0


def settle(hall: Hall, requests: int, hours: int) -> Town:
    """Make a town in which so many requests will be filed within so many hours."""
    town = Town(hall)
    with hall.database.transaction() as db:
        hall.chat(db, team_id=categories.dispatcher(hall.pack))
    kinds = sorted(hall.pack.categories)
    for number in range(requests):
        who = f"r{town.random.randrange(60)}" if number % 5 else "busy"
        report = partial(
            town.report,
            who,
            kinds[number % len(kinds)],
            town.random.choice(sorted(HABITS)),
        )
        town.plan(town.random.randint(1, hours) * HOUR, report, by_day=False)
    return town
