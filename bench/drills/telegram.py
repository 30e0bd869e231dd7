"""Residents write on Telegram, and processes are killed meanwhile.

The whole assistant runs and asks a Bot API of ours for updates, which refuses what comes too
quickly. Every resident writes five messages at once; then some go on while processes are
killed and an urgent notice goes out to many more chats. At the end the books of both sides are
compared. Last line: one JSON; whatever `WRONG` names is 0 when the promises were kept.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from actions import conversations
from actions.conversations import Author, Conversation, Message
from actions.db import Database, Db
from actions.news import broadcast, service
from actions.news.model import Broadcast, State
from actions.news.service import Content
from actions.people.model import Address, Staff
from actions.people.roles import Role
from actions.sending import OWED, Sending, SendingState
from actions.turns import EntryState, InboxEntry, TurnRow
from bench import stores
from bench.bot_api import TOKEN, BotApi, served
from bench.drills.kills import plan
from bench.drills.running import Drill, drilling_on, until
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import following, say
from knowledge.pack import Pack, load_pack

CHANNEL = "telegram"
PACK = Path("knowledge/data/guali")
BURST = 5  # messages
BETWEEN = 1.0  # seconds between two bursts, while processes are killed
AT_ONCE = 200  # chats in one transaction
SETTLED = 3600.0  # seconds until nothing is owed, at most
QUESTIONS = ("停车多少钱", "杭州书房几点开门", "下一班公交几点", "有什么活动", "我的预约")
NEWS = "三号楼今天停气，请关好阀门"
OUT_OF_ORDER = ("two_turns_at_once", "heard_out_of_order", "told_out_of_order")
WRONG = (
    *("lost", "unanswered", "quarantined", "answered_twice", "two_turns_at_once"),
    *("heard_out_of_order", "missing", "told_out_of_order", "twice_without_a_kill"),
    *("news_missing", "refused_as_too_quick"),
)


@dataclass
class Town:
    """Chats in which residents write, and the books of both sides."""

    drill: Drill
    api: BotApi
    pack: Pack
    chance: random.Random
    told: int = 0
    news_began: float = 0.0

    @property
    def database(self) -> Database:
        return self.drill.books.database

    @property
    def area(self) -> str:
        """The area of the whole town."""
        return next(iter(self.pack.areas))

    def burst(self, chat: int) -> None:
        """Let a resident write five messages, one right after the other."""
        self.api.write(chat, self.chance.choices(QUESTIONS, k=BURST))

    @contextmanager
    def writing(self, chats: int) -> Iterator[None]:
        """Let residents go on writing until the end of the block."""
        over = threading.Event()

        def write() -> None:
            while not over.wait(BETWEEN):
                self.burst(self.chance.randint(1, chats))

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        try:
            yield
        finally:
            over.set()
            writer.join()

    def tell(self, chats: int) -> None:
        """Send an urgent notice to all, of whom so many have a chat with us."""
        for begin in following(range(1, chats + 1, AT_ONCE), "moved in"):
            with self.database.transaction() as db:
                for chat in range(begin, min(begin + AT_ONCE, chats + 1)):
                    talk = conversations.at_address(
                        db, channel=CHANNEL, address=str(chat), now=self.drill.now()
                    )
                    talk.resident.area_id = self.area
        with self.database.transaction() as db:
            now = self.drill.now()
            one, two = (
                Staff(username=name, role=Role.EDITOR, area_id=self.area, created_at=now)
                for name in ("writes", "approves")
            )
            one.password_hash = two.password_hash = "-"  # noqa: S105 - nobody signs in
            db.add_all((one, two))
            db.flush()
            content = Content(
                topic="outage",
                title_zh=NEWS,
                body_zh="燃气公司会上门检查。",
                publish_at=now,
                expires_at=now + timedelta(days=1),
                source="社区办公室",
                urgent=True,
            )
            item = service.write(
                db, self.pack, content, area_id=self.area, staff_id=one.id, now=now
            )
            service.approve(db, item, number=1, staff_id=two.id, now=now)
            broadcast.send(db, item, staff_id=two.id, now=now)
        self.told, self.news_began = chats, time.monotonic()

    def settle(self) -> None:
        """Wait until nothing is owed on either side."""
        until(lambda: not self.owed(), SETTLED)

    def owed(self) -> int:
        """Return how much is to be taken in, answered, told or sent."""
        running = select(func.count(Broadcast.id)).where(Broadcast.state == State.RUNNING)
        waiting = select(func.count(InboxEntry.id)).where(
            InboxEntry.state == EntryState.WAITING
        )
        to_send = select(func.count(Sending.id)).where(Sending.state.in_(OWED))
        with self.database.reading() as db:
            inside = sum(db.scalar(each) or 0 for each in (running, waiting, to_send))
            return inside + self.api.written - _kept(db)

    def figures(self) -> dict[str, Any]:
        """Return what was said and heard on both sides, and what should not be."""
        checked = self.drill.books.check([])
        with self.database.reading() as db:
            kept, overlapping = _kept(db), two_at_once(db)
            compared = [self._compare(db, chat) for chat in self.api.said]
        total = sum((Counter(one) for one in compared), Counter())
        told = Counter(one.chat for one in self.api.arrived if NEWS in one.text)
        kills = Counter(self.drill.killed)
        return {
            "kills": dict(kills),
            "chats": len(self.api.said),
            "written": self.api.written,
            "arrived": len(self.api.arrived),
            "handed_over": self.drill.books.handed_over(),
            **self._seconds(),
            "lost": self.api.written - kept,
            **{name: checked[name] for name in ("unanswered", "quarantined", "answered_twice")},
            "two_turns_at_once": overlapping,
            **{name: total[name] for name in ("heard_out_of_order", "missing")},
            "told_out_of_order": total["told_out_of_order"],
            "twice": total["twice"],
            "twice_without_a_kill": max(0, total["twice"] - kills["worker"]),
            "news_missing": self.told - len(told),
            "refused_as_too_quick": self.api.too_quick,
        }

    def _compare(self, db: Db, chat: str) -> Counter[str]:
        """Compare what we think we heard and sent in a chat with what was written and came."""
        talk = db.scalars(
            select(Conversation.id)
            .join(Address, Conversation.address_id == Address.id)
            .where(Address.channel == CHANNEL, Address.address == chat)
        ).first()
        here = select(Message).where(Message.conversation_id == talk).order_by(Message.id)
        said = here.where(Message.author == Author.RESIDENT)
        sent = here.join(Sending).where(Sending.state == SendingState.SENT)
        heard = [one.text for one in db.scalars(said)]
        ours = [one.text for one in db.scalars(sent) if NEWS not in one.text]
        came = [
            one.text for one in self.api.arrived if one.chat == chat and NEWS not in one.text
        ]
        return compare(ours, came) + Counter(heard_out_of_order=heard != self.api.said[chat])

    def _seconds(self) -> dict[str, float]:
        """Return how long answers and the news took, in seconds."""
        rows = (
            select(InboxEntry.received_at, Sending.sent_at)
            .join(Sending, Sending.inbox_id == InboxEntry.id)
            .where(Sending.state == SendingState.SENT)
        )
        with self.database.reading() as db:
            took = sorted(
                (sent - came).total_seconds() for came, sent in db.execute(rows) if sent
            )
        figures = {f"reply_p{p}_s": round(took[len(took) * p // 100], 2) for p in (50, 95)}
        if self.news_began:
            last = max(one.at for one in self.api.arrived if NEWS in one.text)
            figures["news_s"] = round(last - self.news_began, 1)
        return figures


def compare(ours: Sequence[str], came: Sequence[str]) -> Counter[str]:
    """Compare what was sent in a chat with what came; what comes again comes right after."""
    found: Counter[str] = Counter()
    at = 0
    for text in came:
        if at < len(ours) and text == ours[at]:
            at += 1
        elif at and text == ours[at - 1]:
            found["twice"] += 1
        else:
            found["told_out_of_order"] += 1
    found["missing"] = len(ours) - at
    return found


def two_at_once(db: Db) -> int:
    """Count turns that began in a conversation before the one before had ended."""
    rows = select(TurnRow.conversation_id, TurnRow.started_at, TurnRow.ended_at)
    last: dict[str, datetime] = {}
    wrong = 0
    for talk, began, ended in db.execute(rows.order_by(TurnRow.started_at, TurnRow.id)):
        wrong += talk in last and began < last[talk]
        last[talk] = max(ended or began, last.get(talk, began))
    return wrong


def _kept(db: Db) -> int:
    kept = select(func.count(InboxEntry.id)).where(InboxEntry.channel == CHANNEL)
    return db.scalar(kept) or 0


@contextmanager
def on_telegram(store: str = stores.SQLITE, *, seed: int = 1) -> Iterator[Town]:
    """Run an assistant of its own for a drill, which Telegram's residents write to, too."""
    api = BotApi()
    with served(api) as url:
        account = {
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": url,
            "TELEGRAM_MODE": "polling",
        }
        with drilling_on(store, seed=seed, variables=account) as drill:
            yield Town(drill, api, load_pack(PACK), random.Random(seed))


