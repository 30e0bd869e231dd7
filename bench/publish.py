"""Measures publishing: `python -m bench.publish`, on the shipped pack (over 5,000 passages).

Each publication is what staff wait for: a process of its own (`python -m actions publish`),
from its start to the new edition. First one article is edited, then every article at once.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actions.content import drafts, publications, revisions
from actions.content.model import Publication
from actions.content.revisions import Edit, Part
from actions.db import Database, Db
from actions.people.model import Area, Role, Staff
from bench.output import finish, say
from knowledge.article import read_article
from knowledge.documents import read_documents, write_documents
from knowledge.golden import COLUMNS
from knowledge.golden import FILE as GOLDEN
from knowledge.settings import Settings

GOLDEN_QUESTIONS = 250  # a pack without a book is asked so many of its own sample questions


def main() -> None:
    """Set up a community of its own, publish, and print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--pack", type=Path, default=Settings().community_dir)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="xiaoli-bench-") as folder:
        finish(measure(given.pack, Path(folder)))


def measure(pack: Path, folder: Path) -> dict[str, Any]:
    """Return seconds of each publication, in all and by step."""
    documents = read_documents(pack)
    documents.setdefault(GOLDEN, sample_questions(documents))
    write_documents(documents, folder / "pack", pack / "gtfs")
    state = folder / "state"
    python = ["env", f"STATE_DIR={state}", f"COMMUNITY_DIR={folder / 'pack'}", "DATABASE_URL="]
    python += [sys.executable, "-m"]
    say("the first edition, as set-up makes it")
    for command in (["knowledge", "build"], ["actions", "migrate"]):
        subprocess.run([*python, *command], check=True, stdout=sys.stderr)
    database = Database(f"sqlite:///{state / 'xiaoli.db'}")
    articles = sorted(path for path in documents if path.startswith("articles/"))
    say("one article edited")
    one = publish(database, python, articles[:1], "。请带身份证。")
    say("every article edited")
    all_of_them = publish(database, python, articles, "；")  # so little that the gate agrees
    database.close()
    return {"passages": one.pop("passages"), "one_article": one, "all_articles": all_of_them}


def publish(
    database: Database, python: Sequence[str], paths: Sequence[str], ending: str
) -> dict[str, Any]:
    """Let the Chinese of these articles end otherwise, publish, and time it."""
    now = datetime.now(UTC)
    with database.transaction() as db:
        editor = _editor(db, now)
        for path in paths:
            last = revisions.latest(db, path)
            assert last
            assert last.text
            text = last.text.replace("。\n\n## English", f"{ending}\n\n## English")
            revisions.save(db, Edit(Part(path), text, last.id), staff_id=editor, now=now)
        number = publications.order(db, drafts.wanted(db), staff_id=editor, now=now).id
    began, spent = time.perf_counter(), _cpu_of_children()
    process = subprocess.run(
        [*python, "actions", "publish"], stdout=subprocess.DEVNULL, check=False
    )
    seconds = time.perf_counter() - began
    with database.reading() as db:
        found = db.get_one(Publication, number)
        report = found.report
    return {
        "state": found.state,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(_cpu_of_children() - spent, 2),
        "steps": report["seconds"],
        "passages": report["passages"],
        "golden": report["asked"],
        "exit": process.returncode,
    }


def sample_questions(documents: Mapping[str, str]) -> str:
    """Return a book made of the articles' own sample questions."""
    rows = [
        f"sample\tzh\t{question}\t{article.id}\t"
        for path, text in documents.items()
        if path.startswith("articles/") and (article := read_article(text))
        for question in article.questions.zh[:2]
    ]
    head = "\t".join(COLUMNS)
    return "\n".join([head, *rows[:GOLDEN_QUESTIONS]]) + "\n"


def _cpu_of_children() -> float:
    """Return what ended child processes have computed, which a busy machine does not change."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _editor(db: Db, now: datetime) -> int:
    found = db.query(Staff).first()
    if found is None:
        area = db.query(Area.id).first()
        assert area
        found = Staff(username="bench", role=Role.EDITOR, area_id=area[0], created_at=now)
        found.password_hash = ""
        db.add(found)
        db.flush()
    return int(found.id)


if __name__ == "__main__":
    main()
