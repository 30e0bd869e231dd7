"""What the worker does once a day: it writes the sessions of the coming weeks."""

from dataclasses import dataclass
from datetime import date

from actions.booking.schedule import write_sessions
from actions.clock import Clock
from actions.db import Database
from knowledge.pack import Pack


@dataclass
class Upkeep:
    """Keeps the programme some weeks ahead for as long as the worker lives."""

    database: Database
    pack: Pack
    clock: Clock
    _done_on: date | None = None

    def run_due(self) -> bool:
        """Do the day's work if it is not done; True when it was done now."""
        now = self.clock.now()
        today = now.astimezone(self.pack.zone).date()
        if self._done_on == today:
            return False
        with self.database.transaction() as db:
            write_sessions(db, self.pack, now=now)
        self._done_on = today
        return True
