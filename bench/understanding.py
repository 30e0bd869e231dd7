"""Measures how well residents are understood: `make bench-understanding`.

The messages were written before anything was measured on them: short sentences, words of one
to three characters, stories, and messages with the slots they say. The trained model of the
state folder parses them in Rasa's Python, the actions' own functions read the slots
(`said.py`), and `perturb.py` bends every message in each way it can be bent. What a bend costs
is the difference, in points, on the messages it changes.
"""

import argparse
import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from actions import behalf
from actions.booking.schedule import write_sessions
from actions.db import Database, Db
from actions.dialogue import Ground
from actions.people.model import Area
from actions.tables import METADATA
from actions.wording import read_wording
from bench.drills.booking_deeds import Standing
from bench.output import finish, following, say, share
from bench.perturb import BENDS
from bench.said import Pair, Parsed, Residents
from knowledge.embedder import OnnxEmbedder, Remembering
from knowledge.errors import KnowledgeError
from knowledge.pack import Pack, load_pack
from knowledge.settings import Settings
from knowledge.sorting import Sorter
from knowledge.text import has_han
from setup.settings import VENV_RASA

TESTS = Path("tests/nlu")
SENTENCES, SHORT = TESTS / "held_out.tsv", TESTS / "held_out_short.tsv"
STORIES, SLOTS = TESTS / "held_out_stories.tsv", TESTS / "slots_held_out.tsv"
KINDS = {"sentence": SENTENCES, "short": SHORT, "story": STORIES, "slots": SLOTS}

NOW = "2026-11-24T10:00"  # when all of it is said, on the community's clock
# One action answers these, and decides by the knowledge base what it makes of them.
QUESTION = frozenset({"ask_knowledge", "out_of_scope", "nlu_fallback"})
FALLBACK = "nlu_fallback"
AS_RASA_RUNS = {
    "OMP_NUM_THREADS": "1",
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "PYTHONPATH": ".",
}


@dataclass(frozen=True)
class Held:
    """A message held back: the intents it may have, the slots it says, what a form asked."""

    kind: str
    text: str
    intents: tuple[str, ...]
    slots: tuple[Pair, ...] = ()
    asking: str = ""


@dataclass(frozen=True)
class Read:
    """A message, the intent that was read, how surely, and the slots that were read."""

    held: Held
    intent: str
    confidence: float
    slots: tuple[Pair, ...] = ()

    @property
    def right(self) -> bool:
        """Whether the intent is right, questions of one action taken as one."""
        question = self.intent in QUESTION and bool(QUESTION & set(self.held.intents))
        return self.exact or question

    @property
    def exact(self) -> bool:
        """Whether just this intent was read; what is rejected is out of scope."""
        found = "out_of_scope" if self.intent == FALLBACK else self.intent
        return found in self.held.intents

    @property
    def matched(self) -> list[tuple[Pair, Pair]]:
        """Pair each slot wanted with the one that was read for it."""
        left, pairs = list(self.slots), []
        for wanted in self.held.slots:
            found = next((pair for pair in left if fits(pair, wanted)), None)
            if found is not None:
                left.remove(found)
                pairs.append((wanted, found))
        return pairs

    @property
    def whole(self) -> bool:
        """Whether all slots were read rightly, and none too many."""
        return len(self.matched) == len(self.held.slots) == len(self.slots)


def read(kind: str, file: Path) -> list[Held]:
    """Read one of the files; a line that is none ends the bench."""
    found = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        text, *more = line.split("\t")
        if not (text and more and more[0]):
            raise SystemExit(f"{file}, line {number}: expected a message, a tab and an intent")
        intents, slots, asking = (*more, "", "")[:3]
        pairs = tuple(_pairs(slots, f"{file}, line {number}"))
        found.append(Held(kind, text, tuple(intents.split("|")), pairs, asking))
    return found


def _pairs(written: str, where: str) -> Iterator[Pair]:
    for one in filter(None, (part.strip() for part in written.split(";"))):
        name, equals, value = one.partition("=")
        if not equals:
            raise SystemExit(f"{where}: {one} is no name=value")
        yield name, behalf.called(value) if name == "who" else value


