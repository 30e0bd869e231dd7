from pathlib import Path

import pytest

from setup import settings


def test_defaults_keep_everything_on_this_machine() -> None:
    said = settings.of({})

    assert (said.host, said.port) == ("127.0.0.1", 8080)
    assert said.state_dir == settings.ROOT / "var"


def test_an_absolute_folder_stays_where_it_is(tmp_path: Path) -> None:
    assert settings.of({"STATE_DIR": str(tmp_path)}).state_dir == tmp_path


@pytest.mark.parametrize("port", ["eighty", "-1", "65536", "80.5"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(settings.SettingInvalid, match=f"PORT={port}"):
        settings.of({"PORT": port})


@pytest.mark.parametrize("many", ["none", "0", "-1", "65"])
def test_a_number_of_processes_that_is_none_is_named(many: str) -> None:
    with pytest.raises(settings.SettingInvalid, match=f"RASA_WORKERS={many}"):
        settings.of({"RASA_WORKERS": many})


@pytest.mark.parametrize("kind", ["GATEWAYS", "WORKERS"])
@pytest.mark.parametrize("store", ["", "sqlite:///x.db"])
def test_several_gateways_or_workers_on_sqlite_are_refused_in_a_sentence(
    kind: str, store: str
) -> None:
    with pytest.raises(settings.SettingInvalid, match=f"{kind}=2 needs PostgreSQL"):
        settings.of({kind: "2", "DATABASE_URL": store})
    settings.of({kind: "2", "DATABASE_URL": "postgresql+psycopg://x@db/y"})


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ROOT", tmp_path)
    (tmp_path / ".env").write_text(
        "# a comment\nPORT=9000  # another\nHOST='192.0.2.7'\nexport RATE_LIMIT=5/minute\n"
        "DATABASE_URL=postgresql://x\n"
    )
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.delenv("PORT", raising=False)
    monkeypatch.delenv("HOST", raising=False)

    said = settings.read()

    assert (said.host, said.port, said.database_url) == ("192.0.2.7", 9000, "")
    assert said.variables["RATE_LIMIT"] == "5/minute"
