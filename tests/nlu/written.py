"""What is written down for Rasa: domain, examples and rules, and the sentences held out."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

TRAINING = sorted(Path("nlu/training").glob("*.yml"))
DOMAIN = sorted(Path("nlu/domain").glob("*.yml"))
HELD_OUT = Path(__file__).with_name("held_out.tsv")


@lru_cache(maxsize=1)
def examples() -> dict[str, list[str]]:
    """Return the training examples of each intent."""
    found: dict[str, list[str]] = {}
    for file in TRAINING:
        for block in _read(file).get("nlu") or ():
            lines = str(block["examples"]).splitlines()
            found.setdefault(block["intent"], []).extend(line[2:] for line in lines if line)
    return found


@lru_cache(maxsize=1)
def rules() -> list[dict[str, Any]]:
    """Return every rule, as it is written."""
    return [rule for file in TRAINING for rule in _read(file).get("rules") or ()]


@lru_cache(maxsize=1)
def domain() -> dict[str, Any]:
    """Return intents, actions, forms, slots and responses of all topics together."""
    whole: dict[str, Any] = {
        "intents": [],
        "actions": [],
        "forms": {},
        "slots": {},
        "responses": {},
    }
    for file in DOMAIN:
        part = _read(file)
        for key, kept in whole.items():
            more = part.get(key) or type(kept)()
            kept.extend(more) if isinstance(kept, list) else kept.update(more)
    whole["actions"] = [a if isinstance(a, str) else next(iter(a)) for a in whole["actions"]]
    return whole


def _read(file: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def held_out() -> list[tuple[str, str]]:
    """Return the sentences nobody trains on, each with its intent."""
    lines = HELD_OUT.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(text, intent) for text, intent in rows]