def fits(found: Pair, wanted: Pair) -> bool:
    """Whether a slot that was read is the one that is wanted, or one of those."""
    same_slot = found[0] == wanted[0]
    return same_slot and set(found[1].split("|")) <= set(wanted[1].split("|"))


def bent(messages: Iterable[Held], bend: Callable[[str], str]) -> list[tuple[Held, Held]]:
    """Return the messages that a bend changes, each as it was and as it is then."""
    pairs = ((one, replace(one, text=bend(one.text))) for one in messages)
    return [(before, after) for before, after in pairs if before.text != after.text]


def parse(texts: Sequence[str], model: Path) -> dict[str, Parsed]:
    """Let the trained model parse texts, in Rasa's Python."""
    asked = list(dict.fromkeys(texts))
    done = subprocess.run(
        [VENV_RASA / "bin" / "python", "-m", "bench.parsing", "--model", model],
        input="".join(f"{json.dumps(text, ensure_ascii=False)}\n" for text in asked),
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, **AS_RASA_RUNS},  # noqa: TID251 - a bench
        check=False,
    )
    if done.returncode:
        raise SystemExit("the model could not be asked; see above")
    lines = done.stdout.splitlines()[-len(asked) :]
    return dict(zip(asked, map(json.loads, lines), strict=True))


def understand(messages: Sequence[Held], parsed: Mapping[str, Parsed]) -> dict[Held, Read]:
    """Read the intent of every message, and the slots of those that have some written."""
    settings = Settings()
    pack = load_pack(settings.community_dir)
    embedder = Remembering(OnnxEmbedder(settings.encoder_dir))
    clock = Standing(datetime.fromisoformat(NOW).replace(tzinfo=pack.zone))
    found: dict[Held, Read] = {}
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bench.db")
        sorter = Sorter(embedder, settings.sorting_dir)
        ground = Ground(database, clock, read_wording(pack.zone), pack, sorter=sorter)
        METADATA.create_all(database.engine)
        with database.transaction() as db:
            _settle(db, pack, clock.now())
            residents = Residents(ground, db)
            for one in following(messages, "read"):
                intent = parsed[one.text]["intent"]
                slots: list[Pair] = []
                if one.kind == "slots":
                    slots = residents.said(
                        one.text, parsed[one.text], intent=one.intents[0], asking=one.asking
                    )
                found[one] = Read(one, intent["name"], intent["confidence"], tuple(slots))
        database.engine.dispose()
    return found


def _settle(db: Db, pack: Pack, now: datetime) -> None:
    """Write the areas and the sessions of a pack."""
    for area in sorted(pack.areas.values(), key=lambda one: one.id.count("/")):
        db.add(Area(id=area.id, parent_id=area.parent, tier=area.tier))
        db.flush()
    write_sessions(db, pack, now=now)


def intents(reads: Iterable[Read]) -> dict[str, Any]:
    """Return how often the intent is right; of answers to a form there is none."""
    counted = [one for one in reads if not one.held.asking]
    return {
        "messages": len(counted),
        "accuracy": share(one.right for one in counted),
        "exact": share(one.exact for one in counted),
    }


def slots(reads: Iterable[Read], as_read: bool = False) -> dict[str, Any]:
    """Return precision, recall and F1 of slots, over all of them and of each.

    `as_read`: a message whose intent is misread says nothing; else its intent is given.
    """
    wanted, found, right = Counter[str](), Counter[str](), Counter[str]()
    for one in reads:
        missed = as_read and not one.right and not one.held.asking
        kept = replace(one, slots=()) if missed else one
        wanted.update(name for name, _ in kept.held.slots)
        found.update(name for name, _ in kept.slots)
        right.update(name for (name, _), _ in kept.matched)
    total = _f1(wanted.total(), found.total(), right.total())
    names = sorted({*wanted, *found}, key=lambda name: -wanted[name])
    return total | {
        "by_slot": {name: _f1(wanted[name], found[name], right[name]) for name in names}
    }


def _f1(wanted: int, found: int, right: int) -> dict[str, Any]:
    return {
        "wanted": wanted,
        "found": found,
        "right": right,
        "precision": round(right / found, 4) if found else None,
        "recall": round(right / wanted, 4) if wanted else None,
        "f1": round(2 * right / (wanted + found), 4) if wanted + found else None,
    }


