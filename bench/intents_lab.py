"""Tries ideas for reading intents on validation rows: `python -m bench.intents_lab --help`.

Three tables say what is tried: `TEACHING`, how the encoder is taught; `HEADS`, how vectors
become intents; `SCOPES`, how strangers are told. Every encoder's vectors are kept in
`.build/bench/intents-lab`, so that a new head costs seconds and only a new teaching minutes.
Test files are never opened here. Runs in the Python 3.11 environment.
"""

import argparse
import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from nlu.components.intents import words_of
from nlu.components.text import fold
from setup import tuning
from setup.settings import BUILD
from setup.tuning import Example, Network, Recipe

KEPT = BUILD / "bench" / "intents-lab"
MOST = 1500  # validation rows of a set
C = 10.0  # of every regression
NEAR = 20.0  # how sharply the nearest examples count

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Set:
    """Few examples to learn from, validation rows to judge by, and rows that are none of it."""

    name: str
    examples: tuple[Example, ...]
    judged: tuple[Example, ...]
    strangers: tuple[str, ...]

    @property
    def intents(self) -> list[str]:
        """All intents, sorted: an intent's place here is its number."""
        return sorted({example.intent for example in self.examples})


@dataclass(frozen=True)
class Seen:
    """A set as one encoder sees it: centred vectors of length one, one row a text."""

    rows: Matrix  # of the examples, then of the intents' names
    labels: Labels
    judged: Matrix
    truth: Labels
    strangers: Matrix


# --- How the encoder is taught: how many copies are taught and averaged, and the recipe.

WHOLE = replace(tuning.USUAL, kept=1.0)
TEACHING: dict[str, tuple[int, Recipe] | None] = {
    "untaught": None,
    "usual": (1, tuning.USUAL),
    "kept whole": (1, WHOLE),
    "two averaged": (2, WHOLE),
    "no attraction": (1, replace(WHOLE, attraction=0.0)),
    "all layers": (1, replace(WHOLE, frozen=0)),
    "slow": (1, replace(WHOLE, attraction=0.0, rate=5e-5)),
    "less sharp": (1, replace(WHOLE, sharpness=10.0)),
    "longer": (1, replace(WHOLE, epochs=12)),
}


def taught(base: Path, examples: Sequence[Example], teaching: str, seed: int) -> Network:
    """Return the encoder after this teaching."""
    wanted = TEACHING[teaching]
    if wanted is None:
        return Network.load(base)
    copies, recipe = wanted
    began = Network.load(base, recipe.frozen)
    network = tuning.tune(began, examples, seed, recipe)
    for number in range(1, copies):
        another = tuning.tune(began, examples, seed + number, recipe)
        network = tuning.between(network, another, 1 / (number + 1))
    return network


# --- How vectors become intents: each returns logits of the judged rows and of strangers.

Head = Callable[[Seen], tuple[Matrix, Matrix]]


def regression(seen: Seen) -> tuple[Matrix, Matrix]:
    """Weigh the dimensions: logistic regression."""
    model = LogisticRegression(C=C, max_iter=500).fit(seen.rows, seen.labels)
    return model.decision_function(seen.judged), model.decision_function(seen.strangers)


def prototypes(seen: Seen) -> tuple[Matrix, Matrix]:
    """Compare with the middle of each intent's examples."""
    middles = _by_intent(seen.rows.T, seen.labels).T
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    return NEAR * seen.judged @ middles.T, NEAR * seen.strangers @ middles.T


def neighbours(seen: Seen) -> tuple[Matrix, Matrix]:
    """Compare with all examples, the near ones most."""
    return _nearness(seen, seen.judged), _nearness(seen, seen.strangers)


def mixed(seen: Seen, weight: float = 0.25) -> tuple[Matrix, Matrix]:
    """Add some of the neighbours to the regression."""
    ours, near = regression(seen), neighbours(seen)
    return ours[0] + weight * near[0], ours[1] + weight * near[1]


