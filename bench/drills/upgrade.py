"""Upgrades a store that the project's first finished form has filled, and takes that back.

Every row is looked for afterwards, what waited is answered, what was owed is told. Whatever
upgrades is killed in each migration, and does it again. A backup and the way back through the
migrations bring back what the old code reads. The version before each of the newest migrations
writes and reads while the tables are already those of after. The controls: each statement by
itself, killed, cannot be done again; a column that is called otherwise stops the version
before. Last line: one JSON; all that should not be is 0 or empty when the promise was kept.
"""

import tempfile
import time
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import text

from actions import migrate
from actions.backup import making
from actions.backup.restoring import restore
from actions.booking.schedule import write_sessions
from actions.clock import open_clock
from actions.news import samples
from actions.settings import BackupSettings
from actions.tables import METADATA
from bench import stores
from bench.drills import upgrade_code, upgrade_rows
from bench.drills.upgrade_code import ROOT, NoHistory, ScriptFailed, checked_out, speak
from bench.drills.upgrade_kills import stuck, survives
from bench.drills.upgrade_now import AT_THE_DESK, NOW, PACK, THERE
from bench.drills.upgrade_schema import schema
from bench.drills.upgrade_store import Filled, closing, filled, keep_rows
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import say

FIRST_FORM = "bb55f05"  # the last commit of the first form that was finished
ALL = 10**6
PHOTO = b"a photo, as far as a backup is concerned"
GONE_FOR_GOOD = frozenset({"index_versions"})  # but for the last of them: `NO_WAY_BACK`


def keeps(one: Filled) -> dict[str, Any]:
    """Upgrade; look for every row, then go on with all that waits."""
    say("upgrading, and looking for every row")
    with one.copy() as address:
        with closing(address) as database:
            began = time.monotonic()
            migrate.upgrade(database)
            seconds = time.monotonic() - began
            one.expected = upgrade_rows.read(database.engine, METADATA)
            found = upgrade_rows.reckon(one.rows, one.expected)
            with database.transaction() as db:  # what else set-up does to a store
                migrate.write_areas(db, PACK)
                write_sessions(db, PACK, now=NOW)
                samples.take_over(db, PACK, now=NOW)
            after = upgrade_rows.read(database.engine, METADATA)
            gone = [
                line for line in upgrade_rows.reckon(one.rows, after).wrong if "gone" in line
            ]
        went_on = speak(ROOT, upgrade_code.NOW, "go_on", address)
        lived = speak(ROOT, upgrade_code.NOW, "live", address)
    return {
        "rows": found.rows,
        "tables": {
            table: f"{there} of {before} in {where}"
            for table, (before, there, where) in found.tables.items()
        },
        "empty_tables": sorted(table for table, rows in one.rows.items() if not rows),
        "upgrade_s": round(seconds, 2),
        "rows_wrong": [*found.wrong, *gone],
        "waited": went_on["waited"],
        "left_waiting": went_on["left_waiting"],
        "owed": len(went_on["owed"]),
        "left_owed": went_on["left_owed"],
        "not_answered": sorted({*THERE} - {AT_THE_DESK} - {*went_on["answered"]}),
        "new_conversations": went_on["new_conversations"],
        "forgotten": sorted(
            who
            for who, said in went_on["said"].items()
            if not {text for _, text in one.read[who]["said"]} <= set(said)
        ),
        "lived": all(lived["done"].values()),
    }


def comes_back(one: Filled) -> dict[str, Any]:
    """Take an upgrade back: by the backup that was made before it, and through migrations."""
    say("taking it back")
    with one.copy() as address, tempfile.TemporaryDirectory(prefix="xiaoli-back-") as place:
        here = _settings(Path(place) / "here", address)
        pack, photo = here.community_dir, here.uploads_dir / one.rows["uploads"][0]["id"]
        for file in (pack / "community.yml", photo):
            file.parent.mkdir(parents=True)
            file.write_bytes(PHOTO)
        made = making.make(here, Path(place), open_clock(None))
        with closing(address) as database:
            migrate.upgrade(database)
            command.downgrade(migrate.configuration(database), migrate.revisions()[-1])
            back = upgrade_rows.reckon(one.rows, upgrade_rows.read(database.engine))
            same = schema(database.engine) == _schema_of(one.address)
        downgraded = speak(one.old, upgrade_code.FIRST, "read", address)
        with stores.empty(one.store) as other:
            there = _settings(Path(place) / "there", other)
            restore(Path(made.file), there)
            restored = speak(one.old, upgrade_code.FIRST, "read", other)
            with closing(other) as database:
                rows = upgrade_rows.read(database.engine)
                schemas = schema(database.engine) == _schema_of(one.address)
            photo_back = (there.uploads_dir / photo.name).read_bytes() == PHOTO
    return {
        "restored_photo": photo_back,
        "restored_otherwise": upgrade_rows.differences(one.rows, rows),
        "restored_read_otherwise": _otherwise(one.read, restored),
        "restored_schema_same": schemas,
        "downgraded_schema_same": same,
        "downgraded_otherwise": sorted(
            {line.partition(":")[0] for line in back.wrong} - GONE_FOR_GOOD
        ),
        "downgraded_read_otherwise": _otherwise(_but(one.read), _but(downgraded)),
        "without_a_way_back": without_a_way_back(one),
    }


def _settings(state: Path, address: str) -> BackupSettings:
    """Return the settings of an assistant with a state folder and a pack of its own."""
    return BackupSettings(
        state_dir=state,
        database_url=address,
        community_dir=state.with_name(f"{state.name}-pack"),
        backup_key="k" * 32,
    )


