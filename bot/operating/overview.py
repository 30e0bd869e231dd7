"""All an operator can see from this gateway, put together once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from actions.clock import Clock
from actions.db import Database
from bot.operating import records, versions
from bot.operating.checks import Checks
from bot.operating.figures import Figures, Reader
from bot.operating.health import Health
from bot.operating.records import Backups
from bot.operating.versions import Program
from bot.settings import Settings


@dataclass(frozen=True)
class Overview:
    """Health, figures, versions, and what was written down of backups."""

    settings: Settings
    reader: Reader
    health: Health
    program: Program

    def versions(self, figures: Figures | None) -> Mapping[str, str]:
        """Return what runs; what only the store knows is empty where there are no figures."""
        edition = figures.edition if figures else None
        return {
            "version": self.program.version,
            "commit": self.program.commit,
            "schema": figures.schema if figures else "",
            "model": versions.model(self.settings.state_dir / "models"),
            "edition": str(edition.id) if edition else "",
            "content": (edition.version or "") if edition else "",
            "index": edition.index_version if edition else "",
        }

    def backups(self) -> Backups:
        """Return the last backups."""
        return records.backups(self.settings.state_dir)


def overlook(
    settings: Settings,
    database: Database,
    clock: Clock,
    client: httpx.AsyncClient,
    hears: Mapping[str, Callable[[], bool]],
) -> Overview:
    """Make the overview; `hears` says of each open platform whether it reaches us."""
    reader = Reader(database, clock, settings.state_dir)
    checks = Checks(
        database=database,
        clock=clock,
        client=client,
        reader=reader,
        rasa_urls=settings.rasa_urls,
        actions_urls=settings.actions_urls,
        state_dir=settings.state_dir,
        hears=hears,
    )
    program = versions.program(settings.commit)
    return Overview(settings, reader, Health(clock, checks.table()), program)
