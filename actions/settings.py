"""What the environment says: the only place of the domain that reads it."""

import json
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError

from actions.errors import SettingInvalid
from knowledge.errors import SecretUnusable
from knowledge.settings import Said


class Settings(Said):
    """Settings every process shares; `.env.example` explains each.

    Raises `SettingInvalid` (through `read`) with a sentence naming the setting.
    """

    environment: Literal["development", "production"] = "development"
    state_dir: Path = Path("var")
    community_dir: Path = Path("knowledge/data/guali")
    encoder_dir: Path = Path(".build/encoder")
    database_url: str = Field(default="", repr=False)  # may hold a password
    database_connections: int = Field(default=20, ge=2)
    vector_store: str = Field(default="", repr=False)  # may hold a password
    secret_key: str = Field(default="", repr=False)
    actions_host: str = "127.0.0.1"
    actions_port: int = 5055
    actions_secret: str = Field(default="", repr=False)
    test_clock: Path | None = None
    otel_exporter_otlp_endpoint: str = ""
    otel_traces_sampler_arg: float = Field(default=1.0, ge=0, le=1)

    @property
    def index_dir(self) -> Path:
        """The folder of the knowledge base's index versions."""
        return self.state_dir / "index"

    @property
    def content_dir(self) -> Path:
        """The folder of the published editions' documents."""
        return self.state_dir / "content"

    @property
    def uploads_dir(self) -> Path:
        """The folder of what residents and staff have sent."""
        return self.state_dir / "uploads"

    @property
    def sorting_dir(self) -> Path:
        """The folder of what the sorter of reports learned."""
        return self.state_dir / "sorting"

    @property
    def secrets_file(self) -> Path:
        """The file of the secrets set-up has made."""
        return self.state_dir / "secrets.json"

    @property
    def database(self) -> str:
        """The database's address: what DATABASE_URL says, else a file in the state folder."""
        return self.database_url or f"sqlite:///{self.state_dir / 'xiaoli.db'}"


class BackupSettings(Settings):
    """What a backup needs beyond: the key it is sealed with."""

    backup_key: str = Field(default="", repr=False)


Kind = TypeVar("Kind", bound=Settings)


def read() -> Settings:
    """Read and check the environment.

    Raises:
        SettingInvalid: names the first setting that cannot be used and what to do.
    """
    return read_as(Settings)


def read_as(kind: type[Kind]) -> Kind:
    """Read and check the environment, with what this kind of settings has beyond ours.

    Raises:
        SettingInvalid: names the first setting that cannot be used and what to do.
    """
    try:
        settings = kind()
    except SecretUnusable as unusable:
        raise SettingInvalid(str(unusable)) from None
    except ValidationError as invalid:
        first = invalid.errors()[0]
        name = str(first["loc"][0]).upper()
        raise SettingInvalid(
            f"Setting {name} cannot be used: {first['msg']}; see .env.example"
        ) from None
    if settings.test_clock and settings.environment == "production":
        raise SettingInvalid("Setting TEST_CLOCK is for tests; remove it in production")
    return settings


def secret_key(said: Settings) -> str:
    """Return the key the running assistant uses: a setting, or what set-up keeps.

    Raises:
        SettingInvalid: there is none yet.
    """
    file = said.secrets_file
    kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    key = said.secret_key or str(kept.get("SECRET_KEY", ""))
    if not key:
        raise SettingInvalid(
            f"There is no SECRET_KEY, and no {file}: run the assistant once, or set it"
        )
    return key
