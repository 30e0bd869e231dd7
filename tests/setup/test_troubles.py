from pathlib import Path

import pytest

from setup import troubles
from setup.troubles import SetupFailed, check_machine, explain

LOG = Path("step.log")

# What the tools really print.
PRINTED = (
    (
        "error: Failed to fetch: torch\n  Caused by: dns error: failed to lookup address",
        troubles.NO_NETWORK,
    ),
    (
        "error: Request failed after 3 retries\n  cause: operation timed out",
        troubles.NO_NETWORK,
    ),
    (
        "WARNING: Retrying after NewConnectionError([Errno -3] Temporary failure in name "
        "resolution)\nERROR: No matching distribution found for uv==0.13.9",
        troubles.NO_NETWORK,
    ),
    ("OSError: [Errno 28] No space left on device", troubles.DISK_FULL),
    (
        "error: Failed to install: torch\n  Caused by: No space left on device (os error 28)",
        troubles.DISK_FULL,
    ),
    (
        "  x Failed to build `ujson==5.10.0`\n  error: command 'gcc' failed: No such file",
        troubles.NO_COMPILER,
    ),
    (
        "error: No interpreter found for Python 3.10 in managed installations or search path",
        troubles.WRONG_PYTHON,
    ),
    (
        "The virtual environment was not created because ensurepip is not available.",
        troubles.WRONG_PYTHON,
    ),
    ("PermissionError: [Errno 13] Permission denied: '.venv'", troubles.NOT_ALLOWED),
    ("numpy._core._exceptions._ArrayMemoryError\nMemoryError", troubles.NO_MEMORY),
)


@pytest.mark.parametrize(("printed", "sentence"), PRINTED)
def test_what_a_tool_prints_becomes_a_sentence_that_says_what_to_do(
    printed: str, sentence: str
) -> None:
    assert sentence in explain("a step", printed, 1, LOG)


def test_a_killed_process_is_explained_by_memory() -> None:
    assert troubles.NO_MEMORY in explain("a step", "", -9, LOG)


def test_anything_else_shows_the_end_of_what_was_printed() -> None:
    said = explain("Training", "\n".join(f"line {n}" for n in range(50)), 1, LOG)

    assert "line 49" in said
    assert "line 3\n" not in said
    assert "Training" in said
    assert str(LOG) in said


def test_a_machine_without_room_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(SetupFailed, match="free at least 7 GB"):
        check_machine(tmp_path, space=10**18)


def test_another_system_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")

    with pytest.raises(SetupFailed, match="Only Linux on x86-64 is supported"):
        check_machine(tmp_path, space=0)
