"""What a text means, by the examples of the pack, beside the words it uses."""

from functools import lru_cache

import numpy as np

from actions.neighbours import kinds
from knowledge.embedder import Vectors
from knowledge.pack import HelpKind, Pack
from knowledge.sorting import Sorter
from knowledge.text import has_han

CARE, HARMLESS = "care", "harmless"
NEAREST = 2  # examples of a kind that speak for it
# Chosen on the messages that may be tuned on, never on those held back.
NEAR, AHEAD = 0.2, 0.03  # how near they must be, and how much nearer than those of another


def guess(pack: Pack, text: str, sorter: Sorter | None = None) -> HelpKind | None:
    """Return the kind of help a text asks for: a whole keyword, its meaning, half a keyword."""
    return (
        kinds.kind_of(pack, text, enough=kinds.WHOLE)
        or _meant(pack, text, sorter)
        or kinds.kind_of(pack, text)
    )


def _meant(pack: Pack, text: str, sorter: Sorter | None) -> HelpKind | None:
    scores = by_meaning(pack, text, sorter) if sorter else {}
    first, second = (*sorted(scores, key=lambda kind: -scores[kind]), None, None)[:2]
    if first is None or scores[first] < NEAR:
        return None
    ahead = scores[first] - (scores[second] if second else 0.0)
    return pack.help_kinds.get(first) if ahead >= AHEAD else None


def calls_for_care(pack: Pack, text: str, sorter: Sorter | None) -> bool:
    """Whether a text means rather something staff look at than something harmless."""
    if sorter is None or not text.strip():
        return False
    risks, policy = pack.help_risks.values(), pack.help_policy
    harmless_kinds = (kind for kind in pack.help_kinds.values() if not kind.staff_review)
    examples = (
        *((CARE, said) for risk in risks for said in risk.examples),
        *((HARMLESS, said) for kind in harmless_kinds for said in kind.examples),
        *((HARMLESS, said) for said in (*policy.other_examples, *policy.harmless_examples)),
    )
    near = _near(examples, text, sorter)
    return near.get(CARE, 0.0) > near.get(HARMLESS, 0.0)


def learn(pack: Pack, sorter: Sorter) -> None:
    """Learn from the examples of a pack now: the first who asks need not wait for it."""
    guess(pack, "你好", sorter)
    calls_for_care(pack, "你好", sorter)


def by_meaning(pack: Pack, text: str, sorter: Sorter) -> dict[str, float]:
    """Return how near a text is to the examples of each kind, and of none (`OTHER`).

    Nothing without examples.
    """
    examples = (
        *((kind.id, said) for kind in pack.help_kinds.values() for said in kind.examples),
        *((kinds.OTHER, said) for said in pack.help_policy.other_examples),
    )
    return _near(examples, text, sorter)


def _near(examples: tuple[tuple[str, str], ...], text: str, sorter: Sorter) -> dict[str, float]:
    """Return how near a text is to the examples of each name; nothing without examples."""
    if not examples or not text.strip():
        return {}
    vectors, centres = _learned(sorter, examples)
    near = vectors @ _direction(sorter.embed(text), centres[has_han(text)])
    names = np.array([name for name, _ in examples])
    return {
        name: float(np.sort(near[names == name])[-NEAREST:].mean())
        for name in dict.fromkeys(name for name, _ in examples)
    }


def vector_of(sorter: Sorter | None, text: str) -> bytes | None:
    """Return the meaning of a text as it is kept, in float16; None without a sorter."""
    if sorter is None or not text.strip():
        return None
    return sorter.embed(text).astype(np.float16).tobytes()


@lru_cache(maxsize=4)
def _learned(
    sorter: Sorter, examples: tuple[tuple[str, str], ...]
) -> tuple[Vectors, dict[bool, Vectors]]:
    """Return the directions of all examples, and the centre of those with and without Han."""
    vectors = np.array([sorter.embed(text) for _, text in examples])
    in_han = np.array([has_han(text) for _, text in examples])
    centres = {
        han: vectors[in_han == han].mean(0) if (in_han == han).any() else vectors.mean(0)
        for han in (True, False)
    }
    away = [
        _direction(vector, centres[bool(han)])
        for vector, han in zip(vectors, in_han, strict=True)
    ]
    return np.array(away), centres


def _direction(vector: Vectors, centre: Vectors) -> Vectors:
    """Return what a vector says beyond being about help, in its language."""
    away = vector - centre
    unit: Vectors = away / max(float(np.linalg.norm(away)), 1e-9)
    return unit
