"""What the environment says to the knowledge base: the only place here that reads it."""

from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from knowledge import secret_files


class Said(BaseSettings):
    """What the environment says and, below it, .env.

    A setting that is never shown (`repr=False`) is a secret: X_FILE may name the file it is in.

    Raises:
        SecretUnusable: a secret is given twice, or its file cannot be used.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the files of secrets speak beside the environment."""
        of_files = SecretFiles(settings_cls, dotenv_settings, env_settings)
        return init_settings, of_files, env_settings, dotenv_settings


class SecretFiles(PydanticBaseSettingsSource):
    """The secrets whose files the environment names."""

    def __init__(self, kind: type[BaseSettings], *below: PydanticBaseSettingsSource) -> None:
        super().__init__(kind)
        self._variables = {
            name.upper(): value or ""
            for source in below
            if isinstance(source, EnvSettingsSource)
            for name, value in source.env_vars.items()
        }

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Not asked for: all are read at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        secrets = [name.upper() for name, field in fields if not field.repr]
        found = secret_files.read(self._variables, secrets)
        return {name.lower(): secret for name, secret in found.items()}


class Settings(Said):
    """Where the content, the encoder and the indexes are; `.env.example` explains each."""

    state_dir: Path = Path("var")
    community_dir: Path = Path("knowledge/data/guali")
    encoder_dir: Path = Path(".build/encoder")
    vector_store: str = Field(default="", repr=False)  # may hold a password
    public_url: str = ""
    font_dir: Path = Path("/usr/share/fonts")

    @property
    def print_dir(self) -> Path:
        """The folder where what is to be printed is put."""
        return self.state_dir / "print"

    @property
    def index_dir(self) -> Path:
        """The folder with one folder per index version, and the name of the latest."""
        return self.state_dir / "index"

    @property
    def safety_dir(self) -> Path:
        """The folder of what the safety gate learned."""
        return self.state_dir / "safety"

    @property
    def sorting_dir(self) -> Path:
        """The folder of what the sorter of reports learned."""
        return self.state_dir / "sorting"
