"""Tells what a message wants, how sure that is, and whether it is anything we know at all.

Two readers of a message are trained: one of its meaning (logistic regression on centred
sentence vectors, and how near the examples of each intent lie; the words of an intent's own
name count as one more example of it) and one of its letters (regression on character
n-grams). How much the letters weigh, how sharp the probabilities are, and where "nothing we
know" begins are found on examples the readers have not seen: those an encoder was not taught
in its rehearsal, or, with an encoder that was taught none, by cross-validation.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.components.rehearsal import Rehearsal
from nlu.components.text import fold, one_code

Matrix = NDArray[np.float64]
Vectors = NDArray[np.float32]

OUT_OF_SCOPE = "out_of_scope"
FOLDS = 5
STRENGTH = 10.0  # C of both regressions; 3 and 30 were within noise of it on validation rows
LETTER_WEIGHTS = (0.15, 0.3)  # tried in turn; none where neither is surely better
NEARNESS_WEIGHT = 0.35  # of the examples' nearness beside the regression on their vectors
NEAREST = 3  # examples of each intent
NEARNESS_SHARPNESS = 20.0  # what cosines are multiplied with, as in teaching the encoder
SCOPE_LETTERS = 0.3  # letters tell strangers better than they tell intents apart
TEMPERATURES = np.geomspace(0.25, 4.0, 33)
# The share of known messages that may fall outside; in_scope is 0.5 there. Where examples of
# what is out of scope are given they refuse most of it, and the edge may be further out.
REFUSED, REFUSED_BESIDE_STRANGERS = 0.05, 0.02
MANY = 1000  # examples
UNSEEN = -20.0  # the logit of an intent a fold had no example of


@dataclass(frozen=True)
class Reading:
    """What a message may want, likeliest first, and how surely it wants something we know.

    `in_scope` is below 0.5 for what is less like the examples than nearly all of them (see
    `REFUSED`) are like one another.
    """

    ranking: tuple[tuple[str, float], ...]
    in_scope: float

    @property
    def intent(self) -> str:
        """The likeliest intent."""
        return self.ranking[0][0]

    @property
    def confidence(self) -> float:
        """The probability of the likeliest intent."""
        return self.ranking[0][1]

    @property
    def rejected(self) -> bool:
        """The one rule by which a message counts as nothing we know."""
        return self.in_scope < 0.5 or self.intent == OUT_OF_SCOPE


@dataclass(frozen=True)
class Linear:
    """A trained regression: one column of weights and one bias an intent."""

    weights: Matrix
    bias: NDArray[np.float64]


@dataclass(frozen=True)
class Neighbours:
    """The examples themselves: centred vectors of length one, grouped by intent."""

    rows: NDArray[np.float32]  # [examples, width], those of intent 0 first
    starts: NDArray[np.int64]  # the first row of each intent

    @classmethod
    def of(cls, rows: Matrix, labels: NDArray[np.int64]) -> "Neighbours":
        """Group rows; every intent must have one."""
        order = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[order], np.arange(labels.max() + 1))
        return cls(rows[order].astype(np.float32), starts)

    def nearness(self, vectors: Matrix) -> Matrix:
        """Return the logarithm of the mean likeness to the nearest examples of each intent.

        One row a vector, one column an intent. Of all its examples the mean would call an
        intent far that residents put in many ways.
        """
        cosines = vectors @ self.rows.T
        nearest = [
            np.partition(ours, max(0, ours.shape[1] - NEAREST), axis=1)[:, -NEAREST:]
            for ours in np.split(cosines, self.starts[1:], axis=1)
        ]
        likeness = [np.exp(NEARNESS_SHARPNESS * (near - 1)).mean(1) for near in nearest]
        return np.asarray(np.log(np.stack(likeness, axis=1) + 1e-12))


@dataclass(frozen=True)
class Meaning:
    """What reads sentence vectors: where their middle is, a regression, and neighbours."""

    centre: NDArray[np.float32]
    regression: Linear
    neighbours: Neighbours

    def logits(self, vectors: Vectors) -> Matrix:
        """Return one row a vector, one column an intent."""
        rows = _centred(vectors, self.centre)
        likely = rows @ self.regression.weights + self.regression.bias
        return np.asarray(likely + NEARNESS_WEIGHT * self.neighbours.nearness(rows))


@dataclass(frozen=True)
class Letters:
    """Character n-grams of a message, as the weights TF-IDF gives them."""

    vocabulary: tuple[str, ...]
    rarity: NDArray[np.float64]

    @property
    def reader(self) -> TfidfVectorizer:
        """The vectorizer of this vocabulary."""
        vectorizer = _vectorizer(self.vocabulary)
        vectorizer.idf_ = self.rarity
        return vectorizer


def _vectorizer(
    vocabulary: Sequence[str] | None = None, fewest_texts: int = 1
) -> TfidfVectorizer:
    return TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(1, 3),
        sublinear_tf=True,
        lowercase=False,
        vocabulary=vocabulary,
        min_df=fewest_texts,
    )


@dataclass(frozen=True)
class Scope:
    """Where known messages begin: the score that nearly all of them reach, and a scale."""

    edge: float
    scale: float

    def of(self, score: float) -> float:
        """Put a score between 0 and 1, with the edge at 0.5."""
        return float(1 / (1 + np.exp(-(score - self.edge) / self.scale)))


@dataclass(frozen=True)
class IntentModel:
    """A trained classifier; `train` makes one, `save` and `load` keep it."""

    intents: tuple[str, ...]
    meaning: Meaning
    letters: Letters
    spelling: Linear
    letter_weight: float
    temperature: float
    scope: Scope

    def __post_init__(self) -> None:
        object.__setattr__(self, "_reader", self.letters.reader)

    def read(self, text: str, vector: Vectors, top: int = 5) -> Reading:
        """Read one message, given its text and its vector."""
        letters = self._reader.transform([fold(one_code(text))])  # type: ignore[attr-defined]
        # Of all weights only those of letters that are there: scipy would copy all of them.
        spelling = letters.data @ self.spelling.weights[letters.indices] + self.spelling.bias
        logits = _Logits(self.meaning.logits(vector[None, :]), spelling[None, :])
        chances = _softmax(logits.mixed(self.letter_weight) / self.temperature)[0]
        order = np.argsort(-chances)[:top]
        return Reading(
            ranking=tuple((self.intents[i], float(chances[i])) for i in order),
            in_scope=self.scope.of(float(logits.scope(self.intents)[0])),
        )

    def save(self, folder: Path) -> None:
        """Write the model as plain arrays and JSON: nothing in it can run."""
        np.savez(
            folder / "intents.npz",
            centre=self.meaning.centre,
            meaning=self.meaning.regression.weights.astype(np.float32),
            meaning_bias=self.meaning.regression.bias,
            examples=self.meaning.neighbours.rows,
            starts=self.meaning.neighbours.starts,
            spelling=self.spelling.weights.astype(np.float32),
            spelling_bias=self.spelling.bias,
            rarity=self.letters.rarity,
        )
        facts = {
            "intents": self.intents,
            "vocabulary": self.letters.vocabulary,
            "letter_weight": self.letter_weight,
            "temperature": self.temperature,
            "edge": self.scope.edge,
            "scale": self.scope.scale,
        }
        (folder / "intents.json").write_text(
            json.dumps(facts, ensure_ascii=False), encoding="utf-8"
        )

    @classmethod
    def load(cls, folder: Path) -> "IntentModel":
        """Read what `save` wrote."""
        facts = json.loads((folder / "intents.json").read_text(encoding="utf-8"))
        with np.load(folder / "intents.npz", allow_pickle=False) as arrays:
            return cls(
                intents=tuple(facts["intents"]),
                meaning=Meaning(
                    arrays["centre"],
                    Linear(arrays["meaning"], arrays["meaning_bias"]),
                    Neighbours(arrays["examples"], arrays["starts"]),
                ),
                letters=Letters(tuple(facts["vocabulary"]), arrays["rarity"]),
                spelling=Linear(arrays["spelling"], arrays["spelling_bias"]),
                letter_weight=facts["letter_weight"],
                temperature=facts["temperature"],
                scope=Scope(facts["edge"], facts["scale"]),
            )


@dataclass(frozen=True)
class Examples:
    """Training messages with their vectors, and the vector of each intent's name."""

    texts: tuple[str, ...]
    vectors: Vectors
    labels: NDArray[np.int64]
    names: Vectors
    weights: NDArray[np.float64]
    worn: NDArray[np.bool_]  # mistyped copies of others

    def part(self, rows: NDArray[np.bool_]) -> "Examples":
        """Return these rows only."""
        return Examples(
            texts=tuple(text for text, kept in zip(self.texts, rows, strict=True) if kept),
            vectors=self.vectors[rows],
            labels=self.labels[rows],
            names=self.names,
            weights=self.weights[rows],
            worn=self.worn[rows],
        )


