"""The systemd units: what they name exists, and they are closed as far as they can be."""

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from setup.settings import ROOT
from tests.conftest import missing
from tests.deploy.named import DEPLOY, command_of, commands_known, settings_known, variables

UNITS = sorted(file.name for file in DEPLOY.glob("xiaoli*.*") if file.suffix != ".env")
SERVICES = [name for name in UNITS if name.endswith(".service")]
LAST_SAFE = 15  # tenths, on the scale of systemd-analyze: 0 is closed, 100 open


def directives(name: str) -> dict[str, list[str]]:
    found = defaultdict(list)
    for line in (DEPLOY / name).read_text("utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            key, _, value = line.partition("=")
            found[key].append(value)
    return found


ENVIRONMENT = variables((DEPLOY / "xiaoli.env").read_text("utf-8"))


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_runs_a_command_there_is(name: str) -> None:
    for line in directives(name)["ExecStart"]:
        assert command_of(line) in commands_known()


def test_every_setting_of_the_environment_file_is_explained() -> None:
    assert set(ENVIRONMENT) <= settings_known()
    assert "NO_SUCH_SETTING" not in settings_known()


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_unit_may_write_is_where_the_settings_put_it(name: str) -> None:
    said = directives(name)
    assert said["StateDirectory"] == ["xiaoli"]
    assert ENVIRONMENT["STATE_DIR"] == "/var/lib/xiaoli"
    assert ENVIRONMENT["BUILD_DIR"] == "/var/cache/xiaoli"
    assert directives("xiaoli.service")["CacheDirectory"] == ["xiaoli"]
    told = re.findall(r"--to (\S+)", " ".join(said["ExecStart"]))
    assert said["ReadWritePaths"] == told


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_runs_as_a_user_of_its_own_in_the_clone(name: str) -> None:
    said = directives(name)
    assert (said["User"], said["Group"]) == (["xiaoli"], ["xiaoli"])
    assert said["WorkingDirectory"] == ["/opt/xiaoli"]
    assert said["LimitCORE"] == ["0"]


def test_both_services_are_closed_alike() -> None:
    closed = ("Protect", "Private", "Restrict", "SystemCall", "Capability", "NoNew", "Lock")
    said = [
        {key: values for key, values in directives(name).items() if key.startswith(closed)}
        for name in SERVICES
    ]
    assert len(said[0]) > 15
    assert said[0] == said[1]


def test_the_timer_is_of_the_service_of_its_name() -> None:
    assert "xiaoli-backup.timer" in UNITS
    assert "xiaoli-backup.service" in UNITS
    assert directives("xiaoli-backup.timer")["Persistent"] == ["true"]


def test_the_journal_is_the_one_both_services_write_to() -> None:
    assert (DEPLOY / "journald@xiaoli.conf").is_file()
    for name in SERVICES:
        assert directives(name)["LogNamespace"] == ["xiaoli"]


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    return found or missing("systemd-analyze")


def as_here(tmp_path: Path, name: str) -> Path:
    """The unit as it would be, were this clone in /opt/xiaoli."""
    file = tmp_path / name
    file.write_text((DEPLOY / name).read_text("utf-8").replace("/opt/xiaoli", str(ROOT)))
    return file


def test_systemd_finds_nothing_wrong_with_them(analyze: str, tmp_path: Path) -> None:
    files = [str(as_here(tmp_path, name)) for name in UNITS]
    checked = subprocess.run(
        [analyze, "verify", *files], capture_output=True, text=True, check=False
    )
    ours = [line for line in checked.stderr.splitlines() if "xiaoli" in line]
    assert (checked.returncode, ours) == (0, [])


def test_systemd_would_find_a_command_that_is_not_there(analyze: str, tmp_path: Path) -> None:
    """The control."""
    unit = as_here(tmp_path, "xiaoli.service")
    unit.write_text(unit.read_text("utf-8").replace("/bin/python", "/bin/pyhton"))
    checked = subprocess.run(
        [analyze, "verify", unit], capture_output=True, text=True, check=False
    )
    assert checked.returncode
    assert "pyhton" in checked.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_systemd_calls_them_closed(analyze: str, tmp_path: Path, name: str) -> None:
    unit = as_here(tmp_path, name)
    rating = [analyze, "security", "--offline=true", f"--threshold={LAST_SAFE}", str(unit)]

    assert subprocess.run(rating, capture_output=True, check=False).returncode == 0

    open_unit = re.sub(
        r"^(Protect|Private|Capab|Restrict)\w+=.*\n", "", unit.read_text(), flags=re.M
    )
    unit.write_text(open_unit)  # the control
    assert subprocess.run(rating, capture_output=True, check=False).returncode != 0
