import sys
from pathlib import Path

import pytest

from setup import environments, settings
from setup.environments import MAIN, RASA
from setup.troubles import SetupFailed

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


@pytest.mark.parametrize("environment", [MAIN, RASA])
def test_a_list_names_versions_and_no_gpu_package(
    environment: environments.Environment,
) -> None:
    lines = environment.lock.read_text(encoding="utf-8").split()

    assert lines
    assert all("==" in line for line in lines)
    assert not [line for line in lines if line.startswith(("nvidia", "triton", "cuda"))]