@dataclass(frozen=True)
class Advice:
    """What the examples themselves cannot tell.

    `rehearsal` comes with an encoder that was taught them: to it none of them is new.
    `letter_weight` says how much letters weigh beside meaning; without, those kept back decide.
    `worn` says which examples are mistyped copies of others: both regressions are trained on
    them, too, but nearness is of what somebody wrote.
    """

    rehearsal: Rehearsal | None = None
    letter_weight: float | None = None
    worn: tuple[bool, ...] = ()


NO_ADVICE = Advice()


def train(
    texts: Sequence[str],
    vectors: Vectors,
    labels: Sequence[str],
    names: Vectors,
    weights: Sequence[float] | None = None,
    advice: Advice = NO_ADVICE,
) -> IntentModel:
    """Train on labelled messages.

    `names` holds the vector of each distinct label's words (`words_of`), in sorted order.
    `weights` says how much each message counts, 1 unless given.
    """
    intents = tuple(sorted(set(labels)))
    numbers = np.array([intents.index(label) for label in labels])
    counts = np.ones(len(labels)) if weights is None else np.array(weights, np.float64)
    folded = tuple(fold(one_code(text)) for text in texts)
    worn = np.array(advice.worn or [False] * len(labels))
    examples = Examples(folded, vectors, numbers, names, counts, worn)
    rehearsed = advice.rehearsal and _rehearsed(examples, intents, advice.rehearsal)
    tried, trial = _rehearse(*rehearsed) if rehearsed else _cross_validate(examples)
    weight = advice.letter_weight
    if weight is None:
        weight = _letter_weight(trial, tried)
    strange = intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in intents else -1
    refused = REFUSED if strange < 0 else REFUSED_BESIDE_STRANGERS
    meaning = _train_meaning(examples)
    letters, spelling = _train_spelling(examples)
    return IntentModel(
        intents=intents,
        meaning=meaning,
        letters=letters,
        spelling=spelling,
        letter_weight=weight,
        temperature=_temperature(trial.mixed(weight), tried),
        scope=_scope(trial.scope(intents)[tried != strange], refused),
    )


