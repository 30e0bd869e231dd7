"""Puts messages that break whoever reads them before others, and sees that those go on.

A poisonous message is kept as any other, only that its row leads nowhere. The control never
sets one aside. Last line: one JSON with how long those behind had to wait once it was set
aside, and with whom it held up although they did not stand behind it: nobody.
"""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from actions.turns import EntryState, InboxEntry
from bench.drills.careless import careless
from bench.drills.running import WRONG, Drill, drilling_on, until
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import say
from bot import inbox
from bot.gateway import TRIES
from bot.message import InboundMessage
from setup.programs import programs

BEHIND = 3  # messages, each of the same resident
MOVES_WITHIN = 1.0  # seconds
LONGEST = 90.0  # seconds until a message is set aside: five tries, and the pauses between them
RESIDENTS = 2


@dataclass(frozen=True)
class Queue:
    """One resident's messages as they came out: the first is the poisonous one."""

    entries: list[InboxEntry]

    @property
    def is_over(self) -> bool:
        """Whether all of it is dealt with."""
        return all(one.state != EntryState.WAITING for one in self.entries)

    @property
    def is_right(self) -> bool:
        """Whether the poison alone was set aside, after as many tries as it has."""
        first, *behind = self.entries
        quarantined = first.state == EntryState.QUARANTINED and first.tries == TRIES
        return quarantined and all(one.state != EntryState.QUARANTINED for one in behind)

    @property
    def waited(self) -> float:
        """Seconds from the moment the poison was out of the way until the next was done."""
        first, second, *_ = self.entries
        assert first.finished_at
        assert second.finished_at
        return (second.finished_at - first.finished_at).total_seconds()


def write_poison(drill: Drill, number: int) -> None:
    """Keep a message whose row leads nowhere, and some behind it, all at one moment."""
    now = drill.now()
    with drill.books.database.transaction() as db:
        for n in range(BEHIND + 1):
            address = f"poisoned-{number}"
            message = InboundMessage("webchat", address, f"{address}:{n}", "停车多少钱")
            kept = inbox.keep_in(db, message, now=now)
            if n == 0:
                db.get_one(InboxEntry, kept.entry_id).message_id = None


def queues(drill: Drill) -> list[Queue]:
    """Return what has become of every poison and of those behind it."""
    found: dict[str, list[InboxEntry]] = {}
    poisoned = select(InboxEntry).where(InboxEntry.update_id.startswith("poisoned-"))
    with drill.books.database.reading() as db:
        for entry in db.scalars(poisoned.order_by(InboxEntry.id)):
            found.setdefault(str(entry.conversation_id), []).append(entry)
    return [Queue(entries) for entries in found.values()]


def run(store: str, poisons: int, seed: int) -> dict[str, Any]:
    """Poison so many queues while others converse; return what came of it."""
    with drilling_on(store, seed=seed) as drill:
        began = time.monotonic()
        with drill.conversing(RESIDENTS):
            for number in range(poisons):
                write_poison(drill, number)
                time.sleep(drill.chance.uniform(0, 0.2))
            until(lambda: all(one.is_over for one in queues(drill)), LONGEST)
            seconds = time.monotonic() - began
        ended = queues(drill)
        figures = drill.figures()
        return {
            **figures,
            "poisons": poisons,
            "seconds": round(seconds, 1),
            "not_set_aside": sum(not one.is_right for one in ended),
            "slowest_behind_s": round(max(one.waited for one in ended), 2),
            "held_up_others": sum(figures[name] for name in WRONG if name != "quarantined"),
        }


def stuck(store: str, seconds: float) -> int:
    """Run the control for as long: how many behind the poison still wait."""
    with drilling_on(store, table=careless("never_set_aside", programs)) as drill:
        write_poison(drill, 0)
        time.sleep(seconds)
        [queue] = queues(drill)
        return sum(one.state == EntryState.WAITING for one in queue.entries[1:])


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--poisons", type=int, default=100)
    told = parser.parse_args()
    found = run(told.store, told.poisons, told.seed)
    say("the control: a bot that never sets a message aside")
    still_wait = stuck(told.store, found["seconds"])
    held = (
        not found["not_set_aside"]
        and not found["held_up_others"]
        and found["slowest_behind_s"] <= MOVES_WITHIN
    )
    figure = (
        f"{found['poisons']} poisonous messages set aside after {TRIES} tries; those behind "
        f"went on within {found['slowest_behind_s']} s, {found['messages']} of others meanwhile"
    )
    verdict = Verdict(held, found["poisons"], figure, still_wait == BEHIND)
    conclude({**found, "control_still_wait": still_wait}, P8=verdict)


if __name__ == "__main__":
    main()