def _schema_of(address: str) -> Any:
    with closing(address) as database:
        return schema(database.engine)


def _but(found: Any) -> Any:
    """Leave out how many rows there are in tables no way leads back to."""
    there = {name: many for name, many in found["tables"].items() if name not in GONE_FOR_GOOD}
    return found | {"tables": there}


def _otherwise(before: Any, after: Any) -> list[str]:
    return sorted(name for name in before if before[name] != after.get(name))


def without_a_way_back(one: Filled) -> list[str]:
    """Take each migration back by itself; returns those after which something is missing."""
    say("each migration up, down and up again")
    lossy = []
    with one.copy() as address, closing(address) as database:
        settings = migrate.configuration(database)
        for revision in reversed(migrate.revisions()[:-1]):
            before = upgrade_rows.read(database.engine)
            command.upgrade(settings, revision)
            command.downgrade(settings, "-1")
            if upgrade_rows.reckon(before, upgrade_rows.read(database.engine)).wrong:
                lossy.append(revision)
            command.upgrade(settings, revision)
    return lossy


def runs_beside(one: Filled, how_many: int) -> dict[str, Any]:
    """Let the version before each of the newest migrations live on the tables of after."""
    known = migrate.revisions()
    found: dict[str, str] = {}
    for revision, older in islice(pairwise(known), how_many):
        commit = upgrade_code.before(revision)
        say(f"{commit[:8]} lives on the tables of {revision}")
        with checked_out(commit) as code, one.copy() as address:
            found[revision] = _beside(code, address, older, revision)
    return {
        "beside": {revision: said for revision, said in found.items() if not said},
        "beside_failed": {revision: said for revision, said in found.items() if said},
    }


def _beside(code: Path, address: str, older: str, revision: str) -> str:
    with closing(address) as database:
        settings = migrate.configuration(database)
        command.upgrade(settings, older)
        speak(code, upgrade_code.NOW, "live", address)  # it can be spoken to at all
        command.upgrade(settings, revision)
    try:
        went_on = speak(code, upgrade_code.NOW, "go_on", address)
        speak(code, upgrade_code.NOW, "live", address)
        with closing(address) as database:
            migrate.upgrade(database)
        speak(ROOT, upgrade_code.NOW, "live", address)
        both = [speak(each, upgrade_code.NOW, "read", address) for each in (code, ROOT)]
    except ScriptFailed as failed:
        return str(failed)
    if went_on["left_waiting"]:
        return "something was left waiting"
    return "" if both[0] == both[1] else "the two read otherwise"


def stopped_by_another_name(one: Filled) -> bool:
    """Do the control of `runs_beside`: a column has another name."""
    say("the control: a column is called otherwise")
    newest, older = migrate.revisions()[:2]
    with checked_out(upgrade_code.before(newest)) as code, one.copy() as address:
        with closing(address) as database:
            command.upgrade(migrate.configuration(database), older)
            with database.changing() as connection:
                connection.execute(text("ALTER TABLE messages RENAME COLUMN choices TO offers"))
        try:
            speak(code, upgrade_code.NOW, "live", address)
        except ScriptFailed:
            return True
    return False


EMPTY = (
    *("rows_wrong", "left_waiting", "left_owed", "new_conversations", "forgotten"),
    *("not_answered", "moments_missed"),
    *("empty_tables", "half_done", "otherwise_than_undisturbed", "restored_otherwise"),
    *("restored_read_otherwise", "downgraded_otherwise", "downgraded_read_otherwise"),
    "beside_failed",
)
TRUE = ("lived", "restored_photo", "restored_schema_same", "downgraded_schema_same")


def verdict(figures: dict[str, Any]) -> Verdict:
    """Say of the promise what the figures show."""
    wrong = [name for name in EMPTY if figures[name]]
    wrong += [name for name in TRUE if not figures[name]]
    if set(figures["without_a_way_back"]) != set(migrate.NO_WAY_BACK):
        wrong.append("without_a_way_back")
    said = (
        f"{figures['rows']} rows of {len(figures['tables'])} tables kept, "
        f"in {figures['upgrade_s']} s; "
        f"{figures['waited']} waiting answered, {figures['owed']} notices told; "
        f"{figures['killed']} kills in {figures['migrations']} migrations, all done again; "
        f"taken back by backup and migrations; {len(figures['beside'])} versions before ran "
        "beside"
    )
    return Verdict(
        not wrong,
        figures["killed"],
        f"{said}; wrong: {', '.join(wrong)}" if wrong else said,
        figures["control_stuck"] > 0 and figures["control_stopped"],
    )


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--from", dest="commit", default=FIRST_FORM, help="whose code fills it")
    parser.add_argument("--kills", type=int, default=ALL, help="moments, of three a migration")
    parser.add_argument("--any-time", type=int, default=20, help="kills at any time besides")
    parser.add_argument("--beside", type=int, default=3, help="newest migrations")
    parser.add_argument("--controls", type=int, default=6, help="kills of the control")
    parser.add_argument("--keep", type=Path, help="only write the rows into this file")
    told = parser.parse_args()
    try:
        with filled(told.store, told.commit) as one:
            if told.keep:
                keep_rows(one.rows, told.keep)
                return
            figures = keeps(one)
            figures |= survives(one, told.kills, told.any_time, told.seed)
            figures |= comes_back(one) | runs_beside(one, told.beside)
            figures |= {
                "control_stuck": stuck(one, told.controls),
                "control_stopped": stopped_by_another_name(one),
            }
    except NoHistory as missing:
        conclude({}, P28=Verdict(None, 0, "", not_run=str(missing)))
    conclude(figures, P28=verdict(figures))


if __name__ == "__main__":
    main()
