"""The clock is put an hour ahead and back while reminders and kept places are due.

The worker runs as it does; the day goes by from one awkward moment to the next. Beside it goes
the naive way, which asks at every look whether a reminder is due just now. Last line: one JSON
with reminders that came twice, were stale or lost, and with neighbours in a line who were
asked twice or never: none.
"""

import random
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import select

from actions.booking.model import EntryStatus, WaitlistEntry
from bench.drills.clock_town import HOUR, Town, town
from bench.drills.running import TUESDAY
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import following

APART = timedelta(days=10)
KEPT, CANCELLED, LINE = 6, 3, 3  # residents of a trial: who book, cancel, stand in line
STARTS = timedelta(hours=14, minutes=10)  # after midnight of its day
REMINDED = (timedelta(hours=-6), timedelta(hours=12, minutes=10))
LOOK = timedelta(minutes=20)
# Moments of a trial, from the midnight of its day: an evening, and ten o'clock to past noon.
MOMENTS = tuple(timedelta(minutes=m) for m in (*range(-420, -280, 20), *range(600, 800, 20)))
PUT, CANCEL = 0.4, 0.3  # how often at such a moment


def trial(here: Town, number: int, chance: random.Random) -> tuple[Counter[str], Counter[str]]:
    """Live through an evening and a day while the clock is put.

    Returns what went wrong, and what goes wrong the naive way.
    """
    midnight = TUESDAY.replace(hour=0) + (number + 1) * APART
    here.put(midnight - 40 * HOUR)
    many = here.session(midnight + STARTS, KEPT + CANCELLED)
    one = here.session(midnight + STARTS + HOUR, 1)
    kept, going, line = (
        [f"{number}-{kind}-{n}" for n in range(count)]
        for kind, count in (("kept", KEPT), ("gone", CANCELLED), ("line", LINE))
    )
    bookings = {who: here.book(many, who) for who in (*kept, *going)}
    first = f"{number}-first"
    given_back = here.book(one, first)
    for who in line:
        here.wait(one, who)
    had: dict[str, int] = {}
    naively: Counter[datetime] = Counter()
    wrong = timedelta()
    for moment in MOMENTS:
        if chance.random() < PUT:
            wrong = chance.choice((-HOUR, timedelta(), HOUR))
        here.put(midnight + moment + wrong)
        due = [midnight + reminded for reminded in REMINDED]
        naively.update(one for one in due if one <= here.now() < one + LOOK)
        if moment == timedelta(hours=10):
            here.cancel(given_back, first)
        if going and chance.random() < CANCEL:
            who = going.pop()
            here.cancel(bookings[who], who)
            had[who] = here.told(who)
    here.put(midnight + STARTS + 3 * HOUR)
    found = Counter(
        twice=sum(max(0, here.told(who) - len(REMINDED)) for who in kept),
        lost=sum(max(0, len(REMINDED) - here.told(who)) for who in kept),
        stale=sum(here.told(who) - told for who, told in had.items()),
        **_in_line(here, one, line),
    )
    return found, Counter(
        twice=sum(times > 1 for times in naively.values()), lost=len(REMINDED) - len(naively)
    )


def _in_line(here: Town, session_id: int, line: list[str]) -> dict[str, int]:
    """Count who was not asked once, and once told that their time was over."""
    told = [here.told(who) for who in line]
    entries = select(WaitlistEntry.status).where(WaitlistEntry.session_id == session_id)
    with here.database.reading() as db:
        waiting = [one for one in db.scalars(entries) if one != EntryStatus.EXPIRED]
    return {
        "asked_twice": sum(count > 2 for count in told),
        "never_asked": sum(count < 2 for count in told),
        "still_in_line": len(waiting),
    }


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--trials", type=int, default=60, help="days")
    told = parser.parse_args()
    wrong: Counter[str] = Counter()
    naive: Counter[str] = Counter()
    chance = random.Random(told.seed)
    with town(told.store) as here:
        for number in following(range(told.trials), "days"):
            found, naively = trial(here, number, chance)
            wrong += found
            naive += naively
    figure = (
        f"{told.trials} days with the clock put by an hour: {wrong['twice']} reminders twice, "
        f"{wrong['stale']} stale, {wrong['lost']} lost; naively {naive['twice']} twice, "
        f"{naive['lost']} lost"
    )
    verdict = Verdict(not +wrong, told.trials, figure, naive.total() > 0)
    conclude({"trials": told.trials, "wrong": dict(wrong), "naive": dict(naive)}, P18=verdict)


if __name__ == "__main__":
    main()
