"""Keeps residents' words out of Rasa's log: its REST channel writes them when a turn fails."""

import sys
from typing import Any

from rasa.core.channels import rest


class Discreet:
    """A logger that says what happened, and of what kind the error was; nothing else."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger

    def error(self, event: str, **_told: Any) -> None:
        """Log that something happened."""
        self._logger.error(event)

    def exception(self, event: str, **_told: Any) -> None:
        """Log that something failed: an error's own words may hold a resident's."""
        kind = sys.exc_info()[0]
        self._logger.error(event, error=kind.__name__ if kind else "")


def apply() -> None:
    """Change Rasa in this process; a second call changes nothing more."""
    if not isinstance(rest.structlogger, Discreet):
        rest.structlogger = Discreet(rest.structlogger)
