"""Nobody can add a table or a column about residents without saying whose it is (P44)."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, UniqueConstraint

from actions.db import UtcDateTime
from actions.mydata import whose
from actions.mydata.whose import HOUSEHOLDS, HOW, NOTHING, WORDS, Goes, Stays
from actions.tables import METADATA
from actions.wording import read_wording
from bot.mydata import shown


def undecided(tables: dict[str, Table]) -> set[str]:
    """What nobody has decided about: a table, or a column of one."""
    found = set(tables) - set(HOW) - NOTHING - {HOUSEHOLDS}
    for name, here in tables.items():
        for column in here.columns:
            where = f"{name}.{column.name}"
            to = whose.target(column)
            if name in NOTHING:
                if to in HOW:
                    found.add(where)
            elif name in HOW and not _is_decided(name, column, to):
                found.add(where)
    return found


def _is_decided(name: str, column: "Column[object]", to: str | None) -> bool:
    own = HOW[name]
    if to == "residents" and column.name not in own.by and not column.nullable:
        return False  # who it is could not be taken out
    if isinstance(own, Goes):
        return True
    assert isinstance(own, Stays)
    named = {*own.by, *own.blank, *own.as_is}
    return column.primary_key or column.name in named or to in ("conversations", WORDS)


def test_every_table_and_column_is_decided() -> None:
    assert undecided(dict(METADATA.tables)) == set()


def test_what_is_decided_exists() -> None:
    tables = METADATA.tables
    assert set(HOW) | NOTHING <= set(tables)
    for name, own in HOW.items():
        more = {*own.blank, *own.as_is} if isinstance(own, Stays) else set()
        named = {*own.by, *own.shown, *own.hidden, *more} | (
            {own.unless[0]} if own.unless else set()
        )
        assert named <= {column.name for column in tables[name].columns}, name


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (Column("resident_id", ForeignKey("residents.id")), {"diaries"}),
        (Column("words_id", ForeignKey("words.id")), {"diaries"}),
        (Column("written_at", UtcDateTime), {"diaries"}),
    ],
)
def test_a_new_table_is_noticed(column: "Column[object]", found: set[str]) -> None:
    """Negative control."""
    tables = dict(METADATA.tables)
    metadata = MetaData()
    for name in ("residents", WORDS):
        Table(name, metadata, Column("id", String(32), primary_key=True))
    tables["diaries"] = Table(
        "diaries", metadata, Column("id", Integer, primary_key=True), column
    )
    assert undecided(tables) == found


def test_a_new_column_of_what_stays_is_noticed() -> None:
    """Negative control."""
    here = METADATA.tables["service_requests"].to_metadata(MetaData())
    here.append_column(Column("telephone", String(20)))
    assert undecided({"service_requests": here}) == {"service_requests.telephone"}


def test_who_refers_to_words_or_messages_is_found_by_an_index() -> None:
    """Else forgetting somebody reads every table once for each of their messages."""
    for name in (WORDS, "messages"):
        for column in whose.referring(name):
            first = {next(iter(index.columns)).name for index in column.table.indexes}
            first |= {key_of.name for key_of in [next(iter(column.table.primary_key.columns))]}
            first |= {
                next(iter(one.columns)).name
                for one in column.table.constraints
                if isinstance(one, UniqueConstraint)
            }
            assert column.name in first, f"{column}"


def test_every_table_that_is_handed_out_has_a_name_on_the_page() -> None:
    wording = read_wording(ZoneInfo("Asia/Shanghai"))
    named = {name for name in HOW if f"utter_mydata_table_{name}" in wording.responses}
    assert named == set(HOW)
    for more in (HOUSEHOLDS, "audit"):
        assert f"utter_mydata_table_{more}" in wording.responses
    values = {"made_at": "2026-11-24T10:00:00+00:00", "tables": {"diaries": [{"x_at": "1"}]}}
    assert shown(wording, values)["tables"][0][0]["en"] == "diaries"  # and one without, its own
