"""Teaches a copy of the encoder the intents: sentences that want the same come closer.

The copy is what the Rasa server reads messages with. The knowledge base keeps the encoder as
it came: an encoder that was taught to tell intents apart has forgotten some of what it knew.

A short sentence is compared with one direction an intent, which begins as the mean of its
examples and is learnt on; the loss is the cross-entropy of the cosines, sharpened ("cosine
softmax"). Sentences of a batch that want the same attract each other besides (supervised
contrastive learning, Khosla et al. 2020). What is kept lies between the taught weights and
those it began with, which forgets less (WiSE-FT, Wortsman et al. 2022).

It is taught twice. The first time, the rehearsal, some examples are kept from it: only on
those can be seen how sure it may be of messages that are new (`nlu/components/rehearsal.py`).
The mean of both is used: it reads no worse than either, and depends less on chance.

Runs in the Python 3.11 environment; torch is not in Rasa's.
"""

import argparse
import copy
import hashlib
import math
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from sentencepiece import SentencePieceProcessor
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence
from transformers.masking_utils import create_bidirectional_mask

from knowledge import manifest
from nlu.components import rehearsal
from nlu.components.intents import words_of
from nlu.components.text import fold, one_code
from setup import blocks, encoder

SEED = 7
KEPT = 2  # of what was made, the newest
HELD = 5  # one example of so many is kept from the rehearsal
AT_ONCE = 64  # texts that are read together
LONGEST = 64  # tokens of an example; ours are a tenth of that
WARMED_UP = 0.1  # the share of steps in which the rate rises; then it falls to nothing
SORTED_AT_ONCE = 6  # batches whose sentences are sorted by length, so that little is padded
STEEPEST = 1.0  # the norm a gradient is cut to
DIRECTION_RATE = 1e-3  # of the intents' directions, which are no part of what is kept

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """How the encoder is taught; chosen on validation rows of three public sets."""

    rate: float = 2e-4  # of AdamW, at its highest
    epochs: int = 4
    most_steps: int = 400  # however many examples there are: set-up must end
    batch: int = 32
    frozen: int = 6  # of the layers, the lowest, which know words and not wishes
    sharpness: float = 20.0  # what cosines are multiplied with
    attraction: float = 0.5  # the weight of the contrastive loss
    kept: float = 0.7  # where between the old weights (0) and the taught ones (1)


USUAL = Recipe()


@dataclass(frozen=True)
class Example:
    """A sentence and the intent it has."""

    text: str
    intent: str


def build(base: Path, examples: Sequence[Example], folder: Path, seed: int = SEED) -> None:
    """Teach the encoder in `base` these examples and write what it became to `folder`.

    It lies there whole or not at all: int8 ONNX, tokenizer, rehearsal and manifest.
    """
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "onnx").mkdir(parents=True)
    held = _held(examples, seed)
    shown = [example for example, kept in zip(examples, ~held, strict=True) if kept]
    network = Network.load(base)
    rehearsed = tune(network, shown, seed)
    texts = [example.text for example in [*examples, *_names(examples)]]
    kept_from_it = np.append(held, np.zeros(len(texts) - len(held), bool))
    rehearsal.save(draft, texts, rehearsed.embed(texts), kept_from_it)
    taught = tune(network, examples, seed + 1)
    encoder.write_onnx(between(rehearsed, taught, 0.5).model, draft)
    shutil.copyfile(base / encoder.PIECES, draft / encoder.PIECES)
    manifest.write(draft)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def build_once(base: Path, examples: Sequence[Example], folder: Path, kept: Path) -> None:
    """Do what `build` does, or copy what it made before of the same things."""
    whole = hashlib.sha256((base / manifest.NAME).read_bytes() + repr(examples).encode())
    for source in (__file__, encoder.__file__, blocks.__file__):
        whole.update(Path(source).read_bytes())
    product = kept / whole.hexdigest()[:16]
    if not product.is_dir():
        build(base, examples, product)
    product.touch()
    shutil.copytree(product, folder, dirs_exist_ok=True)
    for old in sorted(kept.iterdir(), key=lambda made: made.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old)


