import hashlib
import io
import re
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from setup import environments, settings
from setup.environments import MAIN, RASA, SUPPLY
from setup.troubles import SetupFailed
from tests.conftest import missing

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def executable(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)
    return file


def test_a_version_managers_real_interpreter_is_found(tmp_path: Path) -> None:
    real = tmp_path / f"versions/{VERSION}.99/bin/python"
    real.parent.mkdir(parents=True)
    real.symlink_to(sys.executable)
    said = settings.of({"PYENV_ROOT": str(tmp_path), "HOME": str(tmp_path)})

    assert next(environments.interpreters((VERSION,), said)) == str(real)


def test_a_shim_that_only_complains_is_passed_by(tmp_path: Path) -> None:
    executable(tmp_path / f"versions/{VERSION}.99/bin/python", "#!/bin/sh\nexit 127\n")
    said = settings.of({"PYENV_ROOT": str(tmp_path), "HOME": str(tmp_path)})

    assert str(tmp_path) not in " ".join(environments.interpreters((VERSION,), said))


def test_a_named_interpreter_goes_before_all_others(tmp_path: Path) -> None:
    named = tmp_path / "mine"
    named.symlink_to(sys.executable)
    said = settings.of({"PYTHON" + VERSION.replace(".", ""): str(named)})

    assert next(environments.interpreters((VERSION,), said)) == str(named)


def test_a_named_interpreter_of_another_version_is_refused(tmp_path: Path) -> None:
    said = settings.of({"PYTHON310": str(executable(tmp_path / "mine", "#!/bin/sh\nexit 1\n"))})

    with pytest.raises(SetupFailed, match="PYTHON310="):
        next(environments.interpreters(RASA.pythons, said))


def test_a_local_cpu_build_of_torch_is_taken(tmp_path: Path) -> None:
    (tmp_path / "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl").touch()

    assert environments.torch_options({"UV_FIND_LINKS": str(tmp_path)}) == []


def test_elsewhere_the_cpu_build_of_torch_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl").touch()

    for links in ("", str(tmp_path), "https://wheels.example"):
        options = environments.torch_options({"UV_FIND_LINKS": links})
        assert options == ["--torch-backend", "cpu"]


def test_no_gpu_package_is_installed() -> None:
    environments.check_cpu_only()


@pytest.mark.parametrize("environment", [MAIN, RASA, SUPPLY])
def test_a_list_names_versions_and_hashes_and_no_gpu_package(
    environment: environments.Environment,
) -> None:
    text = environment.lock.read_text(encoding="utf-8").replace("\\\n", "")
    rows = [line.split() for line in text.splitlines()]

    assert rows
    for name, *hashes in rows:
        assert "==" in name
        assert not name.startswith(("nvidia", "triton", "cuda"))
        assert hashes
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) for each in hashes)


def test_torch_is_its_cpu_build_for_every_python_it_may_be_made_with() -> None:
    """On another index the same version is a build for graphics cards, with other hashes."""
    text = MAIN.lock.read_text(encoding="utf-8")
    torch = re.search(r"^torch==(\S+) \\\n((?: +--hash.*\n)+)", text, re.M)

    assert torch
    assert torch[1].endswith("+cpu")
    assert torch[2].count("--hash") >= len(MAIN.pythons)


def test_the_installer_itself_is_named_by_its_hashes() -> None:
    name, *hashes = environments.INSTALLER.read_text("utf-8").replace("\\\n", "").split()

    assert name == f"uv=={environments.UV_VERSION}"
    assert all(each.startswith("--hash=sha256:") for each in hashes)


@dataclass
class Shelf:
    """A folder with a package of one module, and an environment to put it into."""

    folder: Path

    def wheel(self, said: str) -> str:
        """Put a wheel there; returns its hash."""
        about = "toy-1.0+cpu.dist-info"
        written = self.folder / "toy-1.0+cpu-py3-none-any.whl"
        kind = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        with zipfile.ZipFile(written, "w") as wheel:
            wheel.writestr("toy.py", f"said = {said!r}\n")
            name = "Metadata-Version: 2.1\nName: toy\nVersion: 1.0+cpu\n"
            wheel.writestr(f"{about}/METADATA", name)
            wheel.writestr(f"{about}/WHEEL", kind)
            wheel.writestr(f"{about}/RECORD", "")
        return hashlib.sha256(written.read_bytes()).hexdigest()

    def wants(self, row: str) -> environments.Environment:
        lock = self.folder / "toy.lock"
        lock.write_text(row)
        return replace(MAIN, folder=self.folder / "env", lock=lock)

    def sync(
        self, made: environments.Environment, *options: str
    ) -> "subprocess.CompletedProcess[str]":
        """Do what `make` does, with nothing but the shelf within reach."""
        here = {"UV_NO_CONFIG": "1"}
        uv, place = str(environments.UV), str(made.folder)
        begin = [uv, "venv", "-q", "--clear", "--python", sys.executable, place]
        subprocess.run(begin, check=True, env=here)
        return subprocess.run(
            [
                *(uv, "pip", "sync", "--no-cache", "--no-index"),
                *("--find-links", str(self.folder)),
                *("--python", str(made.python), *options, str(made.lock)),
            ],
            capture_output=True,
            text=True,
            check=False,
            env=here,
        )


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    if not environments.UV.exists():
        missing("the installer uv (make environments)")
    return Shelf(tmp_path)


def test_a_file_that_is_not_the_one_of_the_list_is_refused(shelf: Shelf) -> None:
    made = shelf.wants(f"toy==1.0+cpu --hash=sha256:{shelf.wheel('hello')}")
    assert shelf.sync(made, *environments.hash_options(made)).returncode == 0

    shelf.wheel("harm")
    refused = shelf.sync(made, *environments.hash_options(made))

    assert refused.returncode
    assert "Hash mismatch" in refused.stderr


def test_without_its_hash_the_other_file_would_be_taken(shelf: Shelf) -> None:
    """The control: the list as it was before."""
    made = shelf.wants("toy==1.0+cpu")
    shelf.wheel("harm")

    assert shelf.sync(made).returncode == 0
    assert shelf.sync(made, *environments.hash_options(made)).returncode


def test_a_package_that_would_run_its_own_code_is_not_built(shelf: Shelf) -> None:
    source = shelf.folder / "toy-1.0.tar.gz"
    with tarfile.open(source, "w:gz") as packed:
        packed.addfile(tarfile.TarInfo("toy-1.0/setup.py"), io.BytesIO())
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    made = shelf.wants(f"toy==1.0 --hash=sha256:{digest}")

    refused = shelf.sync(made, *environments.hash_options(made))

    assert refused.returncode
    assert "building from source is disabled" in refused.stderr


def test_what_must_be_built_is_built_with_tools_of_the_list() -> None:
    names = [row.partition("==")[0] for row in RASA.lock.read_text("utf-8").splitlines()]
    options = " ".join(environments.hash_options(RASA))

    assert {*RASA.built, "setuptools", "wheel"} <= set(names)
    assert f"--build-constraints {RASA.lock}" in options
    assert MAIN.built == ()
