"""What the environment says to the Rasa process: the only place here that reads it."""

import os
from pathlib import Path

DEFAULT_ENCODER = ".build/encoder"
DEFAULT_STATE = "var"
DEFAULT_COMMUNITY = "knowledge/data/guali"


def encoder_dir() -> Path:
    """Return the folder of the encoder that set-up built."""
    return Path(os.environ.get("ENCODER_DIR", DEFAULT_ENCODER))


def reading_dir() -> Path:
    """Return the folder of the encoder that messages are read with.

    Set-up teaches it the intents and puts it beside the model; without a model of ours (a bare
    `rasa train`) messages are read with the encoder as it is.
    """
    taught = Path(os.environ.get("STATE_DIR", DEFAULT_STATE)) / "models" / "encoder"
    return taught if taught.is_dir() else encoder_dir()


def community_dir() -> Path:
    """Return the folder of the community pack the entities are taken from."""
    return Path(os.environ.get("COMMUNITY_DIR", DEFAULT_COMMUNITY))
