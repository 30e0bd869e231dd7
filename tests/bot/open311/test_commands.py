import json
import re
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from actions.db import Base, Database
from actions.people import keys
from actions.people.keys import KeyUnfit
from actions.people.model import Area, AuditEntry
from bot.__main__ import commands


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The state folder of an assistant that ran once."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    (tmp_path / "secrets.json").write_text(json.dumps({"SECRET_KEY": "kept"}))
    opened = Database(f"sqlite:///{tmp_path}/xiaoli.db")
    Base.metadata.create_all(opened.engine)
    with opened.transaction() as db:
        db.add(Area(id="guali/", tier="town"))
    return opened


def run(*words: str) -> str:
    return CliRunner().invoke(commands, ("keys", *words), catch_exceptions=False).output


def test_a_key_is_shown_once_works_and_can_be_disabled(store: Database) -> None:
    shown = re.search(r"shown this once: (\S+)", run("add", "city-app", "--area", "guali/"))
    assert shown
    with store.reading() as db:
        assert keys.of(db, shown[1])
    assert shown[1] not in run("list")
    assert "no longer" in run("disable", "city-app")
    assert re.search(r"city-app: guali/, made \d{4}-\S+, disabled \d{4}-", run("list"))
    with store.reading() as db:
        assert not keys.of(db, shown[1])


def test_who_made_a_key_is_in_the_audit_log(store: Database) -> None:
    run("add", "city-app", "--area", "guali/")
    run("disable", "city-app")
    with store.reading() as db:
        deeds = [(e.deed, e.subject) for e in db.scalars(select(AuditEntry))]
    assert deeds == [("key_added", "api_key:1"), ("key_disabled", "api_key:1")]


def test_a_mistake_is_told_and_writes_nothing(store: Database) -> None:
    with pytest.raises(KeyUnfit, match="no area nowhere"):
        run("add", "city-app", "--area", "nowhere")
    with store.reading() as db:
        assert keys.everyone(db) == []
        assert db.scalar(select(AuditEntry)) is None
