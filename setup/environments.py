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
from setup.settings import ROOT, TOOLS, VENV, VENV_RASA, Settings
from setup.troubles import WRONG_PYTHON, SetupFailed

INSTALLER = ROOT / "setup" / "installer.lock"
UV_VERSION = INSTALLER.read_text("utf-8").split()[0].removeprefix("uv==")
UV = TOOLS / "uv" / "bin" / "uv"
PIP = (str(UV.with_name("python")), "-m", "pip")  # the one that fetches uv


@dataclass(frozen=True)
class Environment:
    """One environment: its folder, its list, and the Pythons it may be made with.

    The list names every file by its hash; another is refused, wherever it comes from.
    """

    title: str
    folder: Path
    lock: Path
    asked: tuple[str, ...]  # what uv makes the list of
    pythons: tuple[str, ...]  # the best first
    usual_seconds: float
    built: tuple[str, ...] = ()  # packages of which there are only sources: they are built here

    @property
    def python(self) -> Path:
        """The environment's own interpreter."""
        return self.folder / "bin" / "python"


MAIN = Environment(
    "安装 Python 3.11 软件包 Python 3.11 packages",
    VENV,
    ROOT / "requirements.lock",
    ("pyproject.toml", "--group", "dev"),
    ("3.11", "3.12", "3.13"),
    90,
)
RASA = Environment(
    "安装 Rasa 软件包 Rasa's packages",
    VENV_RASA,
    ROOT / "nlu" / "requirements.lock",
    (
        *("nlu/pyproject.toml", "--group", "nlu/pyproject.toml:dev"),
        *("--no-emit-package", "tensorflow"),  # tensorflow-cpu is in its place
    ),
    ("3.10",),
    90,
    ("docopt", "mattermostwrapper", "randomname"),
)
SUPPLY = Environment(
    "安装供应链检查工具 Tools that check what is installed",
    TOOLS / "supply",
    ROOT / "setup" / "supply.lock",
    ("--group", "pyproject.toml:supply"),
    MAIN.pythons,
    10,
)


def make(environment: Environment, settings: Settings) -> None:
    """Make or mend one environment, so that it holds exactly what its list says.

    Raises:
        SetupFailed: the message says what to do.
    """
    _fetch_uv(settings)
    variables = _uv_variables(settings)
    logs = settings.build_dir / "logs"
    if not _works(environment):
        python = next(interpreters(environment.pythons, settings), environment.pythons[0])
        _uv(
            logs,
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
        logs,
        environment.title,
        variables,
        "pip",
        "sync",
        "--python",
        str(environment.python),
        *hash_options(environment),
        *torch_options(variables),
        str(environment.lock),
        seconds=environment.usual_seconds,
    )


def write_list(environment: Environment, settings: Settings) -> None:
    """Write an environment's list anew: versions stay where they can, and get their hashes.

    To be run where the CPU builds of torch can be reached: they are of no other index.

    Raises:
        SetupFailed: the message says what to do.
    """
    _fetch_uv(settings)
    variables = _uv_variables(settings)
    _uv(
        settings.build_dir / "logs",
        f"更新 {environment.lock.name} Writing the list",
        variables,
        *("pip", "compile", *environment.asked, "--generate-hashes"),
        *("--no-annotate", "--no-header", "--python", str(environment.python)),
        *("--output-file", str(environment.lock), *torch_options(variables)),
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


def _uv(
    logs: Path, title: str, variables: dict[str, str], *arguments: str, seconds: float = 10
) -> None:
    log = logs / f"uv-{arguments[0]}.log"
    run(Task(title, [str(UV), *arguments], variables, log, seconds, ROOT))


def _fetch_uv(settings: Settings) -> None:
    """Get uv as an ordinary package from PyPI, into a folder of its own."""
    version = _answers([str(UV), "--version"])
    if version.startswith(f"uv {UV_VERSION}") and _answers([*PIP, "--version"]):
        return
    folder = TOOLS / "uv"
    log = settings.build_dir / "logs" / "uv.log"
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [*PIP, "install", "-q", "--require-hashes", "--no-deps", "-r", str(INSTALLER)],
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


def hash_options(environment: Environment) -> list[str]:
    """Take only files whose hash the list has, and run no package's own code but `built`.

    What those are built with is of the list, too.
    """
    built = [part for name in environment.built for part in ("--no-binary", name)]
    tools = ["--build-constraints", str(environment.lock)] if built else []
    return ["--require-hashes", "--only-binary", ":all:", *built, *tools]


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
