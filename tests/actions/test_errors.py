"""What a log may say of an error."""

import socket

import pytest
from sqlalchemy.exc import OperationalError

from actions.db import Database
from actions.errors import kind_of


def test_an_error_is_named_by_its_kind_and_never_by_its_words() -> None:
    assert kind_of(ValueError("the resident wrote this")) == "ValueError"


def test_an_error_of_the_database_names_the_drivers_own_kind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        database = Database(f"postgresql://nobody@127.0.0.1:{port}/none", busy_seconds=0.1)
        with pytest.raises(OperationalError) as found:
            database.check_durable()
    assert kind_of(found.value) == "OperationalError (ConnectionTimeout)"
