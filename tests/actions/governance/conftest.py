"""A request, who reported it, who else met the same, and the staff who deal with it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from actions import conversations
from actions.conversations import Conversation
from actions.db import Database, Db
from actions.dialogue import Ground
from actions.governance import moves, service
from actions.governance.handling import By
from actions.governance.model import ServiceRequest, Status, Update
from actions.governance.service import Report, Where
from actions.outbox import Notice, NoticeState
from actions.people.model import Role, Staff, StaffChat
from knowledge.embedder import OnnxEmbedder, Remembering
from knowledge.pack import Pack, load_pack
from knowledge.sorting import Sorter
from tests.conftest import StandingClock, missing

ENCODER = Path(".build/encoder")
PHOTO = "0" * 32


@dataclass
class Hall:
    """Where requests come in and are dealt with; every deed is done at the clock's moment."""

    database: Database
    pack: Pack
    clock: StandingClock
    staff_id: int

    @property
    def by(self) -> By:
        """The member of staff at work, now."""
        return By(self.staff_id, self.clock.now())

    def talk(self, db: Db, address: str = "reporter") -> Conversation:
        """Return somebody's conversation."""
        return conversations.at_address(
            db, channel="webchat", address=address, now=self.clock.now()
        )

    def file(
        self,
        db: Db,
        category: str = "road-light",
        *,
        who: str = "reporter",
        place: str | None = "gz-youyi",
    ) -> ServiceRequest:
        """Have somebody report something."""
        return service.file(
            db,
            pack=self.pack,
            report=Report(category, "路灯坏了", Where(place)),
            conversation=self.talk(db, who),
            now=self.clock.now(),
        )

    def move(self, db: Db, request: ServiceRequest, *to: Status) -> Update:
        """Make these moves of staff, with words and a photo."""
        made = [
            moves.move(
                db,
                pack=self.pack,
                request=request,
                to=status,
                staff_id=self.staff_id,
                now=self.clock.now(),
                words="看过了。" if status in (Status.REPLIED, Status.DECLINED) else "",
                photos=(PHOTO,),
            )
            for status in to
        ]
        return made[-1]

    def reply(self, db: Db, request: ServiceRequest) -> None:
        """Take it on and reply."""
        self.move(db, request, Status.ACKNOWLEDGED, Status.REPLIED)

    def say_solved(self, db: Db, request: ServiceRequest, *, solved: bool) -> None:
        """Have the reporter say whether it is solved."""
        moves.answer(
            db,
            pack=self.pack,
            request=request,
            solved=solved,
            resident_id=request.resident_id,
            now=self.clock.now(),
        )

    def chat(self, db: Db, area_id: str = "guali/", team_id: str | None = None) -> str:
        """Let a chat of staff be told; returns its conversation's id."""
        talk = self.talk(db, f"staff {area_id} {team_id}")
        db.add(
            StaffChat(
                conversation_id=talk.id,
                area_id=area_id,
                team_id=team_id,
                created_at=self.clock.now(),
            )
        )
        db.flush()
        return talk.id

    def told(self, db: Db, who: str | Conversation = "reporter") -> list[str]:
        """Return the responses somebody is owed or has got, in order; words as "words"."""
        talk = self.talk(db, who) if isinstance(who, str) else who
        notices = (
            db.query(Notice)
            .filter(Notice.conversation_id == talk.id, Notice.state != NoticeState.CANCELLED)
            .order_by(Notice.id)
        )
        return [notice.response or "words" for notice in notices]

    def deliver(self, db: Db) -> None:
        """Have everything that is due sent."""
        for notice in db.query(Notice).filter(
            Notice.state == NoticeState.WAITING, Notice.due_at <= self.clock.now()
        ):
            notice.state, notice.sent_at = NoticeState.SENT, self.clock.now()
        db.flush()


@pytest.fixture
def pack(ground: Ground) -> Pack:
    return ground.pack


@pytest.fixture
def hall(database: Database, pack: Pack, clock: StandingClock) -> Hall:
    with database.transaction() as db:
        somebody = Staff(
            username="desk",
            password_hash="-",
            role=Role.STAFF,
            area_id="guali/",
            created_at=clock.now(),
        )
        db.add(somebody)
        db.flush()
        return Hall(database, pack, clock, somebody.id)


@pytest.fixture(scope="session")
def embedder() -> Remembering:
    """The encoder that set-up built."""
    if not (ENCODER / "manifest.json").exists():
        missing("the encoder (make setup)")
    return Remembering(OnnxEmbedder(ENCODER))


@pytest.fixture(scope="session")
def sorter(embedder: Remembering) -> Sorter:
    """What it makes of the shipped pack's categories."""
    made = Sorter(embedder)
    made.scores(load_pack(Path("knowledge/data/guali")), "你好")  # learns
    return made
