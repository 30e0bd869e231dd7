"""Where something was measured: the commit, and the machine."""

import os
import platform
import subprocess
from pathlib import Path

from actions.commit import running

RESULTS = Path("bench/results")


def machine() -> str:
    """Return what the machine is, in words."""
    return f"{os.cpu_count()} cores, {platform.machine()}"


def commit() -> str:
    """Return the commit that is measured, with a + where files have changed since.

    What was measured before (`RESULTS`) is no such file.
    """
    changed = subprocess.run(
        ("git", "status", "--porcelain", "--untracked-files=no", "--", ".", f":!{RESULTS}"),  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return running()[:8] + ("+" if changed else "")
