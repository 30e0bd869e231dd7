"""An assistant with something to lose, on either store; and an empty place beside it."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from actions import conversations
from actions.backup import making, sealed
from actions.backup.past import Past
from actions.backup.restoring import Restored, restore
from actions.conversations import Author, Conversation, Upload
from actions.db import Database
from actions.settings import BackupSettings
from tests.conftest import StandingClock

KEY = "a key that is long enough"
# What is the same on both stores is tried on the quicker one.
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key costs nothing where nobody guesses it."""
    monkeypatch.setattr(sealed, "COST", 2)


def settings(state: Path, database: str, pack: Path) -> BackupSettings:
    return BackupSettings(
        state_dir=state, database_url=database, community_dir=pack, backup_key=KEY
    )


@dataclass
class Running:
    """A state folder, a store and a pack, as a running assistant has them."""

    said: BackupSettings
    database: Database
    clock: StandingClock
    folder: Path
    other: str = ""  # an empty store of the same kind
    uploads: list[str] = field(default_factory=list)

    def say(self, words: str, file: bytes = b"") -> str:
        """A resident says something, and sends a file with it."""
        upload_id, now = secrets.token_hex(16), self.clock.now()
        self.said.uploads_dir.mkdir(exist_ok=True)
        (self.said.uploads_dir / upload_id).write_bytes(file or upload_id.encode())
        with self.database.transaction() as db:
            talk = conversations.at_address(db, channel="webchat", address="a", now=now)
            conversations.say(db, talk, words, author=Author.RESIDENT, now=now)
            db.add(
                Upload(
                    id=upload_id,
                    resident_id=talk.resident_id,
                    content_type="image/jpeg",
                    size=len(file),
                    created_at=now,
                )
            )
        self.uploads.append(upload_id)
        return upload_id

    def back_up(self) -> Past:
        return making.make(self.said, self.folder / "backups", self.clock)

    @property
    def empty(self) -> BackupSettings:
        """Another place, with nothing in it."""
        state = self.folder / "other"
        return settings(state, self.other, self.said.community_dir)

    def bring_back(self, made: Past) -> Restored:
        return restore(Path(made.file), self.empty)


def said_in(database: Database) -> list[str]:
    """What is said in the only conversation."""
    with database.reading() as db:
        talk = db.query(Conversation).one()
        asked = db.query(conversations.Message).filter_by(conversation_id=talk.id)
        return [message.text for message in asked.order_by(conversations.Message.id)]


@pytest.fixture
def running(
    migrated: Database, clock: StandingClock, tmp_path: Path, request: pytest.FixtureRequest
) -> Running:
    state, pack = tmp_path / "var", tmp_path / "pack"
    (state / "models").mkdir(parents=True)
    (state / "models" / "xiaoli.tar.gz").write_text("made again")
    (state / "secrets.json").write_text('{"SECRET_KEY": "of this assistant"}')
    (pack / "articles").mkdir(parents=True)
    (pack / "articles" / "card.md").write_text("how to get a card")
    url = migrated.engine.url.render_as_string(hide_password=False)
    on_postgres = migrated.engine.dialect.name == "postgresql"
    other = request.getfixturevalue("empty_database") if on_postgres else ""
    made = Running(settings(state, url, pack), migrated, clock, tmp_path, other)
    made.say("你好")
    return made
