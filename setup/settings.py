"""What the environment says to set-up and to the supervisor: the only place here that reads it.

Standard library only: it runs before either environment exists.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from knowledge import secret_files
from knowledge.errors import SecretUnusable

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build"
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
VENV_RASA = ROOT / ".venv-rasa"

# The secrets read here, and handed on as they are read; the others each process reads itself.
SECRETS = ("DATABASE_URL", "VECTOR_STORE", "SECRET_KEY", "ACTIONS_SECRET")
MOST = 64  # processes of one kind on a machine

_LINE = re.compile(r"^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*$")


@dataclass(frozen=True)
class Settings:
    """Where things are and where the assistant listens; `.env.example` explains each."""

    variables: dict[str, str]  # everything said, by .env and over it by the environment
    state_dir: Path
    build_dir: Path
    community_dir: Path
    encoder_dir: Path
    whisper_dir: Path
    host: str
    port: int  # of the first gateway; the others have the next ones
    database_url: str
    gateways: int
    rasa_workers: int
    actions_workers: int
    workers: int

    @property
    def ports(self) -> range:
        """The public port of each gateway."""
        return range(self.port, self.port + self.gateways)

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
    """Return the settings these variables stand for.

    Raises:
        SettingInvalid: names the setting that cannot be used.
    """
    variables = variables | _from_files(variables)
    return Settings(
        variables=variables,
        state_dir=_folder(variables, "STATE_DIR", "var"),
        build_dir=_folder(variables, "BUILD_DIR", ".build"),
        community_dir=_folder(variables, "COMMUNITY_DIR", "knowledge/data/guali"),
        encoder_dir=_folder(variables, "ENCODER_DIR", ".build/encoder"),
        whisper_dir=_folder(variables, "WHISPER_DIR", ".build/whisper"),
        host=variables.get("HOST") or "127.0.0.1",
        port=_port(variables.get("PORT") or "8080"),
        database_url=variables.get("DATABASE_URL") or "",
        gateways=_several(variables, "GATEWAYS", needs_postgres=True),
        rasa_workers=_several(variables, "RASA_WORKERS"),
        actions_workers=_several(variables, "ACTIONS_WORKERS"),
        workers=_several(variables, "WORKERS", needs_postgres=True),
    )


def _from_files(variables: dict[str, str]) -> dict[str, str]:
    """Return the secrets that lie in files, and the names of the files as said no longer."""
    try:
        found = secret_files.read(variables, SECRETS)
    except SecretUnusable as unusable:
        raise SettingInvalid(str(unusable)) from None
    return found | {name + secret_files.SUFFIX: "" for name in found}


def _several(variables: dict[str, str], name: str, *, needs_postgres: bool = False) -> int:
    """Return of how many processes a setting speaks."""
    said = variables.get(name) or "1"
    if not said.isdecimal() or not 1 <= int(said) <= MOST:
        raise SettingInvalid(f"Setting {name}={said} is not from 1 to {MOST}; see .env.example")
    on_postgres = (variables.get("DATABASE_URL") or "").startswith("postgresql")
    if needs_postgres and int(said) > 1 and not on_postgres:
        raise SettingInvalid(
            f"{name}={said} 需要 PostgreSQL：请设置 DATABASE_URL（见 docs/growing.md）；"
            "SQLite 只供一台机器上的一个网关使用。"
            f"{name}={said} needs PostgreSQL: set DATABASE_URL (docs/growing.md); "
            "SQLite is for one gateway on one machine."
        )
    return int(said)


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