def discriminant(seen: Seen) -> tuple[Matrix, Matrix]:
    """Assume one covariance for all intents, shrunk towards a ball."""
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.7)
    model.fit(seen.rows, seen.labels)
    return model.decision_function(seen.judged), model.decision_function(seen.strangers)


def whitened(seen: Seen) -> tuple[Matrix, Matrix]:
    """Make the spread within intents alike in all directions, then weigh."""
    middles = _by_intent(seen.rows.T, seen.labels).T[seen.labels]
    covariance = LedoitWolf().fit(seen.rows - middles).covariance_
    values, directions = np.linalg.eigh(covariance)
    change = directions / np.sqrt(values) @ directions.T
    rows, judged, strangers = (
        _length_one(part @ change) for part in (seen.rows, seen.judged, seen.strangers)
    )
    return regression(replace(seen, rows=rows, judged=judged, strangers=strangers))


HEADS: dict[str, Head] = {
    "regression": regression,
    "prototypes": prototypes,
    "neighbours": neighbours,
    "regression + .25 neighbours": mixed,
    "regression + .5 neighbours": lambda seen: mixed(seen, 0.5),
    "discriminant analysis": discriminant,
    "whitened regression": whitened,
}


def letters(data: Set) -> tuple[Matrix, Matrix]:
    """Read character n-grams instead of vectors, as the shipped model does."""
    vectorizer = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, lowercase=False
    )
    rows = vectorizer.fit_transform([fold(example.text) for example in data.examples])
    model = LogisticRegression(C=C, max_iter=300, solver="sag", tol=1e-3, random_state=7)
    model.fit(rows, [data.intents.index(example.intent) for example in data.examples])
    texts = [example.text for example in data.judged], list(data.strangers) or ["?"]
    judged, strangers = (vectorizer.transform(list(map(fold, part))) for part in texts)
    return model.decision_function(judged), model.decision_function(strangers)


# --- How strangers are told: a score of each row, higher for what is known.

SCOPES: dict[str, Callable[[Matrix, Matrix, Seen], Matrix]] = {
    "energy": lambda logits, _rows, _seen: _energy(logits),
    "highest logit": lambda logits, _rows, _seen: logits.max(1),
    "highest probability": lambda logits, _rows, _seen: logits.max(1) - _energy(logits),
    "margin": lambda logits, _rows, _seen: np.diff(np.sort(logits, axis=1)[:, -2:])[:, 0],
    "third neighbour": lambda _logits, rows, seen: np.sort(rows @ seen.rows.T)[:, -3],
    "Mahalanobis": lambda _logits, rows, seen: _mahalanobis(rows, seen),
}


def _mahalanobis(rows: Matrix, seen: Seen) -> Matrix:
    middles = _by_intent(seen.rows.T, seen.labels).T
    inverse = LedoitWolf().fit(seen.rows - middles[seen.labels]).precision_
    away = rows[:, None, :] - middles[None, :, :]
    return np.asarray(-np.einsum("nkd,de,nke->nk", away, inverse, away, optimize=True).min(1))


def _nearness(seen: Seen, rows: Matrix) -> Matrix:
    likeness = np.exp(NEAR * (rows @ seen.rows.T - 1))
    return np.asarray(np.log(_by_intent(likeness, seen.labels)))


def _by_intent(columns: Matrix, labels: Labels) -> Matrix:
    """Return the mean of the columns of each intent."""
    return np.stack([columns[:, labels == k].mean(1) for k in range(labels.max() + 1)], 1)


def _energy(logits: Matrix) -> Matrix:
    highest = logits.max(1)
    return np.asarray(highest + np.log(np.exp(logits - highest[:, None]).sum(1)))


def _length_one(rows: Matrix) -> Matrix:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


# --- Reading, keeping and printing.