def words_of(intent: str) -> str:
    """Return an intent's name as words."""
    return intent.replace("_", " ").replace("-", " ").lower()


@dataclass(frozen=True)
class _Logits:
    """What both readers make of some messages: one row a message, one column an intent."""

    meaning: Matrix
    spelling: Matrix

    def mixed(self, letter_weight: float) -> Matrix:
        return self.meaning + letter_weight * self.spelling

    def scope(self, intents: Sequence[str]) -> NDArray[np.float64]:
        """Score how much each message is like anything known (an energy: higher is more)."""
        logits = self.mixed(SCOPE_LETTERS)
        known = np.array([intent != OUT_OF_SCOPE for intent in intents])
        highest = logits[:, known].max(1)
        energy = highest + np.log(np.exp(logits[:, known] - highest[:, None]).sum(1))
        if known.all():
            return np.asarray(energy)
        return np.asarray(energy - np.maximum(0, logits[:, ~known]).sum(1))


def _train_meaning(examples: Examples) -> Meaning:
    centre = examples.vectors.mean(0)
    rows = np.vstack(
        [_centred(examples.vectors, centre), _centred(examples.names, examples.names.mean(0))]
    )
    intents = len(examples.names)
    labels = np.concatenate([examples.labels, np.arange(intents)])
    weights = np.concatenate([examples.weights, np.ones(intents)])
    regression = _regress(rows, labels, weights, intents)
    near = np.append(~examples.worn, np.ones(intents, bool))
    return Meaning(centre, regression, Neighbours.of(rows[near], labels[near]))


def _train_spelling(examples: Examples) -> tuple[Letters, Linear]:
    many = len(examples.texts) > MANY
    vectorizer = _vectorizer(fewest_texts=2 if many else 1)
    rows = vectorizer.fit_transform(examples.texts)
    letters = Letters(tuple(vectorizer.get_feature_names_out()), vectorizer.idf_)
    intents = len(examples.names)
    solver = "sag" if many else "lbfgs"
    return letters, _regress(rows, examples.labels, examples.weights, intents, solver)


