"""Makes the two Python environments from their pinned lists, with uv.

Standard library only. Rasa stops at Python 3.10; everything else runs on 3.11 or newer.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from setup.progress import Task, run
from setup.settings import BUILD, ROOT, TOOLS, VENV, VENV_RASA, Settings
from setup.troubles import WRONG_PYTHON, SetupFailed

UV_VERSION = "0.13.9"
UV = TOOLS / "uv" / "bin" / "uv"
PIP = (str(UV.with_name("python")), "-m", "pip")  # the one that fetches uv


@dataclass(frozen=True)
class Environment:
    """One environment: its folder, its list, and the Pythons it may be made with."""

    title: str
    folder: Path
    lock: Path
    pythons: tuple[str, ...]  # the best first
    usual_seconds: float

    @property
    def python(self) -> Path:
        """The environment's own interpreter."""
        return self.folder / "bin" / "python"


MAIN = Environment(
    "安装 Python 3.11 软件包 Python 3.11 packages",
    VENV,
    ROOT / "requirements.lock",
    ("3.11", "3.12", "3.13"),
    90,
)
RASA = Environment(
    "安装 Rasa 软件包 Rasa's packages",
    VENV_RASA,
    ROOT / "nlu" / "requirements.lock",
    ("3.10",),
    90,
)


def make(environment: Environment, settings: Settings) -> None:
    """Make or mend one environment, so that it holds exactly what its list says.

    Raises:
        SetupFailed: the message says what to do.
    """
    _fetch_uv(settings)
    variables = _uv_variables(settings)
    if not _works(environment):
        python = next(interpreters(environment.pythons, settings), environment.pythons[0])
        _uv(
            "准备 Python 解释器 Python interpreter",
            variables,
            "venv",
            "--clear",
            "--no-project",
            "--python",
            python,
            str(environment.folder),
        )
    _uv(
        environment.title,
        variables,
        "pip",
        "sync",
        "--python",
        str(environment.python),
        *torch_options(variables),
        str(environment.lock),
        seconds=environment.usual_seconds,
    )


def check_cpu_only() -> None:
    """Make sure that no CUDA package came along.

    Raises:
        SetupFailed: torch is not a CPU build, or an NVIDIA package is installed.
    """
    for environment in (MAIN, RASA):
        packages = environment.folder.glob("lib/python3.*/site-packages/*.dist-info")
        names = {folder.name.lower() for folder in packages}
        unwanted = sorted(name for name in names if name.startswith(("nvidia", "triton")))
        if unwanted:
            raise SetupFailed(
                f"装进了显卡专用的软件包 {unwanted[0]}：请执行 make clean 后重试。"
                f"The GPU package {unwanted[0]} was installed: run make clean and try again."
            )
    versions = MAIN.folder.glob("lib/python3.*/site-packages/torch/version.py")
    if not all("cuda: Optional[str] = None" in file.read_text("utf-8") for file in versions):
        raise SetupFailed(
            "装进了显卡版的 torch：请执行 make clean 后重试。"
            "A GPU build of torch was installed: run make clean and try again."
        )


def _uv(title: str, variables: dict[str, str], *arguments: str, seconds: float = 10) -> None:
    log = BUILD / "logs" / f"uv-{arguments[0]}.log"
    run(Task(title, [str(UV), *arguments], variables, log, seconds, ROOT))


def _fetch_uv(settings: Settings) -> None:
    """Get uv as an ordinary package from PyPI, into a folder of its own."""
    version = _answers([str(UV), "--version"])
    if version.startswith(f"uv {UV_VERSION}") and _answers([*PIP, "--version"]):
        return
    folder = TOOLS / "uv"
    log = BUILD / "logs" / "uv.log"
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [*PIP, "install", "-q", f"uv=={UV_VERSION}"],
    ):
        run(Task("准备安装工具 uv The installer uv", command, settings.variables, log, 8, ROOT))


def _uv_variables(settings: Settings) -> dict[str, str]:
    """What uv is told; it does not read pip's settings, so they are handed on."""
    pip = _pip_settings()
    variables = {
        "UV_COMPILE_BYTECODE": "1",  # or TensorFlow is compiled anew at each start
        "UV_NO_PROGRESS": "1",
        "UV_NO_CONFIG": "1",
        "UV_FIND_LINKS": pip.get("find-links", "").replace(" ", ","),
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_HTTP_TIMEOUT": "180",
    }
    return {name: value for name, value in variables.items() if value} | settings.variables


def _pip_settings() -> dict[str, str]:
    """Return pip's settings, the more particular over the more general."""
    found: dict[str, str] = {}
    for line in _answers([*PIP, "config", "list"]).splitlines():
        name, _, value = line.partition("=")
        if name.startswith(("global.", "install.", ":env:.")):
            found[name.rpartition(".")[2]] = value.strip("'\"").replace("\\n", " ").strip()
    return found


def torch_options(variables: dict[str, str]) -> list[str]:
    """Ask for the CPU build of torch, unless a local folder already offers one."""
    for folder in variables.get("UV_FIND_LINKS", "").split(","):
        if folder and any(Path(folder).glob("torch-*+cpu-*.whl")):
            return []
    return ["--torch-backend", "cpu"]


def _works(environment: Environment) -> bool:
    return _version(environment.python) in environment.pythons


def interpreters(versions: tuple[str, ...], settings: Settings) -> Iterator[str]:
    """Yield real interpreters, the best first: a version manager's shim is none.

    Raises:
        SetupFailed: one was named and cannot be used.
    """
    for version in versions:
        named = settings.variables.get("PYTHON" + version.replace(".", ""))
        if named:
            if _version(Path(named)) != version:
                raise SetupFailed(f"{WRONG_PYTHON} ({named})")
            yield named
        for candidate in _candidates(version, settings):
            if _version(candidate) == version:
                yield str(candidate)


def _candidates(version: str, settings: Settings) -> Iterator[Path]:
    home = Path(settings.variables.get("HOME", "/"))
    path = [Path(folder) for folder in settings.variables.get("PATH", "").split(":") if folder]
    for manager in _version_managers(home, path, settings):
        yield from sorted(manager.glob(f"{version}.*/bin/python"), reverse=True)
    share = Path(settings.variables.get("XDG_DATA_HOME") or home / ".local" / "share")
    yield from sorted(share.glob(f"uv/python/cpython-{version}.*/bin/python"), reverse=True)
    for folder in path:
        yield folder / f"python{version}"


def _version_managers(home: Path, path: list[Path], settings: Settings) -> Iterator[Path]:
    """Yield the folders in which version managers keep one folder a version."""
    root = settings.variables.get("PYENV_ROOT")
    yield Path(root) / "versions" if root else home / ".pyenv" / "versions"
    yield from (folder.parent / "versions" for folder in path if folder.name == "shims")
    yield home / ".asdf" / "installs" / "python"
    yield Path(sys.base_prefix).parent


def _version(python: Path) -> str:
    """Return an interpreter's version as "3.11", "" when it is none that works."""
    if not python.is_file():
        return ""
    say = "import json, sys; print(json.dumps(sys.version_info[:2]))"
    answer = _answers([str(python), "-c", say])
    return ".".join(map(str, json.loads(answer))) if answer else ""


def _answers(command: list[str]) -> str:
    """Return what a command prints, "" when it cannot be run or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""
