"""The content at the desk: everything that answers, what is offline, what owners have to do."""

import re
from dataclasses import dataclass
from itertools import groupby

from starlette.responses import Response

from actions import changeover
from actions.booking.programme import Programme
from actions.content import drafts, editions, offline, revisions
from actions.content.offline import TOPIC, Hidden
from actions.content.tasks import Reason, tasks
from actions.errors import Refusal
from bot.desk.labels import FLAGS
from bot.desk.visit import Visit, go
from knowledge.article import Article
from knowledge.documents import LISTS
from knowledge.golden import FILE as GOLDEN
from knowledge.pack import REPLIES, Pack, Sourced
from knowledge.records import RecordKey, Text
from knowledge.text import normalise

# Whole documents that may be edited here. The others (areas, categories, the community itself)
# say who sees what and what is an emergency: they change in the files, and with a new start.
FILES = ("facilities.yml", "activities.yml", "gazetteer.yml", "help.yml", REPLIES, GOLDEN)
KINDS = ("article", *LISTS)
RECORD_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_ID = 60


@dataclass(frozen=True)
class Row:
    """One record in the list; `flags` are keys of `labels.FLAGS`."""

    kind: str
    record_id: str
    name: Text
    record: Sourced
    flags: frozenset[str]

    @property
    def topic(self) -> str:
        """The article's topic; empty for other records."""
        return self.record.topic if isinstance(self.record, Article) else ""


def see(visit: Visit) -> Response:
    """Show the list, searched and sifted."""
    pack = drafts.draft_pack(visit.db, visit.desk.home.shelf)
    hidden = offline.hidden(visit.db)
    changed = {(c.kind, c.record_id) for c in editions.changes(visit.pack, pack)}
    due = {(t.kind, t.record_id, t.reason) for t in tasks(pack, visit.today)}
    rows = _rows(pack, hidden, changed, due)
    return visit.show(
        "content.html",
        rows=[row for row in rows if _is_wanted(row, visit)],
        count=len(rows),
        files=FILES,
        records=editions.records(visit.pack),
        name_of=name_of,
        kinds=KINDS,
        lists=LISTS,
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
    require_free(visit, kind, record_id)
    return go(f"/content/{kind}/{record_id}?new=1")


def require_free(visit: Visit, kind: str, record_id: str) -> None:
    """Guard an id for a record nobody has written yet.

    Raises:
        Refusal: it is none, or is taken.
    """
    if kind not in KINDS or not RECORD_ID.fullmatch(record_id) or len(record_id) > LONGEST_ID:
        raise Refusal("utter_content_bad_id")
    if is_taken(visit, kind, record_id):
        raise Refusal("utter_content_id_taken", id=record_id)


def is_taken(visit: Visit, kind: str, record_id: str) -> bool:
    """Whether a record of this id is written already."""
    part = revisions.part_of(kind, record_id)
    last = revisions.latest(visit.db, part.path)
    return part.text_in(last.text if last else None) is not None


def take_offline(visit: Visit) -> Response:
    """Let a topic or a record no longer be told, from the next question on."""
    subject = _subject(visit)
    offline.take_offline(visit.db, subject, staff_id=visit.staff.id, now=visit.now)
    visit.note("took_offline", _noted(subject))
    return _back(visit, subject)


def bring_back(visit: Visit) -> Response:
    """Let it be told again."""
    subject = _subject(visit)
    programme = Programme(visit.pack, visit.desk.wording)
    changeover.bring_back(visit.db, programme, subject, staff_id=visit.staff.id, now=visit.now)
    visit.note("brought_back", _noted(subject))
    return _back(visit, subject)


def name_of(record: Sourced) -> Text:
    """Return what a record is called."""
    name: Text = record.title if isinstance(record, Article) else record.name  # type: ignore[attr-defined]
    return name


def _rows(
    pack: Pack, hidden: Hidden, changed: set[RecordKey], due: set[tuple[str, str, Reason]]
) -> list[Row]:
    rows = []
    for key, record in editions.records(pack).items():
        is_so = {
            "expired": (*key, Reason.EXPIRED) in due,
            "conflict": (*key, Reason.CONFLICT) in due,
            "offline": hidden.covers(pack, *key),
            "changed": key in changed,
        }
        flags = frozenset(flag for flag, so in is_so.items() if so)
        rows.append(Row(*key, name_of(record), record, flags))
    return rows


def _is_wanted(row: Row, visit: Visit) -> bool:
    sought, kind, flag = (visit.sent.get(name, "") for name in ("q", "kind", "flag"))
    said = f"{row.record_id} {row.name.zh} {row.name.en} {row.topic} {row.record.owner or ''}"
    return (
        all(word in normalise(said) for word in normalise(sought).split())
        and kind in {"", row.kind}
        and (flag not in FLAGS or flag in row.flags)
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