def cost(pairs: Sequence[tuple[Read, Read]]) -> dict[str, Any]:
    """Return what a bend costs, in points; `pairs` are messages as they were and as bent."""
    of_intents = [pair for pair in pairs if not pair[0].held.asking]
    of_slots = [pair for pair in pairs if pair[0].held.kind == "slots"]
    plain, after = (intents(pair[n] for pair in of_intents)["accuracy"] for n in (0, 1))
    f1, f1_after = (slots(pair[n] for pair in of_slots)["f1"] for n in (0, 1))
    return {
        "messages": len(of_intents),
        "accuracy": after,
        "points": round(100 * (plain - after), 1),
        "slot_messages": len(of_slots),
        "slots_f1": f1_after,
        "slot_points": round(100 * ((f1 or 0.0) - (f1_after or 0.0)), 1),
    }


def measure(messages: Sequence[Held], model: Path) -> tuple[dict[str, Any], list[Read]]:
    """Return all figures, and how each message was read as it was written."""
    changed = {name: bent(messages, bend) for name, bend in BENDS.items()}
    everything = [*messages, *(after for pairs in changed.values() for _, after in pairs)]
    say(f"{len(messages)} messages, {len(everything) - len(messages)} bent ones")
    parsed = parse([one.text for one in everything], model)
    understood = understand(list(dict.fromkeys(everything)), parsed)
    plain = [understood[one] for one in messages]
    with_slots = [one for one in plain if one.held.kind == "slots"]
    figures = {
        "messages": len(messages),
        "intent": intents(plain)
        | {"by_kind": {kind: intents(_of(plain, kind)) for kind in KINDS}}
        | {"chinese": intents(one for one in plain if has_han(one.held.text))}
        | {"english": intents(one for one in plain if not has_han(one.held.text))},
        "by_intent": _by_intent(plain),
        "slots": slots(with_slots)
        | {"whole_messages": share(one.whole for one in with_slots)}
        | {"with_the_intent_as_read": slots(with_slots, as_read=True)["f1"]},
        "bends": {
            name: cost([(understood[one], understood[after]) for one, after in pairs])
            for name, pairs in changed.items()
        },
    }
    return figures, plain


def _of(reads: Iterable[Read], kind: str) -> list[Read]:
    return [one for one in reads if one.held.kind == kind]


def _by_intent(reads: Iterable[Read]) -> dict[str, float]:
    """Return the accuracy of each intent that is not always read rightly, lowest first."""
    by_intent: dict[str, list[bool]] = {}
    for one in reads:
        if not one.held.asking:
            by_intent.setdefault(one.held.intents[0], []).append(one.right)
    shares = {intent: share(right) for intent, right in by_intent.items()}
    return dict(sorted(((i, s) for i, s in shares.items() if s < 1), key=lambda pair: pair[1]))


def write_wrong(file: Path, reads: Iterable[Read]) -> None:
    """Write down what was misread, to see in classes; nobody tunes on a single line."""
    lines = []
    for one in reads:
        held = one.held
        if not one.right and not held.asking:
            wanted = "|".join(held.intents)
            lines.append(
                f"intent\t{held.kind}\t{wanted}\t{one.intent}\t{one.confidence:.2f}\t{held.text}"
            )
        if held.kind == "slots" and not one.whole:
            wanted, found = (
                "; ".join(f"{name}={value}" for name, value in pairs)
                for pairs in (held.slots, one.slots)
            )
            asked = held.asking or held.intents[0]
            lines.append(f"slots\t{asked}\t{wanted}\t{found}\t\t{held.text}")
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def main() -> None:
    """Read the files, measure, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", type=Path, help="a file for what was misread")
    wrong = parser.parse_args().wrong
    messages = [one for kind, file in KINDS.items() for one in read(kind, file)]
    figures, reads = measure(messages, Settings().state_dir / "models" / "xiaoli.tar.gz")
    if wrong:
        write_wrong(wrong, reads)
    finish(figures)


if __name__ == "__main__":
    try:
        main()
    except KnowledgeError as error:
        raise SystemExit(str(error)) from None
