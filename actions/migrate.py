"""Brings the store up to date: its tables, then what the pack says that lives in tables."""

from collections.abc import Mapping
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select

from actions.booking.schedule import write_sessions
from actions.content import importing
from actions.content.model import Publication
from actions.content.publishing import Press
from actions.db import Database, Db
from actions.errors import WrongVersion
from actions.news import samples
from actions.people.model import Area
from actions.tables import METADATA
from knowledge.pack import Pack

MIGRATIONS = Path(__file__).parent / "migrations"
# Migrations that cannot be taken back with all that was there before them → what would be lost.
NO_WAY_BACK: Mapping[str, str] = {
    "5c1e0b7a94d2": "which indexes had answered before the one that did",
}
# Since this revision migrations only add: the version before may run beside the version after.
ONLY_ADDING_SINCE = "3b71d05ce8fa"
# Those that take away all the same → since which revision nothing needs what they take.
TAKING_AWAY: Mapping[str, str] = {}


def run(press: Press) -> Publication | None:
    """Bring tables, areas, content and sessions up to date; returns what came of the content.

    Running it again changes nothing; what residents and staff wrote is never touched. Content
    that is refused leaves the edition before active.
    """
    database, clock = press.database, press.clock
    upgrade(database)
    with database.transaction() as db:
        write_areas(db, press.home.shelf.files)
    published = importing.take_over(press)
    with database.transaction() as db:
        write_sessions(db, press.home.shelf.pack(db), now=clock.now())
        samples.take_over(db, press.home.shelf.pack(db), now=clock.now())
    return published


def upgrade(database: Database) -> None:
    """Apply the migrations that are still to come: all of them or none.

    Raises:
        WrongVersion: the store is of code that is newer than this.
    """
    _known(revision_of(database))
    command.upgrade(configuration(database), "head")


def take_back(database: Database, to: str) -> list[str]:
    """Undo the migrations after a revision: all of them or none; returns them, newest first.

    What only their tables and columns held is gone.

    Raises:
        WrongVersion: there is no such revision before the store's, or no way back to it.
    """
    known, found = revisions(), _known(revision_of(database))
    undone = known[known.index(found) : known.index(_known(to))] if found else []
    if not undone:
        raise WrongVersion(f"The database is at {found or 'nothing'}; {to} is not before that")
    for revision in undone:
        if lost := NO_WAY_BACK.get(revision):
            raise WrongVersion(
                f"Migration {revision} cannot be taken back without losing {lost}: "
                "bring the backup back that make upgrade made (docs/upgrading.md)"
            )
    command.downgrade(configuration(database), to)
    return undone


def revision_of(database: Database) -> str:
    """Return the revision of a store's schema; empty where there are no tables yet."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def _known(revision: str) -> str:
    if revision and revision not in revisions():
        raise WrongVersion(
            f"This code does not know the database's revision {revision}: take newer code, or "
            "make downgrade with that (docs/upgrading.md)"
        )
    return revision


def revisions() -> list[str]:
    """Return the revisions of the schema this code knows, the newest first."""
    return [one.revision for one in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]


def revise(database: Database, message: str) -> None:
    """Write a new migration with what the models have and the store has not."""
    command.revision(configuration(database), message=message, autogenerate=True)


def configuration(database: Database) -> Config:
    """Return Alembic's settings for a store."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes |= {"changing": database.changing, "metadata": METADATA}
    return config


def write_areas(db: Db, pack: Pack) -> None:
    """Write the pack's areas; those it no longer has stay, as rows may belong to them."""
    known = set(db.scalars(select(Area.id)))
    for area in sorted(pack.areas.values(), key=lambda area: area.id.count("/")):
        if area.id not in known:
            db.add(Area(id=area.id, parent_id=area.parent, tier=area.tier))
            db.flush()
