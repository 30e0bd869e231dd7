"""Publishing at the desk: what is not published yet, how it went, the way back."""

from starlette.responses import Response

from actions.content import drafts, editions, publications
from actions.content.model import Edition, Publication, Revision, State
from actions.errors import Refusal
from actions.people.model import Staff
from bot.desk.editing import Diff, diff_of
from bot.desk.visit import Missing, Visit, go
from knowledge.documents import LISTS

SHOWN = 12  # editions and publications, the latest


def see(visit: Visit) -> Response:
    """Show what would be published, what was, and what can be returned to."""
    newest_first = visit.db.query(Edition).order_by(Edition.id.desc()).limit(SHOWN)
    latest = publications.recent(visit.db, SHOWN)
    return visit.show(
        "content_changes.html",
        changes=[(pair, _diff(pair)) for pair in drafts.unpublished(visit.db)],
        editions=newest_first.all(),
        publications=latest,
        state_of=lambda publication: _state(visit, publication),
        busy=any(_state(visit, p) in publications.UNFINISHED for p in latest),
        authors={member.id: member.username for member in visit.db.query(Staff)},
        address_of=address_of,
    )


def publish(visit: Visit) -> Response:
    """Order a publication of everything that was written.

    Raises:
        Refusal: there is nothing new, or another one runs.
    """
    if not drafts.unpublished(visit.db):
        raise Refusal("utter_content_nothing_new")
    placed = publications.order(
        visit.db, drafts.wanted(visit.db), staff_id=visit.staff.id, now=visit.now
    )
    visit.note("ordered_publication", f"publication:{placed.id}")
    return go(f"/content/publications/{placed.id}")


def see_publication(visit: Visit) -> Response:
    """Show how far a publication is, and what came of it."""
    publication = visit.db.get(Publication, _number(visit.path["publication_id"]))
    if publication is None:
        raise Missing
    state = _state(visit, publication)
    return visit.show(
        "content_publication.html",
        publication=publication,
        state=state,
        unfinished=state in publications.UNFINISHED,
        report=publication.report,
    )


def roll_back(visit: Visit) -> Response:
    """Let residents have an earlier edition again, at once.

    Raises:
        Refusal: they have it already, or it cannot be opened any more.
    """
    edition = visit.db.get(Edition, _number(visit.path["edition_id"]))
    if edition is None:
        raise Missing
    again = editions.roll_back(
        visit.db, visit.desk.home, edition, staff_id=visit.staff.id, now=visit.now
    )
    visit.note("rolled_back", f"edition:{again.id}")
    return go("/content/changes")


def address_of(revision: Revision) -> str:
    """Return where a document is edited."""
    if revision.path.startswith("articles/"):
        return "/content/article/" + revision.path.removeprefix("articles/").removesuffix(".md")
    kinds = {listed.path: kind for kind, listed in LISTS.items()}
    if revision.path in kinds:
        return f"/content?kind={kinds[revision.path]}&flag=changed"
    return f"/content/file/{revision.path}"


def _diff(pair: drafts.Unpublished) -> Diff:
    return diff_of(pair.published.text if pair.published else None, pair.revision.text)


def _state(visit: Visit, publication: Publication) -> State:
    """Return where it stands; one nobody works on any more has failed."""
    lost = publications.is_lost(publication, now=visit.now)
    return State.FAILED if lost else State(publication.state)


def _number(said: str) -> int:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0
