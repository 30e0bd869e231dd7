"""What the environment says to the Rasa process: the only place here that reads it."""

import os
from pathlib import Path

DEFAULT_ENCODER = ".build/encoder"
DEFAULT_COMMUNITY = "knowledge/data/guali"


def encoder_dir() -> Path:
    """Return the folder of the encoder that set-up built."""
    return Path(os.environ.get("ENCODER_DIR", DEFAULT_ENCODER))


def community_dir() -> Path:
    """Return the folder of the community pack the entities are taken from."""
    return Path(os.environ.get("COMMUNITY_DIR", DEFAULT_COMMUNITY))
