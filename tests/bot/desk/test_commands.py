import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from actions.db import Base, Database
from actions.errors import XiaoliError
from actions.people import links, staff
from actions.people.model import Area, AuditEntry, Role
from bot.desk.commands import commands

ADD = ("add", "wang", "--role", "staff", "--area", "guali/")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The state folder of an assistant that ran once, on SQLite as on anything."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    (tmp_path / "secrets.json").write_text(json.dumps({"SECRET_KEY": "kept"}))
    opened = Database(f"sqlite:///{tmp_path}/xiaoli.db")
    Base.metadata.create_all(opened.engine)
    with opened.transaction() as db:
        db.add(Area(id="guali/", tier="town"))
    return opened


def run(*words: str, typed: str = "") -> str:
    done = CliRunner().invoke(commands, words, input=typed, catch_exceptions=False)
    return done.output


def mistake(*words: str, typed: str = "") -> str:
    with pytest.raises(XiaoliError) as found:
        run(*words, typed=typed)
    return str(found.value)


def can_sign_in(store: Database, password: str) -> bool:
    with store.reading() as db:
        return staff.fits(staff.to_sign_in(db, "wang"), password)


def test_a_password_is_asked_for_twice(store: Database) -> None:
    out = run(*ADD, "--team", "road-team", typed="long enough\nlong enough\n")
    assert "wang is staff of guali/" in out
    assert "long enough" not in out
    assert can_sign_in(store, "long enough")
    assert "do not match" in run("reset", "wang", typed="one two three\nfour\n")
    assert can_sign_in(store, "long enough")


@pytest.mark.parametrize("role", list(Role))
def test_every_role_can_be_given(store: Database, role: Role) -> None:
    given = ("add", "wang", "--role", role, "--area", "guali/", "--team", "road-team")
    assert f"wang is {role} of guali/" in run(*given, "--generate")
    with store.reading() as db:
        who = staff.to_sign_in(db, "wang")
        assert who
        assert staff.reach_of(who).works


def test_agency_staff_without_a_team_and_dispatchers_of_a_village_are_none(
    store: Database,
) -> None:
    with store.transaction() as db:
        db.add(Area(id="guali/qicai/", tier="village"))
    assert "needs a team" in mistake(
        "add", "li", "--role", "agency", "--area", "guali/", "--generate"
    )
    village = ("add", "li", "--role", "dispatcher", "--area", "guali/qicai/", "--generate")
    assert "of a whole town" in mistake(*village)


def test_a_made_password_is_shown_once_and_works(store: Database) -> None:
    shown = re.search(r"shown this once: (\S+)", run(*ADD, "--generate"))
    assert shown
    assert can_sign_in(store, shown[1])
    again = re.search(r"shown this once: (\S+)", run("reset", "wang", "--generate"))
    assert again
    assert not can_sign_in(store, shown[1])
    assert can_sign_in(store, again[1])


def test_a_disabled_member_of_staff_stays_in_the_list(store: Database) -> None:
    run(*ADD, "--generate")
    assert "no longer" in run("disable", "wang")
    assert re.search(r"wang: staff of guali/, disabled \d{4}-", run("list"))


def test_mistakes_are_told_in_sentences(store: Database) -> None:
    run(*ADD, "--generate")
    assert "taken" in mistake(*ADD, "--generate")
    assert "no area nowhere" in mistake(
        "add", "li", "--role", "staff", "--area", "nowhere", "--generate"
    )
    assert "no team x" in mistake(*ADD, "--team", "x", "--generate")
    assert "too short" in mistake("reset", "wang", typed="short\nshort\n")
    assert "nobody" in mistake("reset", "nobody", "--generate")
    assert "nobody" in mistake("disable", "nobody")


def test_a_store_that_was_never_set_up_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert "run the assistant once" in mistake(*ADD, "--generate")
    (tmp_path / "secrets.json").write_text(json.dumps({"SECRET_KEY": "kept"}))
    assert "run the assistant once" in mistake("list")


def test_every_change_is_sealed_with_the_assistants_own_key(store: Database) -> None:
    run(*ADD, "--generate")
    run("reset", "wang", "--generate")
    run("disable", "wang")
    with store.transaction() as db:
        entries = db.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [entry.deed for entry in entries] == [
            "staff_added",
            "staff_reset",
            "staff_disabled",
        ]
        assert {entry.staff_id for entry in entries} == {None}
    assert "3 entries, all sealed" in run("audit")
    with store.transaction() as db:
        db.execute(update(AuditEntry).where(AuditEntry.id == 2).values(deed="nothing"))
    assert "Entry 2 does not fit" in run("audit")


def test_codes_for_chats_are_shown_once_and_work(store: Database) -> None:
    run(*ADD, "--generate")
    run("add", "boss", "--role", "admin", "--area", "guali/", "--generate")
    shown = re.search(r"绑定 (\S+)", run("link", "wang"))
    group = re.search(r"绑定群 (\S+)", run("link-chat", "boss", "--area", "guali"))
    assert shown
    assert group
    now = datetime.now(UTC)
    with store.transaction() as db:
        door = links.Door("platform", "w")
        assert links.link(db, shown[1], door, key="kept", now=now)
        assert links.open_chat(db, group[1], "c" * 32, key="kept", now=now)
    assert "there were 1 addresses" in run("unlink", "wang")
    with store.reading() as db:
        assert links.speaker(db, door) is None
        deeds = list(db.scalars(select(AuditEntry.deed).order_by(AuditEntry.id)))
    assert deeds[2:] == ["link_code_made", "chat_code_made", "unlinked"]


def test_a_chat_is_made_by_administrators_of_its_area_only(store: Database) -> None:
    run(*ADD, "--generate")
    assert "no administrator" in mistake("link-chat", "wang", "--area", "guali/")
    assert "no area" in mistake("link-chat", "wang", "--area", "nowhere")
    assert "no team x" in mistake("link-chat", "wang", "--area", "guali/", "--team", "x")
    run("disable", "wang")
    assert "disabled" in mistake("link", "wang")
