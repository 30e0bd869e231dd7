"""What residents are told goes out of date, and the doctor says so."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actions.content import editions
from actions.content.model import Edition
from actions.db import Database
from bot.doctor import content
from bot.doctor.finding import Finding
from knowledge.check import write_new
from tests.bot.doctor.conftest import Patient
from tests.conftest import GUALI

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

ARTICLE = """---
id: card
title: {{zh: 借书卡, en: a library card}}
topic: test
level: official
source: 图书馆
as_of: '2025-01-01'
valid_until: '{until}'
questions: {{zh: [怎么办借书卡], en: ["How do I get a card?"]}}
---
## 中文
在一楼。

## English
On the first floor.
"""


@pytest.fixture
def pack(with_store: Patient, tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    write_new(folder)
    with_store.one = with_store.but(community_dir=folder)
    return folder


def told(
    patient: Patient, database: Database, *, without: str = "chinesecalendar"
) -> list[Finding]:
    with database.reading() as db:
        return [one for one in content.told(db, patient.one) if without not in one.en]


def write(folder: Path, until: str) -> None:
    (folder / "articles").mkdir(parents=True, exist_ok=True)
    (folder / "articles" / "card.md").write_text(ARTICLE.format(until=until), encoding="utf-8")


def test_facts_past_their_date_are_worth_knowing(
    with_store: Patient, database: Database, pack: Path
) -> None:
    write(pack, "2026-11-24")
    assert not told(with_store, database)
    with_store.clock.pass_by(timedelta(days=1))
    (found,) = told(with_store, database)
    assert "1 条内容过了有效期" in found.zh
    assert "1 facts are past their date" in found.en
    assert not found.urgent


def test_what_residents_get_is_looked_at_and_not_the_files(
    with_store: Patient, database: Database, pack: Path
) -> None:
    write(pack, "2026-11-23")
    edition = with_store.one.said.content_dir / ("e" * 16)
    shutil.copytree(pack, edition)
    write(edition, "2027-11-23")
    with database.transaction() as db:
        now = with_store.clock.now()
        row = Edition(version="e" * 16, index_version="0", revisions={}, published_at=now)
        editions.activate(db, row)
    assert not told(with_store, database)


def test_content_that_cannot_be_read_is_said(
    with_store: Patient, database: Database, pack: Path
) -> None:
    (pack / "areas.yml").write_text("not: [closed")
    (found,) = told(with_store, database)
    assert "读不出来" in found.zh
    assert "areas.yml" in found.en
    assert found.urgent


@pytest.mark.parametrize(
    ("moment", "zh", "urgent"),
    [
        (datetime(2027, 12, 17, tzinfo=UTC), "", False),
        (datetime(2027, 12, 20, tzinfo=UTC), "将于 2027-12-31 到期", False),
        (datetime(2028, 1, 2, tzinfo=UTC), "已于 2027-12-31 到期", True),
    ],
)
def test_a_timetable_that_ends_is_said_before(
    with_store: Patient, database: Database, pack: Path, moment: datetime, zh: str, urgent: bool
) -> None:
    shutil.copytree(GUALI / "gtfs", pack / "gtfs", dirs_exist_ok=True)
    with_store.clock.moment = moment
    found = told(with_store, database)
    assert [(zh in one.zh, one.urgent) for one in found] == ([(True, urgent)] if zh else [])
    assert all("import-feed" in one.en for one in found)


def test_a_timetable_that_is_broken_is_said(
    with_store: Patient, database: Database, pack: Path
) -> None:
    shutil.copytree(GUALI / "gtfs", pack / "gtfs", dirs_exist_ok=True)
    (pack / "gtfs" / "stops.txt").write_text("stop_id\n1,2,3\n")
    (found,) = told(with_store, database)
    assert "公交时刻表读不出来" in found.zh
    assert "stops.txt" in found.en


def test_a_year_whose_holidays_nobody_knows_is_worth_knowing(
    with_store: Patient, database: Database, pack: Path
) -> None:
    with_store.clock.moment = datetime(2039, 12, 10, tzinfo=UTC)
    (found,) = told(with_store, database, without="nothing")
    assert "2040 年的放假和调休" in found.zh
    assert not found.urgent
