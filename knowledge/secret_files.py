"""Secrets from files: where a setting X is a secret, X_FILE may name the file that holds it.

systemd (`LoadCredential=`) and containers hand secrets over like that. Standard library only:
set-up reads its settings before either environment exists.
"""

import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from knowledge.errors import SecretUnusable

SUFFIX = "_FILE"


def read(variables: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """Return what is in the files these variables name, by the setting it stands for.

    Args:
        variables: what the environment says, by name in capitals.
        secrets: the settings that may be given so; no other X_FILE is looked at.

    Raises:
        SecretUnusable: a secret is given twice, or its file cannot be used; says which and why.
    """
    named = {name: variables.get(name + SUFFIX) for name in secrets}
    for name, file in named.items():
        if file and variables.get(name):
            raise SecretUnusable(f"Settings {name} and {name}{SUFFIX} are both given: keep one")
    return {name: _content(name + SUFFIX, Path(file)) for name, file in named.items() if file}


def _content(setting: str, file: Path) -> str:
    try:
        others = file.stat().st_mode & stat.S_IRWXO
        content = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretUnusable(
            f"Setting {setting}={file} cannot be read ({type(error).__name__}): it has to name "
            "a text file that the assistant's user may read"
        ) from None
    if others:
        raise SecretUnusable(
            f"Setting {setting}={file} is open to every user of this machine: chmod o= {file}"
        )
    if not content:
        raise SecretUnusable(f"Setting {setting}={file} is empty: write the secret into it")
    return content
