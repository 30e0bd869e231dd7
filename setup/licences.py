"""What may be done with each installed package: its licence, and whether we allow it.

`make licences` writes `.build/licences.md`. What is allowed only because of how we use it is in
`docs/accepted-licences.toml`, with the reason. Runs in the Python 3.11 environment.
"""

import importlib.metadata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tomllib
from packaging.utils import canonicalize_name

from setup.audit import pins
from setup.environments import MAIN, RASA, Environment
from setup.settings import ROOT, Settings
from setup.troubles import SetupFailed

REGISTER = ROOT / "docs" / "accepted-licences.toml"
LONGEST = 80  # characters of a licence's name; more is its text

# They ask for their text and their makers' names, or for changes to their own files.
ALLOWED = frozenset(
    {
        *(
            "0BSD",
            "Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
            "BSD-2-Clause",
            "BSD-3-Clause",
        ),
        *("BSL-1.0", "CC0-1.0", "CNRI-Python", "ISC", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0"),
        *("PSF-2.0", "Public-Domain", "TCL", "Unlicense", "Zlib"),
    }
)
# What packages say that do not use the names of SPDX.
SPOKEN = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache 2.0 License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD-3-Clause and Public-Domain": "BSD-3-Clause AND Public-Domain",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Public Domain": "Public-Domain",
    "Python Software Foundation License": "PSF-2.0",
}
# Libraries that wheels carry within, whatever their own licence says: these ask for more.
CARRIED = {
    "libx264": "GPL-2.0-or-later",
    "libx265": "GPL-2.0-or-later",
    "libxvidcore": "GPL-2.0-or-later",
    "libpostproc": "GPL-2.0-or-later",
    "librubberband": "GPL-2.0-or-later",
    "libfftw3": "GPL-2.0-or-later",
    "libgsl": "GPL-3.0-or-later",
    "libreadline": "GPL-3.0-or-later",
    "libpoppler": "GPL-2.0-or-later",
    "libgs": "AGPL-3.0-or-later",
    "libmupdf": "AGPL-3.0-or-later",
}


class NotAllowed(SetupFailed):
    """A package's licence is neither allowed nor accepted with a reason."""


@dataclass(frozen=True)
class Package:
    """An installed package; `licence` is an expression of SPDX, as far as it can be known."""

    name: str
    version: str
    licence: str


@dataclass(frozen=True)
class Accepted:
    """A licence that is accepted for one package, because of how it is used."""

    package: str
    licence: str
    reason: str


def read_register(file: Path = REGISTER) -> list[Accepted]:
    """Read what is accepted beyond `ALLOWED`."""
    return [Accepted(**entry) for entry in tomllib.loads(file.read_text("utf-8"))["accepted"]]


def installed(environment: Environment) -> list[Package]:
    """Return the packages of a list, with the licences that are stated where they lie."""
    folders = [str(each) for each in environment.folder.glob("lib/python3.*/site-packages")]
    listed = {name for name, _ in pins(environment)}
    return sorted(
        (
            Package(name, found.version, licence_of(found))
            for found in importlib.metadata.distributions(path=folders)
            if (name := canonicalize_name(found.metadata["Name"])) in listed
        ),
        key=lambda package: package.name,
    )


def licence_of(found: importlib.metadata.Distribution) -> str:
    """Return a package's licence and those of what it carries within; "" where it says none."""
    about = found.metadata
    said = _first(about, "License-Expression")
    if not said:
        named = [
            name
            for line in about.get_all("Classifier", [])
            if line.startswith("License :: ") and (name := line.split(" :: ")[-1]) in SPOKEN
        ]
        said = " AND ".join(sorted({SPOKEN[name] for name in named}))
    if not said:
        line = _first(about, "License").strip().partition("\n")[0]
        said = SPOKEN.get(line, line) if len(line) <= LONGEST else ""
    return " AND ".join([said, *sorted(set(_carried(found)))] if said else [])


def _first(about: importlib.metadata.PackageMetadata, field: str) -> str:
    return next(iter(about.get_all(field) or ()), "")


def _carried(found: importlib.metadata.Distribution) -> Iterator[str]:
    for file in found.files or ():
        if ".so" in file.name:
            yield from (
                licence
                for library, licence in CARRIED.items()
                if file.name.startswith((f"{library}-", f"{library}."))
            )


def is_allowed(licence: str) -> bool:
    """Tell whether an expression leaves a way that is allowed; one with brackets does not."""
    return any(
        all(part.strip() in ALLOWED for part in way.split(" AND "))
        for way in licence.split(" OR ")
    )


def not_allowed(packages: Sequence[Package], register: Sequence[Accepted]) -> list[Package]:
    """Return the packages whose licence nobody has accepted."""
    accepted = {(each.package, each.licence) for each in register}
    return [
        package
        for package in packages
        if not is_allowed(package.licence) and (package.name, package.licence) not in accepted
    ]


def run(settings: Settings) -> None:
    """Write the table of all packages.

    Raises:
        NotAllowed: names the packages whose licence nobody has accepted.
    """
    register, wrong = read_register(), list[Package]()
    lines = ["# Licences 许可证\n"]
    for environment in (MAIN, RASA):
        packages = installed(environment)
        wrong += not_allowed(packages, register)
        lines += [f"\n## {environment.folder.name}: {len(packages)}\n"]
        lines += ["| Package | Version | Licence |", "|---|---|---|"]
        lines += [f"| {p.name} | {p.version} | {p.licence} |" for p in packages]
    written = settings.build_dir / "licences.md"
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(written)
    if wrong:
        raise NotAllowed(
            "以下许可证没有被允许：换一个包，或写进登记册并说明理由。These licences are not "
            "allowed: take another package, or accept them with a reason:\n"
            + "\n".join(f"  {p.name} {p.version}: {p.licence or '?'}" for p in wrong)
        )
