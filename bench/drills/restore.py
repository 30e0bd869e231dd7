"""A backup is made while residents converse; all is destroyed, and brought back elsewhere.

Some have half filled a booking. What is left of the machine is one file, made by the operator's
own command; another folder and an empty database get it back by the other one. Every row must
be as the backup has it, what was acknowledged before must be there, and the next thing a
resident says must be taken for the answer it is. The control is a copy of the store that is no
backup (`copies.py`): something must be missing. Also measured: how soon the gateway and Rasa
answer then. Last line: one JSON.
"""

import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from actions.backup import archive
from actions.wording import read_wording
from bench import stores
from bench.drills.copies import Looked, careless_copy, look
from bench.drills.restarts import Reporter
from bench.drills.running import COMING_BACK, ZONE, Drill, drilling
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import say
from bench.residents import AGAIN, CONFIRMATIONS, post
from setup import settings as setup_settings
from setup.processes import free_port
from setup.settings import ROOT

KEY = secrets.token_hex(16)
WANTS = "我想约周六的书法社"
AT_ONCE = 4  # residents who half fill a booking
RESIDENTS, WRITERS = 3, 3
COPIES = 3  # careless ones, one after the other: one of them may be lucky
WRONG = ("tables_that_differ", "lost_words", "dangling")
GET_ON = 4.0  # seconds in which residents converse before the backup, and after it

Place = tuple[Path, str]  # a state folder and a database's address; empty: SQLite in the folder


@dataclass
class Left:
    """What is left once the machine is gone: the backup, and what residents know.

    `said` was acknowledged before the backup was begun; `half` want one answer more until they
    have booked.
    """

    backup: Path
    said: set[str]
    half: list[Reporter]
    copies: list[Looked]
    figures: dict[str, Any]


@dataclass
class Caller(threading.Thread):
    """Writes from before anybody is there; notes when the gateway is, and when Rasa answers."""

    url: str
    there_at: float = 0.0
    answered_at: float = 0.0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        body = {"session": secrets.token_urlsafe(24), "message_id": "m", "text": "停车多少钱"}
        wait_for = ("", read_wording(ZONE).render("utter_still_working").text)
        with httpx.Client(trust_env=False, timeout=10) as client:
            while not self.answered_at:
                time.sleep(0.05)
                answer, tried = post(client, self.url, body)
                if answer is None:
                    continue
                self.there_at = self.there_at or time.time() - tried.seconds
                said = answer.json()["replies"] if answer.is_success else []
                if said and said[-1]["text"] not in wait_for:
                    self.answered_at = time.time()


def live(place: Place, backups: Path, seed: int) -> Left:
    """Let an assistant live until a backup and some time after; returns what is left of it."""
    client = httpx.Client(trust_env=False, timeout=10)
    with client, _assistant(place, seed=seed) as drill:
        answers = _book(drill, Reporter(drill, client))
        half = [Reporter(drill, client) for _ in range(AT_ONCE)]
        for one in half:
            _say_all(one, (WANTS, *[AGAIN] * (answers - 1)))
        with drill.conversing(RESIDENTS), drill.writing(WRITERS):
            time.sleep(GET_ON)
            copies = [_copy(drill, backups / f"careless-{n}") for n in range(COPIES)]
            say(f"careless copies: {[(one.lost_words, one.dangling) for one in copies]}")
            said, began = _acknowledged(drill), time.monotonic()
            _operator("backup", "--to", str(backups), said=drill.assistant.settings.variables)
            took = time.monotonic() - began
            time.sleep(GET_ON)
        after = len(_acknowledged(drill) - said)
    (file,) = backups.glob("*.backup")
    figures = {
        "backup_s": round(took, 1),
        "backup_mb": round(file.stat().st_size / 2**20, 1),
        "acknowledged_before": len(said),
        "acknowledged_after": after,
    }
    return Left(file, said, half, copies, figures)


def again(place: Place, left: Left, seed: int) -> dict[str, Any]:
    """Bring it back in another place and go on; returns what was found."""
    state, url = place
    said = setup_settings.read().variables
    said |= {"BACKUP_KEY": KEY, "STATE_DIR": str(state), "DATABASE_URL": url}
    began = time.monotonic()
    _operator("restore", str(left.backup), said=said)
    took = time.monotonic() - began
    found = look(url or f"sqlite:///{state / 'xiaoli.db'}", left.said)
    with archive.opened(left.backup, KEY) as backup:
        wanted = backup.contents.tables
    tables = wanted.keys() | found.tables.keys()
    figures = {
        "restore_s": round(took, 1),
        "rows": sum(table.count for table in wanted.values()),
        "tables_that_differ": sum(found.tables.get(n) != wanted.get(n) for n in tables),
        "lost_words": found.lost_words,
        "dangling": found.dangling,
    }
    say(f"brought back: {figures}")
    return figures | _go_on(place, left.half, seed)


