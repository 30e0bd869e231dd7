"""Vectors in a real PostgreSQL with pgvector."""

import shutil
from pathlib import Path

import numpy as np
import psycopg
import pytest

from knowledge import search
from knowledge.embedder import Vectors
from knowledge.errors import IndexUnusable
from knowledge.pack import load_pack
from knowledge.search import KnowledgeBase
from knowledge.vectors import FileStore, PostgresStore, VectorStore, postgres
from knowledge.vectors.store import Nearest
from tests.knowledge.conftest import Letters
from tests.knowledge.vectors.conftest import heaps

NONE = np.zeros((0, 384), np.float32)


def both(zh: Vectors, en: Vectors = NONE) -> dict[str, Vectors]:
    return {"zh": zh, "en": en}


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE tablename LIKE 'vectors\\_%'"
        )
        return {name for (name,) in rows}


def indexes(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'vectors\\_%'"
        )
        return [definition for (definition,) in rows]


def kept(url: str, folder: Path, vectors: dict[str, Vectors], exact_up_to: int) -> Path:
    folder.mkdir(exist_ok=True)
    PostgresStore(url, exact_up_to).write(folder, vectors)
    return folder


def found(store: VectorStore, folder: Path, language: str, asked: Vectors) -> Nearest:
    opened = store.open(folder)
    nearest = opened.search(language, asked, 20)
    opened.close()
    return nearest


def recall(url: str, folder: Path, vectors: Vectors) -> float:
    opened, asked = PostgresStore(url).open(folder), heaps(100, seed=9)
    wanted = np.argsort(-(asked @ vectors.T), axis=1)[:, :10]
    nearest = [opened.search("zh", one, 10)[0] for one in asked]
    opened.close()
    return float(
        np.mean([len(set(w) & set(n)) / 10 for w, n in zip(wanted, nearest, strict=True)])
    )


def test_few_vectors_are_searched_exactly(pgvector_url: str, tmp_path: Path) -> None:
    vectors = heaps(2000)
    assert recall(pgvector_url, kept(pgvector_url, tmp_path, both(vectors), 2000), vectors) == 1
    assert indexes(pgvector_url) == []


def test_many_vectors_get_an_index_and_the_same_answers(
    pgvector_url: str, tmp_path: Path
) -> None:
    vectors = heaps(4000)
    folder = kept(pgvector_url, tmp_path, both(vectors), 1000)
    (index,) = indexes(pgvector_url)
    assert "hnsw" in index
    assert "vector_ip_ops" in index
    assert recall(pgvector_url, folder, vectors) >= 0.95


def test_similarities_are_those_of_the_files(pgvector_url: str, tmp_path: Path) -> None:
    vectors, asked = both(heaps(200), heaps(50, seed=8)), heaps(1, seed=9)[0]
    kept(pgvector_url, tmp_path, vectors, 1000)
    FileStore().write(tmp_path, vectors)
    for language in ("zh", "en"):
        rows, near = found(PostgresStore(pgvector_url), tmp_path, language, asked)
        wanted, nearness = found(FileStore(), tmp_path, language, asked)
        assert rows.tolist() == wanted.tolist()
        assert near == pytest.approx(nearness, abs=1e-5)


def test_a_version_that_breaks_off_is_not_there_at_all(
    pgvector_url: str, tmp_path: Path
) -> None:
    good = kept(pgvector_url, tmp_path / "good", both(heaps(10)), 1000)
    before = tables(pgvector_url)
    narrow = np.ones((3, 5), np.float32)
    with pytest.raises(IndexUnusable, match="VECTOR_STORE"):
        kept(pgvector_url, tmp_path / "bad", both(heaps(20), narrow), 1000)
    assert tables(pgvector_url) == before
    assert list((tmp_path / "bad").iterdir()) == []
    assert found(PostgresStore(pgvector_url), good, "zh", heaps(1)[0])[0].size == 10


def test_an_index_whose_vectors_cannot_be_kept_changes_nothing(
    folder: Path, tmp_path: Path
) -> None:
    into = tmp_path / "index"
    present = search.build(load_pack(folder), Letters(), into)
    nowhere = PostgresStore("postgresql://somebody:hunter2@127.0.0.1:9/vectors")
    with pytest.raises(IndexUnusable, match="VECTOR_STORE"):
        search.build(load_pack(folder), Letters(), into, store=nowhere)
    assert {path.name for path in into.iterdir()} == {present, "latest"}


def test_the_same_vectors_are_the_same_tables(pgvector_url: str, tmp_path: Path) -> None:
    for name in ("here", "on_another_machine"):
        kept(pgvector_url, tmp_path / name, both(heaps(10)), 1000)
    assert len(tables(pgvector_url)) == 2  # one a language


def test_only_the_versions_written_last_are_kept(pgvector_url: str, tmp_path: Path) -> None:
    def write(seed: int) -> Path:
        return kept(pgvector_url, tmp_path / str(seed), both(heaps(3, seed=seed)), 1000)

    first, second, *_ = [write(seed) for seed in range(postgres.KEPT)]
    write(0)  # again: it is no longer the oldest
    write(99)
    assert len(tables(pgvector_url)) == 2 * postgres.KEPT
    PostgresStore(pgvector_url).open(first).close()
    with pytest.raises(IndexUnusable, match="run python -m knowledge build"):
        PostgresStore(pgvector_url).open(second)


