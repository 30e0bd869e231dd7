"""Editing one record or document: its form, the preview of the answer, its history."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count, pairwise

import yaml
from pydantic import ValidationError
from starlette.responses import Response

from actions.content import drafts, editions, offline, revisions
from actions.content.model import Revision
from actions.content.revisions import Edit, Part, part_of
from actions.errors import Refusal
from actions.learning.misses import LONGEST
from actions.people.model import Staff
from bot.desk import article_form
from bot.desk.content import FILES, KINDS, LONGEST_ID, RECORD_ID, is_taken, require_free
from bot.desk.preview import Preview, preview
from bot.desk.visit import Missing, Visit, go
from bot.language import language_of
from bot.message import clean
from knowledge import check
from knowledge.errors import PackInvalid
from knowledge.pack import Pack

FILE = "file"
SHOWN_HISTORY = 20
# A record nobody has written yet begins like this.
BLANKS = {
    "facility": "id: {id}\nkind: \nname: {{zh: , en: }}\nopening_hours: null\n"
    "what: {{zh: , en: }}\nlevel: sample\nsource: \nas_of: '{today}'\nowner: \n",
    "activity": "id: {id}\nkind: class\nname: {{zh: , en: }}\n"
    "first: {{weekday: MO, week_offset: 0}}\nrrule: FREQ=WEEKLY;BYDAY=MO\n"
    "start: '14:00'\nend: '15:30'\nvenue: \nplaces: 20\n"
    "level: sample\nsource: \nas_of: '{today}'\nowner: \n",
}

Diff = list[tuple[str, str]]  # sign (+, -, space) and line


@dataclass(frozen=True)
class Subject:
    """What is edited: its kind, its id, where it is written, and the latest revision there.

    `unnamed`: it is a new article whose id the form asks for.
    """

    kind: str
    record_id: str
    part: Part
    last: Revision | None
    unnamed: bool = False

    @property
    def text(self) -> str | None:
        """The latest text; None when it is new."""
        return self.part.text_in(self.last.text if self.last else None)

    @property
    def address(self) -> str:
        """Where its page is."""
        return f"/content/{self.kind}/{self.record_id}"

    @property
    def saved_at(self) -> str:
        """Where its form is sent to be kept."""
        return "/content/article" if self.unnamed else f"{self.address}/save"

    @property
    def previewed_at(self) -> str:
        """Where its form is sent to be looked at."""
        return "/content/preview" if self.unnamed else f"{self.address}/preview"


def see(visit: Visit) -> Response:
    """Show the form: as it is kept, or with what was typed and is not kept yet."""
    return _show(visit, _find(visit))


def see_new(visit: Visit) -> Response:
    """Show the form of an article nobody has written yet, with the question it answers."""
    return _show(visit, _new(visit))


def _show(visit: Visit, subject: Subject) -> Response:
    is_typed = "seen" in visit.sent
    typed = visit.sent if is_typed else _kept(visit, subject)
    text, mistakes = _read(visit, subject, typed)
    pack = drafts.draft_pack(visit.db, visit.desk.home.shelf)
    return visit.show(
        "content_edit.html",
        subject=subject,
        typed=typed,
        seen=subject.last.id if subject.last else 0,
        theirs=_theirs(visit, subject),
        mistakes=mistakes if is_typed or subject.text is not None else [],
        preview=Preview() if mistakes else _preview(visit, pack, subject, text),
        history=_history(visit, subject),
        levels=article_form.LEVELS,
        topics=sorted({article.topic for article in pack.articles.values()}),
        is_offline=offline.hidden(visit.db).covers(pack, subject.kind, subject.record_id),
        is_published=(subject.kind, subject.record_id) in editions.records(visit.pack),
    )


def save(visit: Visit) -> Response:
    """Keep what was typed; residents get it with the next publication.

    Raises:
        Refusal: it has a mistake, or somebody else changed it meanwhile.
    """
    return _save(visit, _find(visit))


def save_new(visit: Visit) -> Response:
    """Keep a new article under the id that was typed.

    Raises:
        Refusal: the id is none or taken, or the article has a mistake.
    """
    subject = _new(visit)
    require_free(visit, subject.kind, subject.record_id)
    return _save(visit, subject)


def _save(visit: Visit, subject: Subject) -> Response:
    text, mistakes = _read(visit, subject, visit.sent)
    if mistakes:
        raise Refusal("utter_content_mistake", mistakes="\n".join(mistakes))
    _keep(visit, Edit(subject.part, text, _number(visit.sent.get("seen", ""))))
    return go(subject.address)


def see_revision(visit: Visit) -> Response:
    """Show what one revision changed, and offer to bring it back."""
    subject, revision = _find(visit), _revision(visit)
    earlier = revisions.before(visit.db, revision)
    return visit.show(
        "content_revision.html",
        subject=subject,
        revision=revision,
        author=_authors(visit).get(revision.staff_id or 0),
        diff_lines=diff_of(
            subject.part.text_in(earlier.text if earlier else None),
            subject.part.text_in(revision.text),
        ),
    )


def restore(visit: Visit) -> Response:
    """Bring an old text back, as a new revision.

    Raises:
        Refusal: it was not there in that revision.
    """
    subject, revision = _find(visit), _revision(visit)
    text = subject.part.text_in(revision.text)
    if text is None:
        raise Refusal("utter_desk_not_like_that")
    seen = subject.last.id if subject.last else 0
    _keep(visit, Edit(subject.part, text, seen, restores_id=revision.id))
    return go(subject.address)


def diff_of(old: str | None, new: str | None) -> Diff:
    """Return the lines that differ, with a few around them."""
    lines = difflib.unified_diff(
        (old or "").splitlines(), (new or "").splitlines(), lineterm="", n=1
    )
    return [(line[0], line[1:]) for line in lines if not line.startswith(("---", "+++"))]


def _find(visit: Visit) -> Subject:
    """Return what the address names; a record that is to be begun says so by `new`."""
    kind, record_id = visit.path["kind"], visit.path["record_id"]
    if kind == FILE and record_id in FILES:
        part = Part(record_id)
    elif kind in KINDS and RECORD_ID.fullmatch(record_id) and len(record_id) <= LONGEST_ID:
        part = part_of(kind, record_id)
    else:
        raise Missing
    subject = Subject(kind, record_id, part, revisions.latest(visit.db, part.path))
    begun = "new" in visit.sent or visit.sent.get("seen") == "0" or "created" in visit.sent
    if subject.text is None and not begun and kind != FILE:
        raise Missing
    return subject


def _new(visit: Visit) -> Subject:
    """Return an article that is to be begun: with the id that was typed, else a free one."""
    record_id = visit.sent.get("record_id", "").strip() or _free_id(visit)
    return Subject("article", record_id, part_of("article", record_id), None, unnamed=True)


def _free_id(visit: Visit) -> str:
    proposed = article_form.id_for(_question(visit))
    numbered = (f"{proposed}-{number}" for number in count(2))
    ids = chain([proposed], numbered)
    return next(one for one in ids if not is_taken(visit, "article", one))


def _question(visit: Visit) -> str:
    return " ".join(clean(visit.sent.get("question", "")).split())[:LONGEST]


def _kept(visit: Visit, subject: Subject) -> Mapping[str, str]:
    """Return the form's fields as they are kept."""
    text, today = subject.text, str(visit.today)
    if subject.kind == "article":
        try:
            if text:
                return article_form.fields_of(text)
            question = _question(visit)
            return article_form.asking(question, language_of(question, "zh"), today)
        except (ValueError, yaml.YAMLError):  # files may be broken: then as the file it is
            return article_form.blank(today)
    blank = BLANKS.get(subject.kind, "").format(id=subject.record_id, today=today)
    return {"text": text if text is not None else blank}


