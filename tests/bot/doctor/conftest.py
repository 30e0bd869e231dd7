"""An installation that is well; a test makes one thing of it wrong."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from actions.db import Database
from actions.settings import BackupSettings
from bot.doctor.finding import Finding, Installation
from bot.settings import Settings
from setup.processes import free_port
from tests.conftest import StandingClock

KEY = "a key that is long enough"


@dataclass
class Patient:
    """An installation in a folder of its own."""

    one: Installation
    clock: StandingClock

    @property
    def state(self) -> Path:
        return self.one.said.state_dir

    def but(self, **said: Any) -> Installation:
        """The same with other settings."""
        return replace(self.one, said=self.one.said.model_copy(update=said))


@pytest.fixture
def patient(tmp_path: Path, clock: StandingClock) -> Patient:
    state = tmp_path / "var"
    state.mkdir()
    said = Settings(
        state_dir=state,
        port=free_port(),
        encoder_dir=tmp_path / "encoder",
        whisper_dir=tmp_path / "whisper",
    )
    backups = BackupSettings(state_dir=state, backup_key=KEY)
    return Patient(Installation(said, backups, machine=clock), clock)


@pytest.fixture
def with_store(patient: Patient, migrated: Database) -> Patient:
    """The same, with a store that is well."""
    url = migrated.engine.url.render_as_string(hide_password=False)
    patient.one = patient.but(database_url=url)
    return patient


def only(findings: Iterable[Finding]) -> Finding:
    """Return the one thing that was found."""
    (found,) = findings
    return found
