"""What the environment says to the bot: the only place of it that reads the environment."""

from pathlib import Path

from pydantic import Field

from actions import settings as ground


class Settings(ground.Settings):
    """The domain's settings and the bot's own; `.env.example` explains each."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = ""
    rasa_url: str = "http://127.0.0.1:5005"
    rate_limit: str = "40/minute"
    partner_rate_limit: str = "60/minute"
    return_after_minutes: int = Field(default=30, ge=1)
    font_dir: Path = Path("/usr/share/fonts")
    turn_seconds: float = Field(default=4.0, gt=0)

    @property
    def actions_url(self) -> str:
        """Where the action server listens."""
        return f"http://{self.actions_host}:{self.actions_port}"


def read() -> Settings:
    """Read and check the environment.

    Raises:
        SettingInvalid: names the first setting that cannot be used and what to do.
    """
    return ground.read_as(Settings)
