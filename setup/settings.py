"""What the environment says to set-up and to the supervisor: the only place here that reads it.

Standard library only: it runs before either environment exists.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
VENV_RASA = ROOT / ".venv-rasa"

_LINE = re.compile(r"^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*$")


@dataclass(frozen=True)
class Settings:
    """Where things are and where the assistant listens; `.env.example` explains each."""

    variables: dict[str, str]  # everything said, by .env and over it by the environment
    state_dir: Path
    community_dir: Path
    encoder_dir: Path
    whisper_dir: Path
    host: str
    port: int
    database_url: str

    def with_variables(self, **changes: str) -> "Settings":
        """Return the settings as they are when these variables say something else."""
        return of(self.variables | changes)


class SettingInvalid(Exception):
    """A setting cannot be used; the message says which and why."""


def read() -> Settings:
    """Return what .env and, over it, the environment say.

    Raises:
        SettingInvalid: names the setting that cannot be used.
    """
    return of(_dotenv(ROOT / ".env") | dict(os.environ))


def of(variables: dict[str, str]) -> Settings:
    """Return the settings these variables stand for."""
    return Settings(
        variables=variables,
        state_dir=_folder(variables, "STATE_DIR", "var"),
        community_dir=_folder(variables, "COMMUNITY_DIR", "knowledge/data/guali"),
        encoder_dir=_folder(variables, "ENCODER_DIR", ".build/encoder"),
        whisper_dir=_folder(variables, "WHISPER_DIR", ".build/whisper"),
        host=variables.get("HOST") or "127.0.0.1",
        port=_port(variables.get("PORT") or "8080"),
        database_url=variables.get("DATABASE_URL") or "",
    )


def _folder(variables: dict[str, str], name: str, default: str) -> Path:
    return ROOT / (variables.get(name) or default)


def _port(said: str) -> int:
    if not said.isdecimal() or int(said) > 65535:
        raise SettingInvalid(
            f"Setting PORT={said} is not a port number (0-65535); see .env.example"
        )
    return int(said)


def _dotenv(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    found = map(_LINE.match, file.read_text(encoding="utf-8").splitlines())
    return {match[1]: _unquoted(match[2]) for match in found if match}


def _unquoted(said: str) -> str:
    if said[:1] in ("'", '"'):
        return said[1:].partition(said[0])[0]
    return said.partition(" #")[0].rstrip()