def _go_on(place: Place, half: Sequence[Reporter], seed: int) -> dict[str, Any]:
    """Start what was brought back; let those who had half booked say what they are asked."""
    port, began = free_port(), time.time()
    caller = Caller(f"http://127.0.0.1:{port}")
    caller.start()
    client = httpx.Client(trust_env=False, timeout=10)
    with client, _assistant(place, seed=seed, port=port) as drill:
        before = drill.books.done()["booked"]
        for one in half:
            one.drill, one.client = drill, client
            one.say(AGAIN)
        went_on = drill.books.done()["booked"] - before
        caller.join(COMING_BACK)
        return {"half_booked": len(half), "went_on": went_on, **_seconds(drill, caller, began)}


def _seconds(drill: Drill, caller: Caller, begun: float) -> dict[str, float]:
    """Return how soon they were there: since they began, and since all of it was begun."""
    supervisor = drill.assistant.supervisor
    bot, rasa = (psutil.Process(supervisor.pid(n)).create_time() for n in ("bot", "rasa"))
    return {
        "gateway_there_s": round(caller.there_at - bot, 1),
        "rasa_answers_s": round(caller.answered_at - rasa, 1),
        "from_start_to_answer_s": round(caller.answered_at - begun, 1),
    }


def _book(drill: Drill, reporter: Reporter) -> int:
    """Book something to its end; returns how many answers that takes."""
    before = drill.books.done()["booked"]
    reporter.say(WANTS)
    for answers in range(1, CONFIRMATIONS + 1):
        reporter.say(AGAIN)
        if drill.books.done()["booked"] > before:
            return answers
    raise AssertionError(f"not booked after {CONFIRMATIONS} answers")


def _say_all(reporter: Reporter, texts: Sequence[str]) -> None:
    for text in texts:
        reporter.say(text)


def _copy(drill: Drill, folder: Path) -> Looked:
    """Copy the store carelessly while residents go on, and look at what that gave."""
    time.sleep(1)
    folder.mkdir()
    said, address = _acknowledged(drill), drill.books.database.engine.url
    url = address.render_as_string(hide_password=False)
    with careless_copy(url, folder) as copy:
        return look(copy, said)


def _acknowledged(drill: Drill) -> set[str]:
    return {text for one in drill.writers for text in list(one.acknowledged)}


def _operator(*command: str, said: Mapping[str, str]) -> None:
    """Do what an operator does, in a process of its own."""
    subprocess.run(
        (sys.executable, "-m", "bot", *command),
        env=dict(said),
        cwd=ROOT,
        check=True,
        stdout=sys.stderr,
    )


@contextmanager
def _assistant(place: Place, **more: Any) -> Iterator[Drill]:
    state, url = place
    with drilling(state, variables={"BACKUP_KEY": KEY}, database_url=url, **more) as drill:
        say(f"an assistant runs; its log is {drill.assistant.log_file}")
        yield drill


@contextmanager
def _place(store: str) -> Iterator[Place]:
    """Lend an empty folder and, on a server, an empty database; both are gone afterwards."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="xiaoli-drill-"))
        on_server = store == stores.POSTGRESQL
        url = stack.enter_context(stores.empty(store)) if on_server else ""
        yield Path(folder), url


def run(store: str, seed: int) -> dict[str, Any]:
    """Lose a machine, and go on elsewhere."""
    with tempfile.TemporaryDirectory(prefix="xiaoli-backups-") as backups:
        with _place(store) as place:
            left = live(place, Path(backups), seed)
        say("all of it is destroyed")
        with _place(store) as place:
            found = again(place, left, seed)
    careless = [{"lost_words": c.lost_words, "dangling": c.dangling} for c in left.copies]
    whole = sum(copy.is_whole for copy in left.copies)
    return {**left.figures, **found, "careless_copies": careless, "of_them_whole": whole}


def verdict(found: Mapping[str, Any]) -> Verdict:
    """Say whether the promise held, by the figures."""
    went_on = found["went_on"] == found["half_booked"]
    return Verdict(
        went_on and not any(found[name] for name in WRONG) and found["rows"] > 0,
        found["half_booked"],
        f"{found['rows']} rows restored, {found['tables_that_differ']} tables differ, "
        f"{found['lost_words']} of {found['acknowledged_before']} messages lost; "
        f"{found['went_on']} of {found['half_booked']} half-filled bookings went on; all "
        f"started at once, the gateway is there after {found['gateway_there_s']} s and the "
        f"first answer, Rasa's, after {found['rasa_answers_s']} s",
        found["of_them_whole"] < COPIES,
    )


def main() -> None:
    """Drill once: it is the same whole way each time."""
    told = arguments(__doc__).parse_args()
    found = run(told.store, told.seed)
    conclude(found, P27=verdict(found))


if __name__ == "__main__":
    main()
