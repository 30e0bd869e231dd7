"""What the environment says to the knowledge base: the only place here that reads it."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the content, the encoder and the indexes are; `.env.example` explains each."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

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
