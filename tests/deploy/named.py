"""What a file of deployment may name: settings, commands, and where they are known from."""

import re
import shlex
from pathlib import Path

from typer.main import get_command

import bot.__main__ as bot
from knowledge.secret_files import SUFFIX
from setup.__main__ import COMMANDS

DEPLOY = Path("deploy")
PYTHON = "/opt/xiaoli/.venv/bin/python"
# Set-up hands these on to uv, or reads them before anything else.
OF_UV = {"UV_PYTHON_INSTALL_DIR"}


def settings_known() -> set[str]:
    """Every setting that .env.example explains, and the files of those that are secrets."""
    explained = re.findall(
        r"^#? ?([A-Z][A-Z0-9_]*)=", Path(".env.example").read_text("utf-8"), re.M
    )
    return {*explained, *(name + SUFFIX for name in explained)} | OF_UV


def commands_known() -> set[str]:
    """Every command of `python -m bot` and of `python -m setup`."""
    found = getattr(get_command(bot.commands), "commands", {})
    return {f"bot {name}" for name in found} | {f"setup {name}" for name in COMMANDS}


def command_of(line: str) -> str:
    """Return what a command line runs, as `bot backup`."""
    python, dash, module, name, *_ = shlex.split(line)
    assert (python, dash) == (PYTHON, "-m")
    return f"{module} {name}"


def variables(text: str) -> dict[str, str]:
    """Return the settings of a file of NAME=value lines, commented examples included."""
    return dict(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]*)=(\S+)$", text, re.M))
