"""Gathers what goes into a backup of a running assistant, so that all parts of it agree.

The uploads are held on to before the store's snapshot is taken and again right after, so each
file a row of the snapshot names is there, even if it is removed a moment later. One that came
and went in between is missing the first time only: the snapshot is taken anew.
"""

import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text

from actions import commit
from actions.backup import rows
from actions.backup.archive import Progress
from actions.backup.contents import Contents, Part, Rows
from actions.backup.key import mark_of
from actions.backup.state import files_in, find_room, kept_files, pin, uploads_of
from actions.backup.stores import Snapshot, Store, store_at
from actions.settings import BackupSettings
from knowledge import manifest
from knowledge.transit.swap import alone

DATABASE, ENVIRONMENT = "database", "env"  # parts of one file each
STATE, UPLOADS, COMMUNITY = "state/", "state/uploads/", "community/"  # how others' names begin
DOTENV = Path(".env")
TRIES = 5  # until no file came and went around the snapshot
LEFT = 200_000_000  # bytes of the state folder's disk that stay for the assistant itself


@dataclass(frozen=True)
class Gathered:
    """What a backup will hold, and where each part of it lies meanwhile."""

    contents: Contents
    sources: Mapping[str, Path]


@dataclass(frozen=True)
class _Stored:
    """What the store says, all of one moment."""

    kind: str
    revision: str
    tables: dict[str, Rows]
    uploads: list[str]
    lost: set[str]  # of the uploads
    dump: Path


def gather(said: BackupSettings, staging: Path, now: datetime, progress: Progress) -> Gathered:
    """Gather everything; `staging` is an empty folder beside the uploads.

    Raises:
        BackupFailed: there is no store, or a tool is missing.
        OSError: there is no room for it.
    """
    store, pinned = store_at(said.database, staging), staging / "uploads"
    find_room(staging, store.size() + LEFT)
    stored = _look(store, said.uploads_dir, pinned)
    kept = [name for name in stored.uploads if name not in stored.lost]
    with alone(said.community_dir):
        copied = _copied(_files(said, store), staging / "files")
    sources = {DATABASE: stored.dump, **copied}
    sources |= {UPLOADS + name: pinned / name for name in kept}
    contents = Contents(
        made_at=now,
        commit=commit.running(),
        store=stored.kind,
        revision=stored.revision,
        key_mark=mark_of(said),
        tables=stored.tables,
        parts=_parts(sources, progress),
        models=_models(said),
        lost=tuple(sorted(stored.lost)),
    )
    return Gathered(contents, sources)


def _look(store: Store, uploads: Path, pinned: Path) -> _Stored:
    """Look at a moment of the store at which every file is held on to that it names."""
    missing: set[str] = set()
    pin(uploads, pinned)
    for tries_left in reversed(range(TRIES)):
        with store.snapshot(pinned.parent) as snapshot:
            pin(uploads, pinned)
            named = uploads_of(snapshot.connection)
            before, missing = missing, set(named) - {file.name for file in pinned.iterdir()}
            if missing <= before or not tries_left:  # what is missing again is lost
                return _see(snapshot, named, missing)
    raise AssertionError("the last try returns")


def _see(snapshot: Snapshot, uploads: list[str], lost: set[str]) -> _Stored:
    connection = snapshot.connection
    return _Stored(
        kind=connection.dialect.name,
        revision=_revision(connection),
        tables=rows.of_all_tables(connection),
        uploads=uploads,
        lost=lost,
        dump=snapshot.dump(),
    )


def _revision(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def _files(said: BackupSettings, store: Store) -> dict[str, Path]:
    """Return the files that are no uploads by the names of their parts."""
    kept, pack = kept_files(said.state_dir, without=store.files()), said.community_dir
    files = {STATE + _below(file, said.state_dir): file for file in kept}
    files |= {COMMUNITY + _below(file, pack): file for file in files_in(pack)}
    return files | ({ENVIRONMENT: DOTENV} if DOTENV.is_file() else {})


def _below(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()


def _copied(files: Mapping[str, Path], into: Path) -> dict[str, Path]:
    """Copy files that may change while they are read; one that goes meanwhile is left out."""
    for name, file in files.items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            shutil.copyfile(file, into / name)
    return {name: into / name for name in files if (into / name).exists()}


def _parts(sources: Mapping[str, Path], progress: Progress) -> tuple[Part, ...]:
    sizes = {name: file.stat().st_size for name, file in sources.items()}
    parts, done = [], 0
    for name, file in sources.items():
        parts.append(Part(name, sizes[name], manifest.digest(file)))
        done += sizes[name]
        progress(done, sum(sizes.values()))
    return tuple(parts)


def _models(said: BackupSettings) -> dict[str, dict[str, str]]:
    """Return the manifests of what set-up makes again, by folder."""
    folders = {"models": said.state_dir / "models", "encoder": said.encoder_dir}
    found = {name: folder / manifest.NAME for name, folder in folders.items()}
    return {
        name: json.loads(file.read_bytes()) for name, file in found.items() if file.exists()
    }
