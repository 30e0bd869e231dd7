"""Questions that were missed, by meaning: taught, answered anew, or left as they are."""

from collections.abc import Iterable, Mapping
from urllib.parse import quote

from starlette.responses import Response

from actions.errors import Refusal
from actions.learning import clusters, correction, learned
from actions.learning import misses as missed
from actions.learning.clusters import Cluster
from actions.learning.learned import Question
from actions.learning.misses import Lesson
from actions.people.model import Staff
from bot.desk.visit import Desk, Visit, go
from bot.message import clean
from knowledge.pack import Answering, Pack, key_of, title_of
from knowledge.passages import LANGUAGES
from knowledge.records import Text

MOST_DIGITS = 9  # of a row's number


def embed(desk: Desk, _who: Staff, _sent: Mapping[str, str]) -> None:
    """Embed what is going to be compared, so that the transaction is short."""
    with desk.database.reading() as db:
        texts = [miss.text for miss in missed.waiting(db, now=desk.clock.now())]
    clusters.embed(texts, desk.embedder)


def see(visit: Visit) -> Response:
    """Show what was missed, and what was taught since the last publish."""
    waiting = missed.waiting(visit.db, now=visit.now)
    visit.note("read_misses", f"misses:{len(waiting)}")
    return visit.show(
        "misses.html",
        clusters=clusters.together(waiting, visit.desk.embedder),
        taught=learned.present(visit.db),
        records=dict(_titles(visit.pack)),
        choice=lambda key: _choice(visit.pack, key),
        title=lambda key: _title(visit, key),
        write=_write,
    )


def accept(visit: Visit) -> Response:
    """Teach a question, in the words staff gave it, as one of a record's.

    Raises:
        Refusal: no such record or language, no words, or somebody else was faster.
    """
    kind, _, record_id = visit.sent.get("record", "").partition(" ")[0].partition(":")
    language = visit.sent.get("language", "")
    if visit.pack.record((kind, record_id)) is None or language not in LANGUAGES:
        raise Refusal("utter_desk_no_record")
    question = Question(kind, record_id, language, clean(visit.sent.get("question", "")))
    lesson = Lesson(_numbers(visit), question)
    missed.accept(visit.db, lesson, staff_id=visit.staff.id, now=visit.now)
    visit.note("taught", f"{kind}:{record_id}")
    return go("/misses")


def dismiss(visit: Visit) -> Response:
    """Leave a cluster as it is."""
    numbers = _numbers(visit)
    missed.dismiss(visit.db, numbers, staff_id=visit.staff.id, now=visit.now)
    visit.note("dismissed_misses", f"misses:{len(numbers)}")
    return go("/misses")


def retire(visit: Visit) -> Response:
    """Take back what was taught.

    Raises:
        Refusal: it does not count any more.
    """
    numbers = _numbers(visit)
    if not learned.retire(visit.db, numbers, now=visit.now):
        raise Refusal("utter_desk_miss_settled")
    visit.note("untaught", f"learned:{','.join(map(str, numbers))}"[:80])
    return go("/misses")


def _numbers(visit: Visit) -> list[int]:
    """Return the rows a form is about."""
    said = visit.sent.get("numbers", "").split(",")
    return [int(n) for n in said if n.isascii() and n.isdigit() and len(n) <= MOST_DIGITS]


def _titles(pack: Pack) -> Iterable[tuple[str, Text]]:
    """Yield every record that answers, as kind:id with its title."""
    answering: tuple[Answering, ...] = (
        *pack.articles.values(),
        *pack.facilities.values(),
        *pack.activities.values(),
    )
    for record in answering:
        key = key_of(record)
        if key:
            yield ":".join(key), title_of(record)


def _title(visit: Visit, key: str) -> Text:
    """Return what was shown; what the content has no longer is called by its key."""
    kind, _, record_id = key.partition(":")
    known = correction.know(visit.pack, visit.desk.wording, kind, record_id)
    return known.title if known else Text(zh=key, en=key)


def _choice(pack: Pack, key: str) -> str:
    """Write a record the way the list of all records has it: its key, then its title."""
    kind, _, record_id = key.partition(":")
    record = pack.record((kind, record_id))
    return f"{key} {title_of(record).zh}" if record else ""


def _write(cluster: Cluster) -> str:
    """Return the address of the content editor, with the question filled in."""
    return f"/content/new?question={quote(cluster.question)}"
