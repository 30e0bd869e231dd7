"""How many rows each table has, and a figure that changes when any of them does.

The hashes of all rows are added up, so their order is no matter: another server may sort words
otherwise.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, inspect, text

from actions.backup.contents import Rows

MODULUS = 2**256
# How PostgreSQL writes what it hands out, whatever the server's own habits are.
WRITTEN = (
    "SET LOCAL DateStyle = 'ISO, YMD'",
    "SET LOCAL IntervalStyle = 'iso_8601'",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL statement_timeout = 0",  # a large table takes its time
)


def of_all_tables(connection: Connection) -> dict[str, Rows]:
    """Return the rows of every table, as this connection sees them."""
    prepare, lines_of = KINDS[connection.dialect.name]
    for setting in prepare:
        connection.execute(text(setting))
    quote = connection.dialect.identifier_preparer.quote
    names = sorted(inspect(connection).get_table_names())
    return {name: _added_up(lines_of(connection, quote(name))) for name in names}


def _added_up(lines: Iterator[bytes]) -> Rows:
    count = total = 0
    for line in lines:
        count += 1
        total += int.from_bytes(hashlib.sha256(line).digest(), "big")
    return Rows(count, f"{total % MODULUS:064x}")


def _from_sqlite(connection: Connection, table: str) -> Iterator[bytes]:
    every = connection.exec_driver_sql(f"SELECT * FROM {table}")  # noqa: S608 - quoted
    for row in every.yield_per(1000):
        yield json.dumps(tuple(row), default=bytes.hex).encode()


def _from_postgresql(connection: Connection, table: str) -> Iterator[bytes]:
    cursor = connection.connection.cursor()
    left = b""
    every = f"COPY (SELECT * FROM {table}) TO STDOUT"  # noqa: S608 - quoted
    with cursor.copy(every) as copy:
        for block in copy:
            *lines, left = (left + bytes(block)).split(b"\n")
            yield from lines


Lines = Callable[[Connection, str], Iterator[bytes]]
# What is said first, and how the rows of a table are read.
KINDS: Mapping[str, tuple[Sequence[str], Lines]] = {
    "sqlite": ((), _from_sqlite),
    "postgresql": (WRITTEN, _from_postgresql),
}
