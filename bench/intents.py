"""Measures the shipped intent model on any labelled sentences: `make bench-intents`.

Runs in the Rasa environment, because that is where the model runs: encoder and classifier
are the assistant's own, taught and trained anew here and thrown away afterwards. A row is
`text<TAB>label`; the label `oos` means that the text is none of the others.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score

from nlu.components import intents, settings
from nlu.components.encoder import Encoder, open_encoder
from nlu.components.intents import OUT_OF_SCOPE, Advice, IntentModel, Reading
from setup.settings import ROOT, VENV

OOS = "oos"
STRIDE = 1000  # messages between two lines of progress


@dataclass(frozen=True)
class Row:
    """A sentence and what it wants; `OUT_OF_SCOPE` when it wants none of ours."""

    text: str
    label: str

    @property
    def known(self) -> bool:
        """Whether it is in scope."""
        return self.label != OUT_OF_SCOPE


@dataclass(frozen=True)
class Read:
    """A row and what the model made of it."""

    row: Row
    intent: str  # the likeliest that is one of ours, whether rejected or not
    reading: Reading

    @property
    def right(self) -> bool:
        """Whether the intent is right, rejection left aside."""
        return self.intent == self.row.label

    @property
    def right_by_the_rule(self) -> bool:
        """Whether the shipped rule answers it rightly: the intent, or a refusal."""
        if not self.row.known:
            return self.reading.rejected
        return self.right and not self.reading.rejected


def read_rows(file: Path) -> list[Row]:
    """Read a file of `text<TAB>label` rows; empty lines are skipped."""
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        text, tab, label = line.rpartition("\t")
        if not tab or not text.strip() or not label.strip():
            raise SystemExit(f"{file}, line {number}: expected a text, a tab and a label")
        label = label.strip()
        rows.append(Row(text, OUT_OF_SCOPE if label == OOS else label))
    return rows


def train(rows: Sequence[Row], encoder: Encoder) -> IntentModel:
    """Train the shipped model on these rows."""
    labels = [row.label for row in rows]
    return intents.train(
        [row.text for row in rows],
        encoder.embed_all([row.text for row in rows]),
        labels,
        encoder.embed_all([intents.words_of(label) for label in sorted(set(labels))]),
        advice=Advice(encoder.rehearsal),
    )


def teach(rows: Sequence[Row], folder: Path, seed: int) -> None:
    """Teach a copy of the encoder these rows, as set-up does with the assistant's own."""
    examples = folder / "examples.tsv"
    lines = [f"{row.text}\t{row.label}\n" for row in rows]
    examples.write_text("".join(lines), encoding="utf-8")
    command = [str(VENV / "bin" / "python"), "-m", "setup.tuning", "--examples", str(examples)]
    command += ["--encoder", str(settings.encoder_dir()), "--out", str(folder / "encoder")]
    subprocess.run([*command, "--seed", str(seed)], cwd=ROOT, check=True)


def read(model: IntentModel, rows: Sequence[Row], encoder: Encoder) -> list[Read]:
    """Read every row as the assistant would."""
    found = []
    for number, row in enumerate(rows, 1):
        reading = model.read(row.text, encoder.embed(row.text))
        ours = [name for name, _ in reading.ranking if name != OUT_OF_SCOPE]
        found.append(Read(row, ours[0] if ours else "", reading))
        if number % STRIDE == 0:
            say(f"read {number} of {len(rows)}")
    return found


def measure(test: Sequence[Read], strangers: Sequence[Read]) -> dict[str, Any]:
    """Return the figures; TEST's own out-of-scope rows also judge the rule."""
    known = [r for r in test if r.row.known]
    unknown = [r for r in [*test, *strangers] if not r.row.known]
    right = _share([r.right for r in known])
    judged = len(known) < len(test)
    return {
        "in_scope_accuracy": right,
        "accuracy": _share([r.right_by_the_rule for r in test]) if judged else right,
        "macro_f1": _macro_f1(known),
        "oos_auroc": _auroc(known, unknown),
    }


def _macro_f1(known: Sequence[Read]) -> Any:
    if not known:
        return None
    wanted, given = [r.row.label for r in known], [r.intent for r in known]
    labels = sorted(set(wanted))
    f1 = f1_score(wanted, given, labels=labels, average="macro", zero_division=0)
    return round(float(f1), 4)


def _auroc(known: Sequence[Read], unknown: Sequence[Read]) -> Any:
    if not known or not unknown:
        return None
    scores = [r.reading.in_scope for r in [*known, *unknown]]
    truth = [1] * len(known) + [0] * len(unknown)
    return round(float(roc_auc_score(truth, scores)), 4)


def _share(right: Sequence[bool]) -> Any:
    return round(float(np.mean(right)), 4) if right else None


def say(line: str) -> None:
    """Tell how far it is."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Train, read, measure; print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--oos", type=Path)
    parser.add_argument("--seed", type=int, default=7, help="of what teaching leaves to chance")
    parser.add_argument("--untaught", action="store_true", help="with the encoder as it is")
    files = parser.parse_args()
    training, test = read_rows(files.train), read_rows(files.test)
    strangers = read_rows(files.oos) if files.oos else []
    labels = {row.label for row in training}
    if len(labels) < 2 or not test:
        raise SystemExit("TRAIN needs two labels at least, and TEST one row")
    say(f"training on {len(training)} rows of {len(labels)} labels")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        if not files.untaught:
            teach(training, Path(folder), files.seed)
        taught = settings.encoder_dir() if files.untaught else Path(folder) / "encoder"
        encoder = open_encoder(taught)
    model = train(training, encoder)
    train_s = time.perf_counter() - started
    say(f"trained in {train_s:.1f} s; reading {len(test)} + {len(strangers)} rows")
    started = time.process_time()
    found = read(model, [*test, *strangers], encoder)
    spent = time.process_time() - started
    figures = measure(found[: len(test)], found[len(test) :])
    figures["ms_per_message"] = round(1000 * spent / len(found), 2)
    figures["train_s"] = round(train_s, 2)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
