"""Where VECTOR_STORE says that vectors are kept."""

import pytest

from knowledge.errors import StoreInvalid
from knowledge.vectors import FileStore, PostgresStore, store_at


def test_no_address_means_files() -> None:
    assert isinstance(store_at(""), FileStore)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgres"])
def test_a_postgresql_is_one_in_every_spelling(scheme: str) -> None:
    assert isinstance(store_at(f"{scheme}://somebody:hunter2@db/vectors"), PostgresStore)


@pytest.mark.parametrize(
    "address",
    ["mysql://a:hunter2@db/x", "var/vectors", "postgresql://a:hunter2@[db/x", "://hunter2"],
)
def test_what_is_no_address_is_refused_and_its_password_not_repeated(address: str) -> None:
    with pytest.raises(StoreInvalid, match="VECTOR_STORE") as refused:
        store_at(address)
    assert "hunter2" not in str(refused.value)