def _read(visit: Visit, subject: Subject, typed: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the text that the form's fields make, and what is wrong with it."""
    if subject.kind == "article":
        before = _readable(subject.text)
        text = article_form.text_of(typed, subject.record_id, before)
    else:
        text = clean(typed.get("text", "").replace("\r\n", "\n")) + "\n"
    return text, _mistakes(subject, text)


def _readable(text: str | None) -> str | None:
    """Return an article's text if the form can read it, to keep what it does not show."""
    try:
        if text:
            article_form.fields_of(text)
        return text
    except (ValueError, yaml.YAMLError):
        return None


def _mistakes(subject: Subject, text: str) -> list[str]:
    part = subject.part
    mistakes = check.check_part(part.path, text, part.listed)
    if not mistakes and part.listed:
        try:
            part.put_into(subject.last.text if subject.last else None, text)
        except PackInvalid as invalid:
            mistakes = invalid.mistakes
    return mistakes


def _preview(visit: Visit, pack: Pack, subject: Subject, text: str) -> Preview:
    if subject.kind == FILE:
        return Preview()
    try:
        return preview(visit, pack, subject.kind, text)
    except (ValidationError, ValueError, PackInvalid):
        return Preview()


def _keep(visit: Visit, edit: Edit) -> None:
    try:
        kept = revisions.save(visit.db, edit, staff_id=visit.staff.id, now=visit.now)
    except PackInvalid as invalid:
        raise Refusal("utter_content_mistake", mistakes="\n".join(invalid.mistakes)) from None
    if kept:
        deed = "restored_content" if edit.restores_id else "edited_content"
        visit.note(deed, f"revision:{kept.id}")


def _theirs(visit: Visit, subject: Subject) -> Diff:
    """Return what somebody else changed since the form was opened."""
    seen = _number(visit.sent.get("seen", ""))
    if not seen or subject.last is None or subject.last.id == seen:
        return []
    opened = visit.db.get(Revision, seen)
    old = subject.part.text_in(opened.text) if opened else None
    return diff_of(old, subject.text)


def _history(visit: Visit, subject: Subject) -> list[tuple[Revision, str | None]]:
    """Return the revisions that changed this part, the latest first, with their authors."""
    authors, part = _authors(visit), subject.part
    found = revisions.history(visit.db, part.path, SHOWN_HISTORY + 1)
    texts = [part.text_in(revision.text) for revision in found]
    changed = [text != before for text, before in pairwise([*texts, None])]
    return [
        (revision, authors.get(revision.staff_id or 0))
        for revision, is_changed in zip(found, changed, strict=True)
        if is_changed
    ][:SHOWN_HISTORY]


def _authors(visit: Visit) -> dict[int, str]:
    return {member.id: member.username for member in visit.db.query(Staff)}


def _revision(visit: Visit) -> Revision:
    """Return the revision of this very document that is asked for."""
    number = visit.path.get("revision_id") or visit.sent.get("revision_id", "")
    found = visit.db.get(Revision, _number(number))
    if found is None or found.path != _find(visit).part.path:
        raise Missing
    return found


def _number(said: str) -> int:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0
