"""What a check is given, and what it says."""

from dataclasses import dataclass, field
from datetime import datetime

from actions.clock import Clock, FileClock, SystemClock
from actions.settings import BackupSettings
from bot.settings import Settings


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be, with its mend, in both languages.

    What is not `urgent` is worth knowing, and may stay so.
    """

    zh: str
    en: str
    urgent: bool = True


@dataclass(frozen=True)
class Installation:
    """What is looked at: the settings, and the folders and addresses they name."""

    said: Settings
    backups: BackupSettings
    machine: Clock = field(default_factory=SystemClock)

    @property
    def now(self) -> datetime:
        """The present moment, as the assistant's processes have it."""
        test_clock = self.said.test_clock
        return FileClock(test_clock).now() if test_clock else self.machine.now()

    @property
    def address(self) -> str:
        """Where its page is, as seen from this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.said.host, self.said.host)  # noqa: S104
        return f"http://{host}:{self.said.port}"
