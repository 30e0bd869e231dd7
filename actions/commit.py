"""Which commit of the code runs, as git knows it."""

import subprocess
from pathlib import Path


def running() -> str:
    """Return the commit's whole hash; empty where there is no git, or no clone, to ask."""
    try:
        done = subprocess.run(
            ("git", "rev-parse", "HEAD"),  # noqa: S607 - wherever it is
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
            timeout=5,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