def test_a_version_that_was_opened_is_no_longer_the_oldest(
    pgvector_url: str, tmp_path: Path
) -> None:
    """What was rolled back to must outlive a stop of every process that has it open."""

    def write(seed: int) -> Path:
        return kept(pgvector_url, tmp_path / str(seed), both(heaps(3, seed=seed)), 1000)

    first, second, *_ = [write(seed) for seed in range(postgres.KEPT)]
    PostgresStore(pgvector_url).open(first).close()
    write(99)
    PostgresStore(pgvector_url).open(first).close()
    with pytest.raises(IndexUnusable):
        PostgresStore(pgvector_url).open(second)


@pytest.mark.parametrize("in_use", [True, False])
def test_a_version_that_is_open_somewhere_is_kept(
    pgvector_url: str, tmp_path: Path, in_use: bool
) -> None:
    """However many are written after it; once closed, it goes with the next."""
    opened = PostgresStore(pgvector_url).open(
        kept(pgvector_url, tmp_path / "first", both(heaps(3)), 1000)
    )
    if not in_use:
        opened.close()
    for seed in range(20, 21 + postgres.KEPT):
        kept(pgvector_url, tmp_path / str(seed), both(heaps(3, seed=seed)), 1000)
    assert len(tables(pgvector_url)) == 2 * (postgres.KEPT + in_use)
    if in_use:
        assert opened.search("zh", heaps(1)[0], 2)[0].size == 2
    opened.close()


def test_tables_somebody_removed_are_written_again(pgvector_url: str, tmp_path: Path) -> None:
    folder = kept(pgvector_url, tmp_path, both(heaps(3)), 1000)
    gone = tables(pgvector_url)
    with psycopg.connect(pgvector_url) as connection:
        for table in gone:
            connection.execute(f"DROP TABLE {table}")
    kept(pgvector_url, tmp_path, both(heaps(3)), 1000)
    PostgresStore(pgvector_url).open(folder).close()


def test_a_server_that_was_started_anew_is_asked_again(
    pgvector_url: str, tmp_path: Path
) -> None:
    opened = PostgresStore(pgvector_url).open(
        kept(pgvector_url, tmp_path, both(heaps(5)), 1000)
    )
    with psycopg.connect(pgvector_url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    assert opened.search("zh", heaps(1)[0], 2)[0].size == 2
    opened.close()


def test_a_database_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    store = PostgresStore("postgresql://somebody:hunter2@127.0.0.1:9/vectors")
    (tmp_path / postgres.NAMED).write_text('{"version": "0123456789abcdef"}')
    with pytest.raises(IndexUnusable, match="VECTOR_STORE") as refused:
        store.open(tmp_path)
    assert "hunter2" not in str(refused.value)


def test_a_database_without_pgvector_is_told_what_it_lacks(
    postgres_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(postgres_url) as connection:
        offered = connection.execute(
            "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"
        ).fetchone()
    if offered:
        pytest.skip("this machine's own PostgreSQL has pgvector")
    with pytest.raises(IndexUnusable, match="pgvector"):
        kept(postgres_url, tmp_path, both(heaps(3)), 1000)


def test_a_version_whose_vectors_are_files_is_opened_too(
    pgvector_url: str, tmp_path: Path
) -> None:
    FileStore().write(tmp_path, both(heaps(5)))
    assert found(PostgresStore(pgvector_url), tmp_path, "zh", heaps(1)[0])[0].size == 5


def test_an_index_in_the_database_answers_as_one_in_files(
    folder: Path, pgvector_url: str, tmp_path: Path
) -> None:
    store, pack = PostgresStore(pgvector_url), load_pack(folder)
    shared = search.build(pack, Letters(), tmp_path / "shared", store=store)
    assert shared == search.build(pack, Letters(), tmp_path / "alone")
    assert not list((tmp_path / "shared" / shared).glob("*.faiss"))
    there = KnowledgeBase(tmp_path / "shared", Letters(), store)
    here = KnowledgeBase(tmp_path / "alone", Letters())
    for question in ("游泳池怎么走", "老年食堂要钱吗"):
        one, other = there.search(question, "zh"), here.search(question, "zh")
        assert [(f.record_id, f.confident) for f in one] == [
            (f.record_id, f.confident) for f in other
        ]
    there.close()
    here.close()


def test_a_version_the_database_lost_is_refused_and_the_present_one_goes_on(
    folder: Path, pgvector_url: str, tmp_path: Path
) -> None:
    store, into = PostgresStore(pgvector_url), tmp_path / "index"
    lost = search.build(load_pack(folder), Letters(), into, store=store)
    gone = tables(pgvector_url)
    shutil.copytree(folder, tmp_path / "other")
    (tmp_path / "other" / "articles" / "pool.md").unlink()
    search.build(load_pack(tmp_path / "other"), Letters(), into, store=store)
    base = KnowledgeBase(into, Letters(), store)
    with psycopg.connect(pgvector_url) as connection:
        for table in gone:
            connection.execute(f"DROP TABLE {table}")
    with pytest.raises(IndexUnusable, match="run python -m knowledge build"):
        base.use(lost)
    assert base.search("老年食堂", "zh")[0].record_id == "meal"
    base.close()


def test_vectors_that_name_other_tables_than_were_built_are_refused(
    folder: Path, pgvector_url: str, tmp_path: Path
) -> None:
    store, into = PostgresStore(pgvector_url), tmp_path / "index"
    version = search.build(load_pack(folder), Letters(), into, store=store)
    (into / version / postgres.NAMED).write_text('{"version": "0123456789abcdef"}')
    with pytest.raises(IndexUnusable, match=postgres.NAMED):
        KnowledgeBase(into, Letters(), store)
