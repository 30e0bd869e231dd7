"""Admins see at the desk whether residents are answered; numbers are for the topmost alone."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from actions import vitals
from actions.vitals import Vitals
from bot.desk import findings
from bot.operating import records
from bot.operating.queues import QUEUES
from tests.bot.desk.conftest import Village

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of drills of the test's own."""
    folder = tmp_path / "results"
    folder.mkdir()
    monkeypatch.setattr(records, "RESULTS", folder)
    return folder


async def page_of(village: Village, name: str = "mayor") -> str:
    answer = await village.colleague(name).get("/operating")
    assert answer.status_code == 200
    return answer.text


async def test_the_first_line_says_whether_residents_are_answered(village: Village) -> None:
    page = await page_of(village)
    assert "<h1><span>居民现在得不到回答</span>" in page  # Rasa is away
    assert "居民的消息都留着，先告诉他们要等一等" in page
    for part in ("数据库", "办事的部分", "后台", "问答索引", "语言模型", "磁盘"):
        assert part in page


async def test_a_worker_that_stands_still_is_told_with_its_last_round(village: Village) -> None:
    telling = Vitals(village.bot.parts.database, village.bot.clock)
    telling.beat(vitals.WORKER)
    telling.write()
    last = village.bot.clock.now()
    village.bot.clock.pass_by(timedelta(hours=2))
    page = await page_of(village)
    assert "停下来了，没有人送消息、提醒。" in page
    assert f'datetime="{last.isoformat()}"' in page


async def test_what_waits_leads_to_where_it_is_dealt_with(village: Village) -> None:
    village.lose()
    village.bot.clock.pass_by(timedelta(hours=3))
    page = await page_of(village)
    assert 'href="/desk/undelivered"><span>平台没收下、不再送</span>' in page
    assert "<span>3 小时</span>" in page


async def test_numbers_of_the_town_are_not_for_a_villages_admin(village: Village) -> None:
    village.lose()
    of_town, of_village = await page_of(village), await page_of(village, "boss")
    for title in ("在等的", "占用的地方"):
        assert title in of_town
        assert title not in of_village
    assert "各个部分" in of_village


async def test_who_manages_nobody_does_not_see_it(village: Village) -> None:
    for name in ("own", "dispatcher", "editor", "roads"):
        assert (await village.colleague(name).get("/operating")).status_code == 404


BACKUP = {"file": "a.backup", "size": 12_345_678, "seconds": 3.5, "ok": True}


def kept(village: Village, *lines: object) -> None:
    file = village.bot.parts.settings.state_dir / "backups.json"
    file.write_text(json.dumps(lines))


async def test_the_last_backups_are_told_or_that_there_is_none(village: Village) -> None:
    assert "从来没有" in await page_of(village)
    good = BACKUP | {"at": "2026-11-22T03:00:00+00:00"}
    kept(village, good)
    page = await page_of(village)
    assert "a.backup" in page
    assert "12 MB" in page
    assert "没有做成" not in page
    kept(
        village, good, BACKUP | {"at": "2026-11-23T03:00:00Z", "ok": False, "file": "b.backup"}
    )
    page = await page_of(village)
    assert "没有做成" in page
    assert "a.backup" in page  # the last that is good


@pytest.mark.parametrize("content", ["", "{", "null", '{"at": 1}', "[1, [], {}]"])
async def test_a_file_nobody_can_read_counts_for_no_backup(
    village: Village, content: str
) -> None:
    (village.bot.parts.settings.state_dir / "backups.json").write_text(content)
    assert "从来没有" in await page_of(village)


def drilled(results: Path, name: str, promises: Mapping[str, bool]) -> None:
    held = {promise: {"held": held} for promise, held in promises.items()}
    found = {"promises": held, "date": name, "commit": "0a1b2c3d"}
    (results / f"drill-{name}.json").write_text(json.dumps(found))


async def test_the_newest_drill_says_which_promises_were_not_kept(
    village: Village, results: Path
) -> None:
    drilled(results, "2026-11-20", {"P1": True, "P2": True})
    drilled(results, "2026-11-24", {"P1": True, "P9": False, "P14": True})
    (results / "drill-2026-11-25.json").write_text("not finished")
    page = await page_of(village)
    assert "2026-11-24" in page
    assert "2 / 3" in page
    assert re.search("没做到.*P9</strong>", page)


async def test_what_runs_is_told(village: Village) -> None:
    page = await page_of(village)
    for name in findings.VERSIONS.values():
        assert name.zh in page


def test_every_queue_has_a_name(database: object) -> None:
    assert set(findings.QUEUES) == set(QUEUES)
    assert set(findings.LEADS) <= set(QUEUES)


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0.0 B"), (999, "999 B"), (1500, "1.5 kB"), (12_345_678, "12 MB"), (2e12, "2.0 TB")],
)
def test_sizes_are_written_in_few_digits(database: object, count: float, said: str) -> None:
    assert findings.size(count) == said
