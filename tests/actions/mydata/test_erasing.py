"""After delete-me nothing of a resident is found anywhere, and all of the other is (P44)."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from actions.db import Database
from actions.mydata import collecting, erasing, files, whose
from actions.mydata.whose import HOW
from actions.people import audit
from tests.actions.mydata.planting import Planted, everything, plant, plant_shared
from tests.conftest import StandingClock


@dataclass
class Two:
    """Two residents, planted everywhere, and the folder their photos lie in."""

    database: Database
    clock: StandingClock
    folder: Path
    first: Planted
    second: Planted

    def forget(self) -> None:
        with self.database.transaction() as db:
            erasing.forget(db, self.first.resident_id, now=self.clock.now())
        with self.database.transaction() as db:
            files.remove_due(db, self.folder)
        assert self.database.scrub()

    def rows(self) -> dict[str, list[str]]:
        with self.database.reading() as db:
            return everything(db)

    def found(self, planted: Planted) -> set[str]:
        """Where a canary of somebody stands: "table" by what was planted."""
        written = str(self.rows())
        return {where for where, canary in planted.canaries.items() if canary in written}


@pytest.fixture
def two(database: Database, clock: StandingClock, tmp_path: Path) -> Two:
    folder = tmp_path / "uploads"
    folder.mkdir()
    with database.transaction() as db:
        shared = plant_shared(db, clock.now())
        bystander = plant(db, "Zoe", shared, clock.now())
        first = plant(db, "Ann", shared, clock.now(), bystander)
        second = plant(db, "Bob", shared, clock.now(), bystander)
        audit.append(
            db,
            key="key",
            staff_id=shared["staff"],
            deed="read_conversation",
            subject=f"conversation:{first.made['conversations']}",
            now=clock.now(),
        )
    for one in (first, second):
        (folder / str(one.made["uploads"])).write_bytes(f"photo of {one.name}".encode())
    return Two(database, clock, folder, first, second)


def test_a_canary_was_planted_wherever_somebody_may_have_written(two: Two) -> None:
    assert two.found(two.first) == set(two.first.canaries)
    words = {f"{c.table.name}.{c.name}" for c in whose.referring("words")}
    assert words <= set(two.first.canaries)
    assert len(two.first.canaries) > 40


def test_after_delete_me_no_table_has_anything_of_them(two: Two) -> None:
    two.forget()
    assert two.found(two.first) == set()
    written = str(two.rows())
    assert written.count(two.first.resident_id) == 0
    # The audit alone has the id of a conversation that is no more.
    gone = str(two.first.made["conversations"])
    assert [name for name, rows in two.rows().items() if gone in str(rows)] == ["audit"]


def test_all_of_the_other_is_as_it_was(two: Two) -> None:
    before = two.rows()
    two.forget()
    after = two.rows()
    for name, rows in before.items():
        theirs = [row for row in rows if two.second.name in row or "b" * 32 in row]
        assert [row for row in theirs if row not in after[name]] == [], name
    assert two.found(two.second) == set(two.second.canaries)


def test_the_photo_goes_and_the_others_stays(two: Two) -> None:
    two.forget()
    left = [file.read_bytes() for file in two.folder.iterdir()]
    assert left == [b"photo of Bob"]


def test_not_a_byte_is_left_in_a_file(two: Two, tmp_path: Path) -> None:
    two.forget()
    written = b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    found = [
        where for where, canary in two.first.canaries.items() if canary.encode() in written
    ]
    assert found == []
    if two.database.engine.dialect.name == "sqlite":
        kept = [c for c in two.second.canaries.values() if c.encode() not in written]
        assert kept == []


def test_without_emptying_the_log_the_bytes_would_be_left(two: Two, tmp_path: Path) -> None:
    """Negative control of the search through files."""
    if two.database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's files are its own")
    with two.database.transaction() as db:
        erasing.forget(db, two.first.resident_id, now=two.clock.now())
    written = b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    assert any(canary.encode() in written for canary in two.first.canaries.values())


@pytest.mark.parametrize("left_out", ["drafts", "inbox", "words", "service_requests"])
def test_a_table_that_is_not_erased_is_found(
    two: Two, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    """Negative control: one table less leaves something."""
    fewer = {name: own for name, own in HOW.items() if name != left_out}
    monkeypatch.setattr(erasing, "HOW", fewer)
    with suppress(IntegrityError):  # or the database says no: nothing is deleted either
        two.forget()
    assert two.found(two.first)


def test_the_audit_still_fits_seal_by_seal(two: Two) -> None:
    two.forget()
    with two.database.reading() as db:
        checked = audit.check(db, "key")
    assert (checked.entries, checked.broken_at) == (1, None)


def test_that_somebody_was_forgotten_is_noted_never_who(two: Two) -> None:
    two.forget()
    (noted,) = two.rows()["erasures"]
    assert "asked" in noted
    assert two.first.resident_id not in noted


def test_what_is_handed_out_is_all_of_theirs_and_nothing_of_the_other(two: Two) -> None:
    with two.database.reading() as db:
        written = str(collecting.collect(db, two.first.resident_id, now=two.clock.now()))
    hidden = {f"{name}.{column}" for name, own in HOW.items() for column in own.hidden}
    binary = {where for where in two.first.canaries if where.endswith((".vector", ".meaning"))}
    missing = {w for w, canary in two.first.canaries.items() if canary not in written}
    assert missing == (hidden & set(two.first.canaries)) | binary
    assert not [c for c in two.second.canaries.values() if c in written]
    assert two.second.resident_id not in written
    assert "z" * 32 not in written  # who they dealt with
    assert "read_conversation" in written


def test_a_table_that_is_not_handed_out_is_missed(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    fewer = {name: own for name, own in HOW.items() if name != "drafts"}
    monkeypatch.setattr(collecting, "HOW", fewer)
    with two.database.reading() as db:
        written = str(collecting.collect(db, two.first.resident_id, now=two.clock.now()))
    assert two.first.canaries["drafts.slots"] not in written


def test_where_somebody_lived_goes_with_the_last_who_lived_there(two: Two) -> None:
    two.forget()
    assert len(two.rows()["households"]) == 1
    with two.database.transaction() as db:
        for one in (two.second, two.second.other):
            assert one is not None
            erasing.forget(db, one.resident_id, now=two.clock.now())
    assert two.rows()["households"] == []