def read(folder: Path, shots: str) -> Set:
    """Read a set's few-shot file and validation rows, at most `MOST` of them."""
    examples = tuple(tuning.read_rows(folder / f"train{shots}.tsv"))
    judged = tuning.read_rows(folder / "valid.tsv")
    random.Random(0).shuffle(judged)
    strangers = [
        row.text
        for file in sorted(folder.glob("*oos_valid.tsv"))
        for row in tuning.read_rows(file)
    ]
    return Set(folder.name, examples, tuple(judged[:MOST]), tuple(strangers))


def see(data: Set, base: Path, teaching: str, seed: int) -> Seen:
    """Return the set as the taught encoder sees it, from what was kept if it is there."""
    said = repr((data, teaching, TEACHING[teaching], seed)).encode()
    file = KEPT / f"{hashlib.sha256(said).hexdigest()[:16]}.npz"
    if not file.is_file():
        network = taught(base, data.examples, teaching, seed)
        KEPT.mkdir(parents=True, exist_ok=True)
        np.savez(
            file,
            examples=network.embed([example.text for example in data.examples]),
            names=network.embed([words_of(intent) for intent in data.intents]),
            judged=network.embed([example.text for example in data.judged]),
            strangers=network.embed(list(data.strangers) or ["?"]),
        )
    with np.load(file) as kept:
        examples, names, judged, strangers = (kept[key].astype(float) for key in kept.files)
    numbers = {intent: number for number, intent in enumerate(data.intents)}
    labels = [numbers[example.intent] for example in data.examples] + list(numbers.values())
    centre = examples.mean(0)
    return Seen(
        rows=_length_one(np.vstack([examples - centre, names - names.mean(0)])),
        labels=np.array(labels),
        judged=_length_one(judged - centre),
        truth=np.array([numbers.get(example.intent, -1) for example in data.judged]),
        strangers=_length_one(strangers - centre),
    )


def report(data: Set, seen: Seen, teaching: str) -> None:
    """Print a line for every head, and one for every score of strangers."""
    spelled = letters(data)

    def line(idea: str, logits: tuple[Matrix, Matrix], score: str = "energy") -> None:
        right = (logits[0].argmax(1) == seen.truth).mean()
        print(f"{data.name}\t{teaching}\t{idea}\t{right:.4f}\t{auroc(logits, score)}")

    def auroc(logits: tuple[Matrix, Matrix], score: str) -> str:
        if not data.strangers:
            return ""
        known = SCOPES[score](logits[0], seen.judged, seen)
        strange = SCOPES[score](logits[1], seen.strangers, seen)
        truth = [1] * len(known) + [0] * len(strange)
        return f"{roc_auc_score(truth, np.concatenate([known, strange])):.4f}"

    for name, head in HEADS.items():
        line(name, head(seen))
    shipped = mixed(seen)
    for weight in (0.15, 0.3):
        with_letters = shipped[0] + weight * spelled[0], shipped[1] + weight * spelled[1]
        line(f"… + {weight:.2f} letters", with_letters)
    for name in SCOPES if data.strangers else ():
        line(f"strangers by {name}", shipped, name)


def main() -> None:
    """Print one line an idea: set, teaching, idea, accuracy, AUROC of strangers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "sets", type=Path, nargs="+", help="folders with train_10.tsv, valid.tsv"
    )
    parser.add_argument("--encoder", type=Path, default=BUILD / "encoder")
    parser.add_argument(
        "--teaching", choices=TEACHING, nargs="+", default=["untaught", "usual"]
    )
    parser.add_argument("--shots", default="_10", help="the end of the training file's name")
    parser.add_argument("--seed", type=int, default=tuning.SEED)
    said = parser.parse_args()
    for folder in said.sets:
        data = read(folder, said.shots)
        for teaching in said.teaching:
            report(data, see(data, said.encoder, teaching, said.seed), teaching)


if __name__ == "__main__":
    main()
