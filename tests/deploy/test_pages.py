"""The pages for operators name files, commands, settings and targets that there are."""

import re
from pathlib import Path

import pytest

from tests.deploy.named import DEPLOY, commands_known, settings_known

PAGES = [Path("docs/deploy.md"), Path("docs/keys.md")]
SAID = {page.name: page.read_text("utf-8") for page in PAGES}
MADE = r"(?:^ +|`)(?:sudo -u xiaoli -H )?make ([a-z-]+)"
TARGETS = set(re.findall(r"^([a-z-]+):", Path("Makefile").read_text("utf-8"), re.M))


@pytest.mark.parametrize("page", SAID)
def test_every_command_is_there(page: str) -> None:
    named = set(re.findall(r"python -m (bot|setup) ([a-z-]+)", SAID[page]))

    assert named
    assert {" ".join(each) for each in named} <= commands_known()


@pytest.mark.parametrize("page", SAID)
def test_every_subcommand_of_staff_and_keys_is_there(page: str) -> None:
    modules = {"staff": "bot/desk/commands.py", "keys": "bot/open311/commands.py"}
    for group, name in re.findall(r"python -m bot (staff|keys) ([a-z-]+)", SAID[page]):
        assert f'@commands.command("{name}")' in Path(modules[group]).read_text("utf-8")


@pytest.mark.parametrize("page", SAID)
def test_every_target_of_make_is_there(page: str) -> None:
    assert set(re.findall(MADE, SAID[page], re.M)) <= TARGETS


@pytest.mark.parametrize("page", SAID)
def test_every_setting_is_explained(page: str) -> None:
    named = re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", SAID[page])

    assert named
    assert {name for name in named if not name.startswith("PYTHON3")} <= settings_known()


def test_every_file_that_is_installed_is_there() -> None:
    page = SAID["deploy.md"]
    named = {Path(name) for name in re.findall(r"(?<!tests/)deploy/[\w@.-]+[a-z]", page)}
    copied = {each for each in named if each.parent == DEPLOY}

    missing = {str(each) for each in copied if not each.exists()}
    assert missing <= {"deploy/secrets"}
    files = {file.name for file in DEPLOY.iterdir() if file.is_file()}
    assert {name for name in files if not name.endswith("ignore")} <= {
        name for name in files if name in page
    }
    for named_test in re.findall(r"`(tests/[\w/]+\.py)`", page + SAID["keys.md"]):
        assert Path(named_test).is_file()
