"""What the environment says: the only place of the domain that reads it."""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from actions.errors import SettingInvalid


class Settings(BaseSettings):
    """Settings every process shares; `.env.example` explains each.

    Raises `SettingInvalid` (through `read`) with a sentence naming the setting.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    environment: Literal["development", "production"] = "development"
    state_dir: Path = Path("var")
    community_dir: Path = Path("knowledge/data/guali")
    encoder_dir: Path = Path(".build/encoder")
    database_url: str = ""
    vector_store: str = Field(default="", repr=False)  # may hold a password
    secret_key: str = Field(default="", repr=False)
    actions_host: str = "127.0.0.1"
    actions_port: int = 5055
    actions_secret: str = Field(default="", repr=False)
    test_clock: Path | None = None

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
    def database(self) -> str:
        """The database's address: what DATABASE_URL says, else a file in the state folder."""
        return self.database_url or f"sqlite:///{self.state_dir / 'xiaoli.db'}"


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
    except ValidationError as invalid:
        first = invalid.errors()[0]
        name = str(first["loc"][0]).upper()
        raise SettingInvalid(
            f"Setting {name} cannot be used: {first['msg']}; see .env.example"
        ) from None
    if settings.test_clock and settings.environment == "production":
        raise SettingInvalid("Setting TEST_CLOCK is for tests; remove it in production")
    return settings
