"""What is deployed is the real bot: its fixtures, from where they are made; and the linters."""

import shutil

from setup.environments import SUPPLY
from tests.bot.conftest import bot as bot
from tests.bot.desk.conftest import village as village
from tests.conftest import missing


def tool(name: str) -> str:
    """Return where a linter is: `make supply` installs them."""
    found = shutil.which(name, path=str(SUPPLY.folder / "bin")) or shutil.which(name)
    return found or missing(f"{name} (make supply)")
