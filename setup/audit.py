"""Asks which of the pinned packages have known advisories, and tells those nobody has judged.

What was judged is in `docs/accepted-risks.toml`: Rasa pins old releases, and for each advisory
it says why what it describes cannot happen here. Runs in the Python 3.11 environment.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomllib

from setup.environments import MAIN, RASA, SUPPLY, Environment
from setup.settings import ROOT, Settings
from setup.troubles import SetupFailed

REGISTER = ROOT / "docs" / "accepted-risks.toml"
SERVICES = ("pypi", "osv")  # whom pip-audit asks; the second where the first does not know
WITHIN = 600  # seconds for one list

# How a risk may be fenced. Each entry of the register names one, and says why it holds.
FENCES = {
    "not loaded": "The Rasa server never imports it (tests/nlu/test_command.py).",
    "client": "It only speaks to our own action server, on loopback, which wants a secret.",
    "not called": "It is imported, and what the advisory is about is called by nobody.",
    "own data": "What it could reveal is in this clone for everybody to read.",
    "set-up": "It is used while packages are built, and those are named by their hashes.",
}


class NotJudged(SetupFailed):
    """There are advisories that the register does not have."""


class NotAsked(SetupFailed):
    """Nobody could be asked, for all packages or for some: this says nothing about them."""

    exit_code = 3


@dataclass(frozen=True)
class Advisory:
    """A known weakness of a pinned release, by all its names (CVE, GHSA, PYSEC)."""

    package: str
    version: str
    names: frozenset[str]
    fixed_in: tuple[str, ...] = ()

    def __str__(self) -> str:
        mended = ", ".join(self.fixed_in) or "—"
        return f"{self.package} {self.version}: {', '.join(sorted(self.names))} ({mended})"


@dataclass(frozen=True)
class Answer:
    """What came of asking about one list."""

    advisories: tuple[Advisory, ...]
    unanswered: tuple[str, ...]  # packages nothing is known about, not even that they are safe


@dataclass(frozen=True)
class Risk:
    """What was judged about one package at one version."""

    package: str
    version: str
    advisories: frozenset[str]
    fence: str
    reason: str


def read_register(file: Path = REGISTER) -> list[Risk]:
    """Read what was judged.

    Raises:
        KeyError, TypeError: an entry lacks a field or has one that is none.
    """
    entries = tomllib.loads(file.read_text(encoding="utf-8"))["risk"]
    return [Risk(**entry | {"advisories": frozenset(entry["advisories"])}) for entry in entries]


def read_answer(written: str) -> Answer:
    """Read a report of pip-audit, as JSON."""
    rows: list[dict[str, Any]] = json.loads(written)["dependencies"]
    found = [
        Advisory(
            row["name"],
            row["version"],
            frozenset({known["id"], *known["aliases"]}),
            tuple(known["fix_versions"]),
        )
        for row in rows
        for known in row.get("vulns", ())
    ]
    return Answer(tuple(found), tuple(row["name"] for row in rows if "skip_reason" in row))


def not_judged(found: Iterable[Advisory], register: Sequence[Risk]) -> list[Advisory]:
    """Return the advisories the register does not have for that package at that version."""
    judged = {
        (risk.package, risk.version, name) for risk in register for name in risk.advisories
    }
    return [
        each
        for each in found
        if not any((each.package, each.version, name) in judged for name in each.names)
    ]


def out_of_date(register: Sequence[Risk], pinned: Iterable[tuple[str, str]]) -> list[Risk]:
    """Return the entries about releases that no list pins any more."""
    still = set(pinned)
    return [risk for risk in register if (risk.package, risk.version) not in still]


def pins(environment: Environment) -> list[tuple[str, str]]:
    """Return the packages a list pins, with their versions; a build's label is no version."""
    rows = re.findall(r"^([\w.-]+)==([^\s+]+)", environment.lock.read_text("utf-8"), re.M)
    return [(name, version) for name, version in rows]


def run(settings: Settings) -> None:
    """Ask about both lists and say what is new.

    Raises:
        NotJudged: an advisory is not in the register.
        NotAsked: nobody answered about some package.
    """
    register, answers = read_register(), [_ask(each, settings) for each in (MAIN, RASA)]
    found = [each for answer in answers for each in answer.advisories]
    new, unanswered = not_judged(found, register), [n for a in answers for n in a.unanswered]
    print(
        f"已知漏洞 {len(found)} 个，其中 {len(found) - len(new)} 个已评估（{REGISTER.name}）。"
        f"{len(found)} known advisories, {len(found) - len(new)} of them judged."
    )
    if new:
        raise NotJudged(
            "以下漏洞还没有评估：升级，或写进登记册并说明理由。"
            "These are not judged: upgrade, or enter them with a reason:\n"
            + "\n".join(f"  {each}" for each in new)
        )
    if unanswered:
        raise NotAsked(
            f"有 {len(unanswered)} 个软件包没有得到答复，不能说它们没有漏洞："
            "需要连上 pypi.org 或 api.osv.dev。"
            f"Nobody answered about {len(unanswered)} packages, which does not mean that they "
            "have no advisories: pypi.org or api.osv.dev has to be within reach."
        )


def _ask(environment: Environment, settings: Settings) -> Answer:
    answer = Answer((), tuple(name for name, _ in pins(environment)))
    for service in SERVICES:
        if answer.unanswered:
            answer = _answer_of(service, environment, settings) or answer
    return answer


def _answer_of(service: str, environment: Environment, settings: Settings) -> Answer | None:
    """Ask one service; None where it cannot be reached."""
    plain = settings.build_dir / f"audit-{environment.folder.name}.txt"
    plain.parent.mkdir(parents=True, exist_ok=True)
    plain.write_text("".join(f"{name}=={version}\n" for name, version in pins(environment)))
    command = [
        *(str(SUPPLY.folder / "bin" / "pip-audit"), "--requirement", str(plain)),
        *("--no-deps", "--disable-pip", "--vulnerability-service", service),
        *("--format", "json", "--progress-spinner", "off"),
    ]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=WITHIN,
            env=settings.variables,
        )
        return read_answer(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None