def verdicts(bursts: dict[str, Any], figures: dict[str, Any]) -> dict[str, Verdict]:
    """Say of each promise what the figures show."""
    killed = sum(figures["kills"].values())
    lost = figures["lost"] + figures["unanswered"]
    order = sum(one[name] for one in (bursts, figures) for name in OUT_OF_ORDER)
    return {
        "P1": Verdict(
            lost == 0 and not figures["quarantined"],
            killed,
            f"Telegram, {killed} kills, {figures['written']} messages: {lost} lost",
        ),
        "P6": Verdict(
            order == 0,
            bursts["chats"],
            f"{bursts['chats']} conversations, bursts of {BURST}: {order} out of order, "
            f"half answered within {bursts['reply_p50_s']} s",
        ),
        "P9": Verdict(
            not any(figures[name] for name in ("missing", "news_missing", *OUT_OF_ORDER))
            and not figures["twice_without_a_kill"],
            killed,
            f"Telegram, {killed} kills, {figures['arrived']} arrived: "
            f"{figures['missing'] + figures['news_missing']} missing, {figures['twice']} twice",
        ),
        "P23": Verdict(
            figures["refused_as_too_quick"] == 0,
            figures["arrived"],
            f"{figures['arrived']} messages to Telegram: "
            f"{figures['refused_as_too_quick']} refused as too quick",
        ),
    }


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--chats", type=int, default=1000, help="each writes five at once")
    parser.add_argument("--kills", type=int, default=180, help="of gateway, actions and worker")
    parser.add_argument("--rasa", type=int, default=20, help="kills of Rasa")
    parser.add_argument("--told", type=int, default=5000, help="chats an urgent notice goes to")
    asked = parser.parse_args()
    with on_telegram(asked.store, seed=asked.seed) as town:
        for chat in range(1, asked.chats + 1):
            town.burst(chat)
        town.settle()
        bursts = town.figures()
        say(f"bursts: {bursts}")
        with town.writing(asked.chats):
            town.tell(asked.told)
            town.drill.kill(plan(asked.kills, asked.rasa))
        town.settle()
        figures = {"bursts": bursts, **town.figures()}
    conclude(figures, **verdicts(bursts, figures))


if __name__ == "__main__":
    main()
