"""Measures how long 我也遇到 takes among very many requests: `make bench-similar [N=50000]`.

Requests of all public categories at all places of the pack, a third of them open, a tenth with
a place nobody knows, in the course of a year. Asked are the reports of the written pairs.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import insert

from actions import conversations
from actions.db import Database, Db
from actions.governance import similar
from actions.governance.model import RequestMeaning, ServiceRequest, Status, Update
from actions.governance.service import Where
from actions.people.model import Area, Words
from actions.tables import METADATA
from bench.output import finish, say
from knowledge.embedder import OnnxEmbedder, Remembering
from knowledge.errors import KnowledgeError
from knowledge.pack import Pack, load_pack
from knowledge.settings import Settings
from knowledge.sorting import Sorter

PAIRS = Path("tests/actions/governance/similar_dev.tsv")
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
STATUSES = (Status.RECEIVED, Status.IN_PROGRESS) + (Status.RESOLVED,) * 3 + (Status.DECLINED,)
ROWS, ASKED = 5000, 400


def fill(db: Db, pack: Pack, sorter: Sorter, count: int) -> str:
    """Write so many requests; returns the conversation they come from."""
    for area in sorted(pack.areas.values(), key=lambda area: area.id.count("/")):
        db.add(Area(id=area.id, parent_id=area.parent, tier=area.tier))
        db.flush()
    talk = conversations.at_address(db, channel="webchat", address="bench", now=NOW)
    rows = list(_requests(pack, sorter, count, talk.resident_id, talk.id))
    for table, place in ((Words, 0), (RequestMeaning, 1), (ServiceRequest, 2), (Update, 3)):
        for start in range(0, count, ROWS):
            db.execute(insert(table), [row[place] for row in rows[start : start + ROWS]])
    return talk.resident_id


def _requests(
    pack: Pack, sorter: Sorter, count: int, resident_id: str, conversation_id: str
) -> Iterator[tuple[dict[str, Any], ...]]:
    chance = random.Random(1)
    told = [
        (category, text, sorter.embed(text).astype(np.float16).tobytes())
        for category in pack.categories.values()
        if category.visibility == "public"
        for text in category.examples
    ]
    placed = [place for place in pack.places.values() if place.lat and place.lon]
    for number in range(1, count + 1):
        category, text, vector = chance.choice(told)
        place, at = chance.choice(placed), NOW - timedelta(minutes=chance.randrange(525_600))
        how = chance.random()  # a tenth nobody knows where, a third shared a point
        status = chance.choice(STATUSES)
        request = {
            "id": number,
            "reference": f"GQ-{number}",
            "category_id": category.service_code,
            "status": status,
            "team_id": category.team,
            "tier": category.tier,
            "flagged": False,
            "due_at": at,
            "area_id": place.area,
            "place_id": place.id if how > 0.4 else None,
            "lat": (place.lat or 0) + chance.gauss(0, 0.0005) if 0.1 < how <= 0.4 else None,
            "lon": (place.lon or 0) + chance.gauss(0, 0.0005) if 0.1 < how <= 0.4 else None,
            "what_words_id": number,
            "resident_id": resident_id,
            "conversation_id": conversation_id,
            "visibility": category.visibility,
            "anonymous": False,
            "attachments": [],
            "created_at": at,
        }
        update = {"request_id": number, "kind": "moved", "status": status, "happened_at": at}
        yield (
            {"id": number, "resident_id": resident_id, "text": text, "created_at": at},
            {"words_id": number, "vector": vector},
            request,
            update | {"team_id": category.team, "tier": category.tier, "attachments": []},
        )


def measure(database: Database, pack: Pack, sorter: Sorter, resident_id: str) -> dict[str, Any]:
    """Ask for what is similar again and again."""
    rows = [line.split("\t") for line in PAIRS.read_text("utf-8").splitlines()[2:]]
    asked = [(row[2].split(">")[0], row[5], row[6]) for row in rows]
    spent, found = [], 0
    for n in range(ASKED):
        code, what, at = asked[n % len(asked)]
        where = Where() if at == "-" or "," in at else Where(at)
        sorter.embed(what)  # the form has asked for its category before
        began = time.perf_counter()
        with database.reading() as db:
            category, report = pack.categories[code], similar.Report(what, where)
            found += len(
                similar.find(
                    db, pack, sorter, category, report, resident_id=resident_id, now=NOW
                )
            )
        spent.append((time.perf_counter() - began) * 1000)
    p50, p95 = np.quantile(spent[len(asked) :], [0.5, 0.95])
    return {"ms_p50": round(float(p50), 1), "ms_p95": round(float(p95), 1), "found": found}


def main() -> None:
    """Fill a database of its own, and measure."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--count", type=int, default=50_000)
    arguments.add_argument("--database", default="", help="an empty one; a file when left out")
    given = arguments.parse_args()
    settings = Settings()
    pack = load_pack(settings.community_dir)
    sorter = Sorter(Remembering(OnnxEmbedder(settings.encoder_dir)), settings.sorting_dir)
    sorter.scores(pack, "你好")
    with tempfile.TemporaryDirectory(prefix="xiaoli-bench-") as folder:
        database = Database(given.database or f"sqlite:///{folder}/bench.db", 60)
        METADATA.create_all(database.engine)
        say(f"writing {given.count} requests")
        with database.transaction() as db:
            resident_id = fill(db, pack, sorter, given.count)
        figures = measure(database, pack, sorter, resident_id)
        finish({"requests": given.count, "database": database.engine.dialect.name, **figures})
        database.close()


if __name__ == "__main__":
    try:
        main()
    except KnowledgeError as error:
        raise SystemExit(str(error)) from None
