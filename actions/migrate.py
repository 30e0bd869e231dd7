"""Brings the store up to date: its tables, then what the pack says that lives in tables."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import select

from actions import (
    alerts,
    conversations,
    cursors,
    errands,
    outbox,
    pacing,
    sending,
    told,
    turns,
)
from actions.acquaintance import model as acquaintance_model
from actions.booking import model as booking_model
from actions.booking.schedule import write_sessions
from actions.care import model as care_model
from actions.content import importing
from actions.content import model as content_model
from actions.content.model import Publication
from actions.content.publishing import Press
from actions.db import Base, Database, Db
from actions.governance import model as governance_model
from actions.governance.roundtable import model as roundtable_model
from actions.learning import model as learning_model
from actions.mydata import model as mydata_model
from actions.neighbours import model as neighbours_model
from actions.news import model as news_model
from actions.news import samples
from actions.people import model as people_model
from actions.people.model import Area
from actions.relay import model as relay_model
from knowledge.pack import Pack

MIGRATIONS = Path(__file__).parent / "migrations"
# Every module that has tables: a model is only known once its module is imported.
TABLES = (
    *(people_model, cursors, pacing, sending, conversations, told, errands, turns, outbox),
    *(alerts, learning_model, content_model, booking_model, governance_model),
    *(neighbours_model, roundtable_model, relay_model, care_model, acquaintance_model),
    *(mydata_model, news_model),
)


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
    """Apply the migrations that are still to come."""
    command.upgrade(configuration(database), "head")


def revise(database: Database, message: str) -> None:
    """Write a new migration with what the models have and the store has not."""
    command.revision(configuration(database), message=message, autogenerate=True)


def configuration(database: Database) -> Config:
    """Return Alembic's settings for a store."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes |= {"engine": database.engine, "metadata": Base.metadata}
    return config


def write_areas(db: Db, pack: Pack) -> None:
    """Write the pack's areas; those it no longer has stay, as rows may belong to them."""
    known = set(db.scalars(select(Area.id)))
    for area in sorted(pack.areas.values(), key=lambda area: area.id.count("/")):
        if area.id not in known:
            db.add(Area(id=area.id, parent_id=area.parent, tier=area.tier))
            db.flush()