def _held(examples: Sequence[Example], seed: int) -> NDArray[np.bool_]:
    """Choose what is kept from the rehearsal; an intent always keeps more than it gives."""
    dealer = np.random.default_rng(seed)
    intents = np.array([example.intent for example in examples])
    held = np.zeros(len(examples), bool)
    for intent in sorted(set(intents)):
        rows = dealer.permutation(np.flatnonzero(intents == intent))
        held[rows[: len(rows) // HELD]] = True
    return held


def _names(examples: Sequence[Example]) -> list[Example]:
    """Return each intent's name as one more example of it."""
    intents = sorted({example.intent for example in examples})
    return [Example(words_of(intent), intent) for intent in intents]


def tune(
    network: "Network", examples: Sequence[Example], seed: int, recipe: Recipe = USUAL
) -> "Network":
    """Return a copy that is taught these examples; the same seed teaches the same."""
    torch.manual_seed(seed)
    taught = network.copy()
    _teach(taught, [*examples, *_names(examples)], recipe, random.Random(seed))  # noqa: S311
    return between(network, taught, recipe.kept)


def between(old: "Network", taught: "Network", share: float) -> "Network":
    """Return the network whose weights are `share` of the way from the old to the taught."""
    middle = taught.copy()
    with torch.no_grad():
        for weight, before in zip(
            middle.model.parameters(), old.model.parameters(), strict=True
        ):
            weight.lerp_(before, 1 - share)
    return middle


class Still:
    """The lowest layers, which are never taught: what they make of a text is kept."""

    def __init__(self, model: Any, pieces: SentencePieceProcessor, layers: int) -> None:
        self._model, self._pieces, self._layers = model, pieces, layers
        self._kept: dict[str, Tensor] = {}

    def read(self, texts: Sequence[str]) -> list[Tensor]:
        """Return the states of each text's tokens [tokens, width]."""
        lacking = sorted({text for text in texts if text not in self._kept}, key=len)
        for start in range(0, len(lacking), AT_ONCE):
            part = lacking[start : start + AT_ONCE]
            self._kept |= zip(part, self._read(part), strict=True)
        return [self._kept[text] for text in texts]

    @torch.no_grad()
    def _read(self, texts: Sequence[str]) -> list[Tensor]:
        """Read texts as a message is read, folded."""
        begin, end, padding = (
            getattr(self._pieces, name)() for name in ("bos_id", "eos_id", "pad_id")
        )
        cut = (self._pieces.encode(f"query: {fold(one_code(text)).strip()}") for text in texts)
        tokens = [torch.tensor([begin, *row[: LONGEST - 2], end]) for row in cut]
        ids = pad_sequence(tokens, batch_first=True, padding_value=padding)
        states = self._model.embeddings(input_ids=ids)
        states = _through(
            self._model, slice(self._layers), states, _there(list(map(len, tokens)))
        )
        return [row[: len(one)].clone() for row, one in zip(states, tokens, strict=True)]


class Network:
    """The encoder as torch knows it; its lowest layers are the same in all its copies."""

    def __init__(self, model: Any, still: Still, frozen: int) -> None:
        self.model, self._still, self._frozen = model.eval(), still, frozen

    @classmethod
    def load(cls, folder: Path, frozen: int = USUAL.frozen) -> "Network":
        """Read the folder that set-up built; so many layers are held still."""
        from transformers import AutoModel
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        pieces = SentencePieceProcessor(model_file=str(folder / encoder.PIECES))
        model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
        return cls(model, Still(model, pieces, frozen), frozen)

    def copy(self) -> "Network":
        """Return one that may be taught by itself."""
        return Network(copy.deepcopy(self.model), self._still, self._frozen)

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has."""
        return list(map(len, self._still.read(texts)))

    def taught(self) -> Iterator[Tensor]:
        """Yield what is taught, and hold the rest still: words have their meaning already."""
        self.model.requires_grad_(False)
        for layer in self.model.encoder.layer[self._frozen :]:
            layer.requires_grad_(True)
            yield from layer.parameters()

    def vectors(self, texts: Sequence[str]) -> Tensor:
        """Return the mean state of each text, of length one [texts, width]."""
        below = self._still.read(texts)
        there = _there(list(map(len, below)))
        states = pad_sequence(below, batch_first=True)
        states = _through(self.model, slice(self._frozen, None), states, there)
        counted = there.unsqueeze(-1).float()
        mean = (states * counted).sum(1) / counted.sum(1)
        return functional.normalize(mean, dim=1)

    @torch.no_grad()
    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text."""
        lengths = self.lengths(texts)
        order = sorted(range(len(texts)), key=lengths.__getitem__)
        rows = np.zeros((len(texts), self.model.config.hidden_size), np.float32)
        for start in range(0, len(order), AT_ONCE):
            part = order[start : start + AT_ONCE]
            rows[part] = self.vectors([texts[i] for i in part]).numpy()
        return rows


def _there(lengths: Sequence[int]) -> Tensor:
    """Tell where a padded batch has tokens [texts, longest]."""
    return torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)


def _through(model: Any, layers: slice, states: Tensor, there: Tensor) -> Tensor:
    """Pass states on through some of a model's layers."""
    mask = create_bidirectional_mask(
        config=model.config, inputs_embeds=states, attention_mask=there
    )
    with torch.autocast("cpu", torch.bfloat16, enabled=_quick_in_halves()):
        for layer in model.encoder.layer[layers]:
            states = layer(states, mask)
    return states.float()


def _teach(
    network: Network, examples: Sequence[Example], recipe: Recipe, dealer: random.Random
) -> None:
    intents = sorted({example.intent for example in examples})
    labels = torch.tensor([intents.index(example.intent) for example in examples])
    texts = [example.text for example in examples]
    before = torch.from_numpy(network.embed(texts))
    centre = before.mean(0)
    directions = torch.nn.Parameter(_means(before - centre, labels, len(intents)))
    weights = list(network.taught())
    optimiser = torch.optim.AdamW(
        [
            {"params": weights, "lr": recipe.rate},
            {"params": [directions], "lr": DIRECTION_RATE, "weight_decay": 0.0},
        ],
        betas=(0.9, 0.98),
    )
    steps = min(recipe.epochs * math.ceil(len(texts) / recipe.batch), recipe.most_steps)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps))
    network.model.train()
    batches = _batches(network.lengths(texts), recipe.batch, dealer)
    for _, batch in zip(range(steps), batches, strict=False):
        vectors = functional.normalize(
            network.vectors([texts[i] for i in batch]) - centre, dim=1
        )
        loss = _loss(vectors, labels[batch], directions, recipe)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([*weights, directions], STEEPEST)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
    network.model.eval()


