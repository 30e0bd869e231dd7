"""The audit: what is new is told, what is judged is not, and silence is no answer."""

import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from setup import audit, environments, settings
from setup.__main__ import main
from setup.audit import Advisory, NotAsked, NotJudged, Risk
from setup.environments import MAIN, RASA
from setup.settings import Settings

# As pip-audit writes it: one judged, one new, one package nobody knows anything about.
REPORT = json.dumps(
    {
        "dependencies": [
            {"name": "certifi", "version": "2026.10.18", "vulns": []},
            {
                "name": "dnspython",
                "version": "2.3.0",
                "vulns": [
                    {
                        "id": "PYSEC-2024-1",
                        "fix_versions": ["2.6.1"],
                        "aliases": ["CVE-2023-29483", "GHSA-3rq5-2g8h-59hc"],
                        "description": "a resolver waits",
                    }
                ],
            },
            {
                "name": "toy",
                "version": "1.0",
                "vulns": [
                    {
                        "id": "GHSA-aaaa-bbbb-cccc",
                        "fix_versions": ["1.1"],
                        "aliases": ["CVE-2099-1"],
                        "description": "new",
                    }
                ],
            },
        ],
        "fixes": [],
    }
)
# As it came from a mirror of packages that has no advisories: exit code 0, and in words "No
# known vulnerabilities found".
SILENT = json.dumps(
    {
        "dependencies": [
            {
                "name": "toy",
                "skip_reason": "Dependency not found on PyPI and could not be audited",
            }
        ],
        "fixes": [],
    }
)
JUDGED = Risk("dnspython", "2.3.0", frozenset({"CVE-2023-29483"}), "not called", "why")


def test_an_advisory_is_judged_by_any_of_its_names_and_only_for_that_version() -> None:
    found = audit.read_answer(REPORT).advisories

    assert [each.package for each in audit.not_judged(found, [JUDGED])] == ["toy"]
    assert len(audit.not_judged(found, [])) == 2
    assert len(audit.not_judged(found, [replace(JUDGED, version="2.4.0")])) == 2
    assert len(audit.not_judged(found, [replace(JUDGED, package="toy")])) == 2
    assert "CVE-2099-1, GHSA-aaaa-bbbb-cccc (1.1)" in str(found[1])


def test_a_package_nobody_knows_is_unanswered_not_safe() -> None:
    answer = audit.read_answer(SILENT)

    assert answer.advisories == ()
    assert answer.unanswered == ("toy",)


def test_what_is_no_longer_pinned_has_to_leave_the_register() -> None:
    assert audit.out_of_date([JUDGED], [("dnspython", "2.3.0")]) == []
    assert audit.out_of_date([JUDGED], [("dnspython", "2.7.0")]) == [JUDGED]


def test_every_entry_of_the_register_is_pinned_fenced_and_reasoned() -> None:
    register = audit.read_register()

    assert register
    assert audit.out_of_date(register, [*audit.pins(MAIN), *audit.pins(RASA)]) == []
    for risk in register:
        assert risk.fence in audit.FENCES
        assert risk.advisories
        assert len(risk.reason) > 20
        assert all(name.startswith(("CVE-", "GHSA-", "PYSEC-")) for name in risk.advisories)
    assert len({(risk.package, risk.fence) for risk in register}) == len(register)


# What a package is imported as, where that is not its name.
IMPORTED = {"tensorflow-cpu": "tensorflow", "protobuf": "google.protobuf"}


def test_what_is_not_loaded_is_looked_for_in_the_server() -> None:
    test = Path("tests/nlu/test_command.py").read_text("utf-8")
    absent = re.search(r'^ABSENT = "(.+)"$', test, re.M)
    unloaded = [risk.package for risk in audit.read_register() if risk.fence == "not loaded"]

    assert absent
    assert {IMPORTED.get(name, name) for name in unloaded} <= set(absent[1].split())


def test_a_label_of_a_build_is_no_version_to_ask_about() -> None:
    assert dict(audit.pins(MAIN))["torch"].count("+") == 0
    assert len(audit.pins(RASA)) > 100


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for pip-audit that answers what stands in a file, by service."""
    tool = tmp_path / "supply" / "bin" / "pip-audit"
    tool.parent.mkdir(parents=True)
    tool.write_text(
        f'#!/bin/sh\ncase "$*" in *" osv "*) s=osv;; *) s=pypi;; esac\ncat {tmp_path}/$s 2>&1\n'
    )
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(
        audit, "SUPPLY", replace(environments.SUPPLY, folder=tmp_path / "supply")
    )
    register = tmp_path / "register.toml"
    register.write_text(
        '[[risk]]\npackage = "dnspython"\nversion = "2.3.0"\nadvisories = ["CVE-2023-29483"]\n'
        'fence = "not called"\nreason = "why"\n'
    )
    monkeypatch.setattr(audit.read_register, "__defaults__", (register,))
    return tmp_path


def here(folder: Path) -> Settings:
    return settings.of({"BUILD_DIR": str(folder / "build"), "PATH": "/usr/bin:/bin"})


def test_a_new_advisory_is_named_and_fails(asked: Path) -> None:
    (asked / "pypi").write_text(REPORT)

    with pytest.raises(NotJudged, match=r"toy 1\.0") as told:
        audit.run(here(asked))
    assert "dnspython" not in str(told.value)
    assert told.value.exit_code == 1


def test_where_the_first_knows_nothing_the_second_is_asked(asked: Path) -> None:
    (asked / "pypi").write_text(SILENT)
    (asked / "osv").write_text(REPORT)

    with pytest.raises(NotJudged, match="toy"):
        audit.run(here(asked))


@pytest.mark.parametrize("said", [SILENT, "", "ConnectionError: no way out"])
def test_nobody_asked_is_told_apart_from_nothing_found(asked: Path, said: str) -> None:
    (asked / "pypi").write_text(said)
    (asked / "osv").write_text(said)

    with pytest.raises(NotAsked, match=r"pypi\.org") as told:
        audit.run(here(asked))
    assert told.value.exit_code == 3


def test_nothing_new_is_said_and_passes(
    asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = json.loads(REPORT)
    rows["dependencies"] = rows["dependencies"][:2]
    (asked / "pypi").write_text(json.dumps(rows))

    audit.run(here(asked))

    assert "2 known advisories, 2 of them judged" in capsys.readouterr().out


def test_the_command_ends_with_a_code_of_its_own_when_nobody_was_asked(
    asked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (asked / "pypi").write_text(SILENT)
    monkeypatch.setattr("setup.__main__.COMMANDS", {"audit": audit.run})
    monkeypatch.setattr("sys.argv", ["setup", "audit", "--in-environment"])
    monkeypatch.setenv("BUILD_DIR", str(asked / "build"))

    assert main() == 3


def test_an_advisory_without_a_mended_release_says_so() -> None:
    assert str(Advisory("toy", "1.0", frozenset({"CVE-1"}))).endswith("CVE-1 (—)")
