"""Secrets from files, as every process reads them: set-up's four, and all of the bot's."""

import os
from pathlib import Path

import pytest

from actions.errors import SettingInvalid
from bot import settings as bot_settings
from knowledge import secret_files
from knowledge.errors import SecretUnusable
from setup import settings as setup_settings


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # no .env there
    monkeypatch.delenv("DATABASE_URL", raising=False)
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    file.chmod(0o400)
    return file


SETTINGS = sorted(
    name.upper() for name, field in bot_settings.Settings.model_fields.items() if not field.repr
)


@pytest.mark.parametrize("name", SETTINGS)
def test_every_secret_may_be_in_a_file(
    name: str, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = "amqp://town:s3cret@broker" if name == "EVENTS_URL" else "s3cret"
    secret.chmod(0o600)
    secret.write_text(f"{held}\n")
    monkeypatch.setenv(f"{name}_FILE", str(secret))

    assert getattr(bot_settings.read(), name.lower()) == held


def test_every_setting_that_sounds_like_a_secret_is_one() -> None:
    telling = ("secret", "token", "key", "password", "database_url", "vector_store")
    shown = [
        name
        for name, field in bot_settings.Settings.model_fields.items()
        if field.repr and any(word in name for word in telling)
    ]

    assert shown == []
    assert set(setup_settings.SECRETS) <= set(SETTINGS)


def test_a_file_that_dotenv_names_is_read_too(secret: Path) -> None:
    Path(".env").write_text(f"TELEGRAM_TOKEN_FILE={secret}\n")

    assert bot_settings.read().telegram_token == "s3cret"


def test_what_is_no_secret_is_read_from_no_file(
    secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_FILE", str(secret))
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")

    assert bot_settings.read().host == "127.0.0.1"


def test_setup_hands_a_secret_on_that_its_processes_do_not_find_given_twice(
    secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".env").write_text(f"SECRET_KEY_FILE={secret}\n")
    said = setup_settings.of({"SECRET_KEY_FILE": str(secret), "DATABASE_URL_FILE": str(secret)})
    for name, value in said.variables.items():
        monkeypatch.setenv(name, value)

    assert said.database_url == "s3cret"
    assert bot_settings.read().secret_key == "s3cret"


def unusable(secret: Path, how: str) -> dict[str, str]:
    """Spoil the file, and say what the environment names then."""
    said = {"SECRET_KEY_FILE": str(secret)}
    match how:
        case "are both given":
            said["SECRET_KEY"] = "another"
        case "cannot be read":
            secret.unlink()
        case "is empty":
            secret.chmod(0o600)
            secret.write_text(" \n")
        case "is open to every user":
            secret.chmod(0o444)
    return said


@pytest.mark.parametrize(
    "how", ["are both given", "cannot be read", "is empty", "is open to every user"]
)
def test_a_file_that_cannot_be_trusted_is_refused_in_a_sentence(
    how: str, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = unusable(secret, how)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    asked = f"SECRET_KEY_FILE.* {how}"

    with pytest.raises(SettingInvalid, match=asked):
        bot_settings.read()
    with pytest.raises(setup_settings.SettingInvalid, match=asked):
        setup_settings.of(said)
    with pytest.raises(SecretUnusable) as refused:
        secret_files.read(said, ["SECRET_KEY"])
    assert "s3cret" not in str(refused.value)


def test_a_folder_and_what_is_no_text_are_refused(secret: Path) -> None:
    secret.chmod(0o600)
    secret.write_bytes(os.urandom(64) + b"\xff")

    for file in (secret, secret.parent):
        with pytest.raises(SecretUnusable, match="cannot be read"):
            secret_files.read({"SECRET_KEY_FILE": str(file)}, ["SECRET_KEY"])


def test_a_group_may_read_it_as_systemd_lets_the_unit_do(secret: Path) -> None:
    secret.chmod(0o440)

    assert secret_files.read({"A_KEY_FILE": str(secret)}, ["A_KEY"]) == {"A_KEY": "s3cret"}
