"""Licences: of all that is installed, and of what would be a surprise."""

import importlib.metadata
from pathlib import Path

import pytest

from setup import licences
from setup.environments import MAIN, RASA, Environment
from setup.licences import Accepted, Package


def shipped(folder: Path, about: str, *files: str) -> importlib.metadata.Distribution:
    """A package as it lies in an environment."""
    info = folder / "toy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: toy\nVersion: 1.0\n{about}\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    return importlib.metadata.Distribution.at(info)


@pytest.mark.parametrize("environment", [MAIN, RASA])
def test_every_licence_is_allowed_or_accepted_with_a_reason(environment: Environment) -> None:
    packages = licences.installed(environment)

    assert packages
    assert licences.not_allowed(packages, licences.read_register()) == []


def test_what_is_accepted_is_still_there_and_says_why() -> None:
    there = {(p.name, p.licence) for e in (MAIN, RASA) for p in licences.installed(e)}
    register = licences.read_register()

    assert {(each.package, each.licence) for each in register} <= there
    assert all(len(each.reason) > 20 for each in register)


@pytest.mark.parametrize(
    ("about", "licence"),
    [
        ("License-Expression: MIT OR GPL-3.0-only", "MIT OR GPL-3.0-only"),
        ("License: MIT License", "MIT"),
        ("Classifier: License :: OSI Approved :: Apache Software License", "Apache-2.0"),
        ("Classifier: License :: OSI Approved :: MIT License\nLicense: other", "MIT"),
        ("License: GPLv3", "GPLv3"),
        (f"License: {'word ' * 40}", ""),
        ("Summary: says nothing", ""),
    ],
)
def test_a_licence_is_read_where_packages_state_it(
    tmp_path: Path, about: str, licence: str
) -> None:
    assert licences.licence_of(shipped(tmp_path, about)) == licence


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("BSD-3-Clause AND MIT", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("LGPL-3.0-only", False),
        ("BSD-3-Clause AND GPL-2.0-or-later", False),
        ("(MIT OR GPL-3.0-only) AND SSPL-1.0", False),
        ("proprietary", False),
        ("", False),
    ],
)
def test_a_surprise_is_none_of_the_allowed(licence: str, allowed: bool) -> None:
    assert licences.is_allowed(licence) is allowed


def test_what_a_wheel_carries_within_counts_too(tmp_path: Path) -> None:
    inside = ("toy.libs/libx264-d6533a8d.so.165", "toy/libx265_like.py", "toy/libgsl.so")
    found = licences.licence_of(shipped(tmp_path, "License-Expression: MIT", *inside))

    assert found == "MIT AND GPL-2.0-or-later AND GPL-3.0-or-later"
    assert not licences.is_allowed(found)


def test_what_is_accepted_is_accepted_for_one_package_and_licence() -> None:
    register = [Accepted("toy", "GPL-3.0-only", "a reason")]
    packages = [
        Package("toy", "1.0", "GPL-3.0-only"),
        Package("toy", "2.0", "AGPL-3.0-only"),
        Package("other", "1.0", "GPL-3.0-only"),
    ]

    assert licences.not_allowed(packages, register) == packages[1:]
