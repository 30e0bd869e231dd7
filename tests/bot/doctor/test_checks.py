"""All checks together: one that breaks, or a store that is away, does not stop the others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from actions.db import Database
from bot.__main__ import commands
from bot.doctor import checks
from bot.doctor.checks import CHECKS, OF_STORE, STORE, look
from bot.doctor.finding import Finding, Installation
from tests.bot.doctor.conftest import Patient


def test_everything_is_looked_at_where_there_is_a_store(with_store: Patient) -> None:
    assert [name for name, _ in look(with_store.one)] == [*CHECKS, STORE, *OF_STORE]


def test_without_a_store_the_rest_is_looked_at_and_none_is_made(patient: Patient) -> None:
    found = dict(look(patient.one))
    assert "还没有数据库" in found[STORE][0].zh
    assert found.keys() == {*CHECKS, STORE}
    assert not (patient.state / "xiaoli.db").exists()


def test_a_store_without_tables_is_not_set_up_yet(patient: Patient) -> None:
    Database(patient.one.said.database).check_durable()
    found = dict(look(patient.one))
    assert "There is no database yet: run make setup." in found[STORE][0].en


def test_a_store_that_is_away_is_said(patient: Patient) -> None:
    found = dict(look(patient.but(database_url="postgresql://127.0.0.1:9/none")))
    assert "连不上数据库" in found[STORE][0].zh
    assert "is it up, and is DATABASE_URL right?" in found[STORE][0].en


def test_a_check_that_breaks_says_so_and_the_others_go_on(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_one: Installation) -> Iterator[Finding]:
        raise ValueError("with words of a resident")
        yield

    monkeypatch.setattr(checks, "CHECKS", {"first": broken, **CHECKS})
    found = dict(look(patient.one))
    assert found["first"] == [
        Finding("这一项查不了（ValueError）。", "This could not be looked at (ValueError).")
    ]
    assert STORE in found


@pytest.mark.parametrize(
    ("findings", "code", "last"),
    [
        ([], 0, "一切正常。All is well."),
        ([Finding("知道就好", "worth knowing", urgent=False)], 0, "一切正常。All is well."),
        ([Finding("坏了", "it is broken")], 1, "1 处需要处理。1 to mend."),
    ],
)
def test_the_exit_code_says_whether_something_has_to_be_mended(
    findings: list[Finding],
    code: int,
    last: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setattr("bot.doctor.commands.look", lambda _one: [("一项 Something", findings)])
    ended = CliRunner().invoke(commands, ["doctor"])
    assert ended.exit_code == code
    assert ended.stdout.splitlines()[-1] == last
    for finding in findings:
        assert f"    {finding.zh}\n    {finding.en}\n" in ended.stdout
