"""The content at the desk: everything that answers, what is offline, what owners have to do."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from starlette.responses import Response

from actions.content import drafts, editions, offline, revisions
from actions.content.offline import TOPIC, Hidden
from actions.content.tasks import Reason, tasks
from actions.errors import Refusal
from bot.desk.visit import Visit, go
from knowledge import conflicts
from knowledge.article import Article
from knowledge.documents import LISTS
from knowledge.golden import FILE as GOLDEN
from knowledge.pack import Pack, Sourced
from knowledge.records import Text
from knowledge.text import normalise

# Whole documents that may be edited here. The others (areas, categories, the community itself)
# say who sees what and what is an emergency: they change in the files, and with a new start.
FILES = ("facilities.yml", "activities.yml", "gazetteer.yml", "help.yml", GOLDEN)
KINDS = ("article", *LISTS)
RECORD_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_ID = 60


@dataclass(frozen=True)
class Row:
    """One record in the list."""

    kind: str
    record_id: str
    name: Text
    record: Sourced
    expired: bool
    conflict: bool
    changed: bool
    offline: bool

    @property
    def topic(self) -> str:
        """The article's topic; empty for other records."""
        return self.record.topic if isinstance(self.record, Article) else ""


FLAGS: dict[str, Callable[[Row], bool]] = {
    "expired": lambda row: row.expired,
    "conflict": lambda row: row.conflict,
    "changed": lambda row: row.changed,
    "offline": lambda row: row.offline,
}


def see(visit: Visit) -> Response:
    """Show the list, searched and sifted."""
    pack = drafts.draft_pack(visit.db, visit.desk.home.shelf)
    hidden = offline.hidden(visit.db)
    changed = {(c.kind, c.record_id) for c in editions.changes(visit.pack, pack)}
    rows = _rows(pack, hidden, changed, visit.today)
    return visit.show(
        "content.html",
        rows=[row for row in rows if _is_wanted(row, visit)],
        count=len(rows),
        files=FILES,
        kinds=KINDS,
        flags=FLAGS,
        topics=sorted({article.topic for article in visit.pack.articles.values()}),
        offline=offline.now_offline(visit.db),
        unpublished=len(drafts.unpublished(visit.db)),
        waiting=sum(task.reason != Reason.SOON for task in tasks(visit.pack, visit.today)),
    )


def see_tasks(visit: Visit) -> Response:
    """Show what owners have to do about what residents get now."""
    return visit.show(
        "content_tasks.html",
        groups=groupby(tasks(visit.pack, visit.today), key=lambda task: task.reason),
        records=editions.records(visit.pack),
        name_of=name_of,
    )


def begin_new(visit: Visit) -> Response:
    """Go to the form of a record nobody has written yet.

    Raises:
        Refusal: its id is none, or is taken.
    """
    kind, record_id = visit.sent.get("kind", ""), visit.sent.get("record_id", "").strip()
    if kind not in KINDS or not RECORD_ID.fullmatch(record_id) or len(record_id) > LONGEST_ID:
        raise Refusal("utter_content_bad_id")
    part = revisions.part_of(kind, record_id)
    last = revisions.latest(visit.db, part.path)
    if part.text_in(last.text if last else None) is not None:
        raise Refusal("utter_content_id_taken", id=record_id)
    return go(f"/content/{kind}/{record_id}?new=1")


def take_offline(visit: Visit) -> Response:
    """Let a topic or a record no longer be told, from the next question on."""
    subject = _subject(visit)
    offline.take_offline(visit.db, subject, staff_id=visit.staff.id, now=visit.now)
    visit.note("took_offline", _noted(subject))
    return _back(visit, subject)


def bring_back(visit: Visit) -> Response:
    """Let it be told again."""
    subject = _subject(visit)
    offline.bring_back(visit.db, subject, staff_id=visit.staff.id, now=visit.now)
    visit.note("brought_back", _noted(subject))
    return _back(visit, subject)


def name_of(record: Sourced) -> Text:
    """Return what a record is called."""
    name: Text = record.title if isinstance(record, Article) else record.name  # type: ignore[attr-defined]
    return name


def _rows(pack: Pack, hidden: Hidden, changed: set[tuple[str, str]], today: date) -> list[Row]:
    disagreeing = {conflict.record for conflict in conflicts.find(pack)}
    return [
        Row(
            kind=kind,
            record_id=record_id,
            name=name_of(record),
            record=record,
            expired=record.valid_until is not None and record.valid_until < today,
            conflict=(kind, record_id) in disagreeing,
            changed=(kind, record_id) in changed,
            offline=hidden.covers(pack, kind, record_id),
        )
        for (kind, record_id), record in editions.records(pack).items()
    ]


def _is_wanted(row: Row, visit: Visit) -> bool:
    sought, kind, flag = (visit.sent.get(name, "") for name in ("q", "kind", "flag"))
    said = f"{row.record_id} {row.name.zh} {row.name.en} {row.topic} {row.record.owner or ''}"
    return (
        all(word in normalise(said) for word in normalise(sought).split())
        and kind in {"", row.kind}
        and (flag not in FLAGS or FLAGS[flag](row))
    )


def _subject(visit: Visit) -> tuple[str, str]:
    """Return what is to be taken offline or brought back.

    Raises:
        Refusal: there is no such topic or record.
    """
    kind, _, subject_id = visit.sent.get("subject", "").partition(":")
    topics = {article.topic for article in visit.pack.articles.values()}
    now = {(row.kind, row.subject_id) for row in offline.now_offline(visit.db)}
    known = now | editions.records(visit.pack).keys() | {(TOPIC, topic) for topic in topics}
    if (kind, subject_id) not in known:
        raise Refusal("utter_desk_not_like_that")
    return kind, subject_id


def _noted(subject: tuple[str, str]) -> str:
    """The audit log holds ids: a topic is a word of the community's, cut to the column."""
    return ":".join(subject)[:80]


def _back(visit: Visit, subject: tuple[str, str]) -> Response:
    kind, record_id = subject
    return go("/content" if kind == TOPIC else f"/content/{kind}/{record_id}")
