"""Measures how well the category of a report is predicted: `make bench-categories`.

The messages were written before the prediction was made, in two halves; the one that may be
tuned on is only shown beside the other. A keyword's own prediction is measured in the same run.
`strict` leaves out every example of the pack that comes near a held-back message: both were
written by the same people.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from actions.governance import categories
from bench.output import finish, following, say, share
from knowledge.embedder import OnnxEmbedder, Remembering
from knowledge.errors import KnowledgeError
from knowledge.pack import Category, Pack, load_pack
from knowledge.settings import Settings
from knowledge.sorting import Sorter
from knowledge.text import normalise

TESTS = Path("tests/actions/governance")
HELD_BACK, DEV = TESTS / "categories_held_back.tsv", TESTS / "categories_dev.tsv"
TOO_NEAR = 0.93  # cosine from which on an example says what a message says


@dataclass(frozen=True)
class Message:
    """A line of a file: what a resident wrote, and its category."""

    code: str
    language: str
    text: str


def read(file: Path) -> list[Message]:
    """Read the messages; lines that begin with # are remarks, the first other names columns."""
    lines = file.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [Message(*row) for row in rows[1:]]


def measure(pack: Pack, messages: list[Message], sorter: Sorter | None) -> dict[str, float]:
    """Return how many messages have their category first, and among the first three."""
    began = time.perf_counter()
    places = [_place(pack, one, sorter) for one in following(messages, "messages")]
    spent = time.perf_counter() - began
    asked = [categories.guess(pack, one.text, sorter) is None for one in messages]
    first = [place == 0 for place in places]
    return {
        "top1": share(first),
        "top3": share(place < 3 for place in places),
        "asked": share(asked),
        "top1_when_not_asked": share(
            right for right, unsure in zip(first, asked, strict=True) if not unsure
        ),
        "ms_each": round(spent * 1000 / len(messages), 2),
    }


def _place(pack: Pack, message: Message, sorter: Sorter | None) -> int:
    ranked = categories.rank(pack, message.text, sorter)
    codes = [category.service_code for category, _ in ranked]
    if not codes and message.code == categories.OTHER:
        return 0  # what no keyword fits goes there
    return codes.index(message.code) if message.code in codes else len(pack.categories)


def without_near(pack: Pack, messages: list[Message], embedder: Remembering) -> Pack:
    """Return the pack without the examples that come near one of the messages."""
    told = embedder.embed_queries([normalise(one.text) for one in messages])

    def kept(category: Category) -> Category:
        vectors = embedder.embed_queries([normalise(text) for text in category.examples])
        near = (vectors @ told.T).max(1)
        far = [t for t, n in zip(category.examples, near, strict=True) if n <= TOO_NEAR]
        return category.model_copy(update={"examples": tuple(far)})

    strict = {code: kept(category) for code, category in pack.categories.items()}
    return pack.model_copy(update={"categories": strict})


def main() -> None:
    """Measure keywords alone and what is shipped, on both halves."""
    settings = Settings()
    pack = load_pack(settings.community_dir)
    embedder = Remembering(OnnxEmbedder(settings.encoder_dir))
    held_back, dev = read(HELD_BACK), read(DEV)
    say("leaving out examples that come near")
    strict = without_near(pack, held_back, embedder)
    left = sum(len(category.examples) for category in strict.categories.values())
    finish(
        {
            "messages": len(held_back),
            "examples": sum(len(c.examples) for c in pack.categories.values()),
            "keywords": measure(pack, held_back, None),
            "shipped": measure(pack, held_back, Sorter(embedder)),
            "strict": measure(strict, held_back, Sorter(embedder)) | {"examples": left},
            "dev": measure(pack, dev, Sorter(embedder)),
        }
    )


if __name__ == "__main__":
    try:
        main()
    except KnowledgeError as error:
        raise SystemExit(str(error)) from None
