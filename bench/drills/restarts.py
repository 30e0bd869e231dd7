"""Somebody is half way through a report when Rasa is killed, or the clock is put; they go on.

Rasa's tracker is wiped with it. The next thing the resident says must be taken for the answer
it is, and the report filed, or joined to what others filed of it. The control has lost the
draft. Also measured: how soon the first answer comes after the gateway, Rasa or all were
killed, and what memory all of them take.
Last line: one JSON; `did_not_go_on` is 0 when the promise was kept.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import psutil
from sqlalchemy import delete, func, select

from actions.conversations import Draft
from actions.governance.model import Follower, ServiceRequest
from bench.drills.running import OURS, Drill, drilling_on, until
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import say
from bench.residents import post

HALF = ("我要报修", "路灯坏了，晚上黑漆漆的")
REST = ("公交综合楼门口", "1")  # where it is, and yes to what is read back
AT_ONCE = 4  # residents
GATEWAY_WITHIN, RASA_WITHIN = 3.0, 60.0  # seconds to the first answer
ANSWERED_WITHIN = 180.0
HOUR = timedelta(hours=1)


@dataclass
class Reporter:
    """Reports something, in several messages."""

    drill: Drill
    client: httpx.Client
    session: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    sent: int = 0

    def say(self, text: str) -> str:
        """Say something, again until it is answered for good; returns the last reply."""
        self.sent += 1
        body = {"session": self.session, "message_id": f"m{self.sent}", "text": text}
        end = time.monotonic() + ANSWERED_WITHIN
        while time.monotonic() < end:
            answer, _ = post(self.client, self.drill.assistant.url, body)
            if answer is not None and answer.is_success and (said := answer.json()["replies"]):
                last = str(said[-1]["text"])
                if last != self.drill.books.still_working:
                    return last
            time.sleep(0.05)
        raise TimeoutError(f"no answer within {ANSWERED_WITHIN:.0f} s")


def kill_rasa(drill: Drill) -> None:
    """Kill Rasa, and wait until it is there again: what it knew is gone."""
    killed(drill, "rasa")


def killed(drill: Drill, *names: str) -> float:
    """Kill processes; returns seconds until somebody new has an answer."""
    dead = {name: drill.assistant.supervisor.pid(name) for name in names}
    began = time.monotonic()
    for name in names:
        drill.assistant.kill(name)
    until(lambda: all(drill.assistant.supervisor.pid(n) != pid for n, pid in dead.items()))
    with httpx.Client(trust_env=False, timeout=10) as client:
        Reporter(drill, client).say("停车多少钱")
    return time.monotonic() - began


def put_clock(drill: Drill, by: timedelta) -> None:
    """Put the clock of every process."""
    drill.assistant.set_clock(drill.now() + by)


DISTURBANCES: Mapping[str, Callable[[Drill], None]] = {
    "Rasa killed": kill_rasa,
    "clock an hour ahead": partial(put_clock, by=HOUR),
    "clock an hour back": partial(put_clock, by=-HOUR),
}


def report(drill: Drill, disturb: Callable[[Drill], None]) -> int:
    """Let some report, disturbed half way; returns how many reports were filed."""
    before = _filed(drill)
    with httpx.Client(trust_env=False, timeout=10) as client:
        reporters = [Reporter(drill, client) for _ in range(AT_ONCE)]
        for text in HALF:
            for one in reporters:
                one.say(text)
        disturb(drill)
        for text in REST:
            for one in reporters:
                one.say(text)
    return _filed(drill) - before


def _filed(drill: Drill) -> int:
    """Count what was filed, and who joined what others had filed of the same lamp."""
    with drill.books.database.reading() as db:
        counts = [
            db.scalar(select(func.count()).select_from(table))
            for table in (ServiceRequest, Follower)
        ]
    return sum(count or 0 for count in counts)


def lose_drafts(drill: Drill) -> None:
    """What the control does: Rasa is killed, and nobody has kept where residents were."""
    kill_rasa(drill)
    with drill.books.database.transaction() as db:
        db.execute(delete(Draft))


def memory(drill: Drill) -> float:
    """Return the megabytes all processes take, shared pages counted once."""
    tops = [psutil.Process(drill.assistant.supervisor.pid(name)) for name in (*OURS, "rasa")]
    family = [one for top in tops for one in (top, *top.children(recursive=True))]
    return round(sum(one.memory_full_info().pss for one in family) / 2**20)


def run(store: str, times: int, seed: int) -> dict[str, Any]:
    """Disturb so many rounds of reports in each way, then measure how soon all is back."""
    with drilling_on(store, seed=seed) as drill:
        filed = {}
        for name, disturb in DISTURBANCES.items():
            say(f"half way through a report: {name}")
            filed[name] = sum(report(drill, disturb) for _ in range(times))
        say("the control: drafts are lost")
        control = report(drill, lose_drafts)
        figures = {
            "reports_each": times * AT_ONCE,
            "filed": filed,
            "did_not_go_on": len(filed) * times * AT_ONCE - sum(filed.values()),
            "control_filed": control,
            "memory_mb": memory(drill),
        }
        for name, whom in (("bot", ("bot",)), ("rasa", ("rasa",)), ("all", (*OURS, "rasa"))):
            figures[f"{name}_back_in_s"] = round(killed(drill, *whom), 1)
        return figures


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--times", type=int, default=10, help="rounds of each disturbance")
    told = parser.parse_args()
    found = run(told.store, told.times, told.seed)
    reports = len(DISTURBANCES) * found["reports_each"]
    in_time = (
        found["bot_back_in_s"] <= GATEWAY_WITHIN and found["rasa_back_in_s"] <= RASA_WITHIN
    )
    conclude(
        found,
        P13=Verdict(
            found["did_not_go_on"] == 0,
            reports,
            f"{reports - found['did_not_go_on']} of {reports} reports went on and were filed",
            found["control_filed"] < AT_ONCE,
        ),
        P27=Verdict(
            in_time,
            2,
            f"first answer {found['bot_back_in_s']} s after the gateway was killed, "
            f"{found['rasa_back_in_s']} s after Rasa, {found['all_back_in_s']} s after all; "
            f"{found['memory_mb']:.0f} MB, shared pages counted once",
        ),
    )


if __name__ == "__main__":
    main()
