"""Code of before, out of the history, in a folder of its own; and scripts run with it."""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MIGRATIONS = Path("actions/migrations/versions")
FIRST, NOW = "upgrade_first", "upgrade_now"  # scripts of this folder
TAKES = 300  # seconds, of a script, at most


class NoHistory(Exception):
    """A commit is not to be had here: the clone is shallow, or there is no git."""


class ScriptFailed(Exception):
    """A script came to no end; the message is the last it said."""


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Lend a folder with the code of a commit.

    Raises:
        NoHistory: there is no such commit here.
    """
    packed = _git("archive", "--format=tar", commit)
    with tempfile.TemporaryDirectory(prefix="xiaoli-code-") as place:
        with tarfile.open(fileobj=BytesIO(packed)) as archive:
            archive.extractall(place, filter="data")
        yield Path(place)


def before(revision: str) -> str:
    """Return the commit that was there before a migration was.

    Raises:
        NoHistory: it is not to be had here.
    """
    (file,) = (ROOT / MIGRATIONS).glob(f"{revision}_*.py")
    added = (
        _git("log", "--diff-filter=A", "--format=%H", "-1", "--", str(file)).decode().strip()
    )
    return _git("rev-parse", f"{added}^" if added else "HEAD").decode().strip()


def _git(*words: str) -> bytes:
    try:
        done = subprocess.run(
            ("git", *words),  # noqa: S607 - wherever it is
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoHistory(f"git {words[0]}: {words[-1]} is not in this clone") from error
    return done.stdout


def speak(code: Path, script: str, what: str, address: str) -> Any:
    """Let a script of this folder do something with a code on a store; returns what it found.

    Raises:
        ScriptFailed: it broke off.
    """
    told = {"PATH": os.defpath, "PYTHONUTF8": "1", "PYTHONPATH": str(code)}
    done = subprocess.run(
        (sys.executable, "-P", str(HERE / f"{script}.py"), what, address),
        cwd=code,
        env=told | {"STATE_DIR": str(code / "var")},
        capture_output=True,
        text=True,
        check=False,
        timeout=TAKES,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise ScriptFailed(f"{script} {what}: {last}")
    return json.loads(done.stdout.splitlines()[-1])