def _regress(
    rows: Matrix,
    labels: NDArray[np.int64],
    weights_of: NDArray[np.float64],
    intents: int,
    solver: str = "lbfgs",
) -> Linear:
    """Fit a regression with a column for every intent, also those without a row here.

    All solvers find the same weights; of many long, sparse rows `sag` finds them in a tenth of
    the time, of few not at all.
    """
    seen = np.unique(labels)
    weights = np.zeros((rows.shape[1], intents))
    bias = np.full(intents, UNSEEN if len(seen) < intents else 0.0)
    if len(seen) == 1:
        bias[seen] = 0.0
        return Linear(weights, bias)
    from sklearn.linear_model import LogisticRegression  # only who trains needs it

    model = LogisticRegression(C=STRENGTH, max_iter=500, solver=solver, random_state=7)
    model.fit(rows, labels, weights_of)
    if len(seen) == 2:  # scikit-learn keeps one column for two classes
        weights[:, seen] = np.hstack([-model.coef_.T, model.coef_.T]) / 2
        bias[seen] = np.array([-model.intercept_[0], model.intercept_[0]]) / 2
        return Linear(weights, bias)
    weights[:, seen] = model.coef_.T
    bias[seen] = model.intercept_
    return Linear(weights, bias)


def _rehearsed(
    examples: Examples, intents: Sequence[str], rehearsal: Rehearsal
) -> tuple[Examples, Examples] | None:
    """Return what the encoder was taught in its rehearsal and what it was not, as it saw them.

    None when there is nothing to be tried on. A message the rehearsal knows nothing of is in
    neither.
    """
    names = [rehearsal.vector(words_of(intent)) for intent in intents]
    vectors = [rehearsal.vector(text) for text in examples.texts]
    known = np.array([vector is not None for vector in vectors])
    held = known & np.array([rehearsal.holds(text) for text in examples.texts])
    if not held.any() or any(name is None for name in names):
        return None
    blank = np.zeros_like(examples.vectors[0])
    seen = replace(
        examples,
        vectors=np.stack([blank if vector is None else vector for vector in vectors]),
        names=np.stack([name for name in names if name is not None]),
    )
    return seen.part(known & ~held), seen.part(held)


def _rehearse(kept: Examples, tried: Examples) -> tuple[NDArray[np.int64], _Logits]:
    """Read examples that neither encoder nor readers were taught; return their labels first."""
    return tried.labels, _try(kept, tried)


def _cross_validate(examples: Examples) -> tuple[NDArray[np.int64], _Logits]:
    """Read every example with readers that were trained without it; return all labels first."""
    folds = _folds(examples.labels)
    shape = (len(examples.labels), len(examples.names))
    trial = _Logits(np.zeros(shape), np.zeros(shape))
    for fold_number in np.unique(folds):
        held = folds == fold_number
        found = _try(examples.part(~held), examples.part(held))
        trial.meaning[held], trial.spelling[held] = found.meaning, found.spelling
    return examples.labels, trial


def _try(kept: Examples, tried: Examples) -> _Logits:
    letters, spelling = _train_spelling(kept)
    rows = letters.reader.transform(tried.texts)
    return _Logits(
        _train_meaning(kept).logits(tried.vectors), rows @ spelling.weights + spelling.bias
    )


def _folds(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Deal the examples of each intent round the folds, the same way every time."""
    folds = np.zeros(len(labels), np.int64)
    dealer = np.random.default_rng(7)
    for label in np.unique(labels):
        rows = dealer.permutation(np.flatnonzero(labels == label))
        folds[rows] = (np.arange(len(rows)) + dealer.integers(FOLDS)) % FOLDS
    return folds


def _letter_weight(trial: _Logits, labels: NDArray[np.int64]) -> float:
    """Return the weight that rights most, if it rights more than chance would.

    What it rights less what it spoils must be more than one standard error of that number.
    """
    without = trial.mixed(0.0).argmax(1) == labels
    best, most = 0.0, 0
    for weight in LETTER_WEIGHTS:
        right = trial.mixed(weight).argmax(1) == labels
        righted, spoilt = int((right & ~without).sum()), int((without & ~right).sum())
        if righted - spoilt > max(most, np.sqrt(righted + spoilt)):
            best, most = weight, righted - spoilt
    return best


def _temperature(logits: Matrix, labels: NDArray[np.int64]) -> float:
    """Return what to divide logits by, so that "70 %" is right seven times in ten."""
    rows = np.arange(len(labels))
    losses = [-np.log(_softmax(logits / t)[rows, labels] + 1e-12).mean() for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def _scope(scores: NDArray[np.float64], refused: float) -> Scope:
    return Scope(float(np.quantile(scores, refused)), float(scores.std()) or 1.0)


def _centred(vectors: Vectors, centre: NDArray[np.float32]) -> Matrix:
    """Move vectors to their centre and stretch them to length one.

    The encoder's vectors all point much the same way; what they differ in is what counts.
    """
    moved = vectors - centre
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9))


def _softmax(logits: Matrix) -> Matrix:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))