def _means(vectors: Tensor, labels: Tensor, intents: int) -> Tensor:
    """Return the direction of each intent's examples [intents, width]."""
    rows = functional.normalize(vectors, dim=1)
    sums = torch.zeros(intents, rows.shape[1]).index_add_(0, labels, rows)
    return functional.normalize(sums, dim=1)


def _rate(step: int, steps: int) -> float:
    """Return the share of the highest rate: up in a straight line, and down in another."""
    risen = (step + 1) / max(1.0, WARMED_UP * steps)
    return min(1.0, risen) * (1 - step / steps)


def _batches(lengths: Sequence[int], size: int, dealer: random.Random) -> Iterator[list[int]]:
    """Deal the examples out for ever, those of like length together."""
    while True:
        rows = dealer.sample(range(len(lengths)), len(lengths))
        batches = []
        for start in range(0, len(rows), size * SORTED_AT_ONCE):
            like = sorted(rows[start : start + size * SORTED_AT_ONCE], key=lengths.__getitem__)
            batches += [like[i : i + size] for i in range(0, len(like), size)]
        dealer.shuffle(batches)
        yield from batches


def _loss(vectors: Tensor, labels: Tensor, directions: Tensor, recipe: Recipe) -> Tensor:
    cosines = vectors @ functional.normalize(directions, dim=1).T
    loss = functional.cross_entropy(recipe.sharpness * cosines, labels)
    if recipe.attraction:
        loss = loss + recipe.attraction * _attraction(vectors, labels, recipe.sharpness)
    return loss


def _attraction(vectors: Tensor, labels: Tensor, sharpness: float) -> Tensor:
    """Return how unlikely each sentence is to meet its own kind among those of the batch."""
    itself = torch.eye(len(labels), dtype=torch.bool)
    nearness = (sharpness * vectors @ vectors.T).masked_fill(itself, -1e9)
    alike = ((labels[:, None] == labels[None, :]) & ~itself).float()
    kin = alike.sum(1)
    if not kin.any():
        return vectors.new_zeros(())
    likely = (functional.log_softmax(nearness, dim=1) * alike).sum(1)
    return -(likely[kin > 0] / kin[kin > 0]).mean()


def _quick_in_halves() -> bool:
    """Tell whether this processor multiplies sixteen-bit numbers, at twice the speed."""
    return bool(torch.cpu.get_capabilities().get("avx512_bf16"))


def read_rows(file: Path) -> list[Example]:
    """Read a file of `text<TAB>intent` rows."""
    lines = [line for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    parts = [line.rpartition("\t") for line in lines]
    return [Example(text, intent.strip()) for text, _, intent in parts]


def read_training(folder: Path) -> list[Example]:
    """Read the examples that are written for Rasa in the files of a folder."""
    blocks = [
        block
        for file in sorted(folder.glob("*.yml"))
        for block in yaml.safe_load(file.read_text(encoding="utf-8")).get("nlu") or ()
    ]
    return [
        Example(line.removeprefix("- ").strip(), block["intent"])
        for block in blocks
        if "intent" in block
        for line in str(block["examples"]).splitlines()
        if line.strip()
    ]


def main() -> None:
    """Teach the encoder the rows of a file, for a bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=SEED)
    said = parser.parse_args()
    build(said.encoder, read_rows(said.examples), said.out, said.seed)


if __name__ == "__main__":
    main()
