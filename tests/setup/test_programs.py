import stat
from pathlib import Path

import pytest

from setup import settings
from setup.programs import LOOPBACK, address, keep_secrets, programs
from setup.settings import Settings


@pytest.fixture
def said(tmp_path: Path) -> Settings:
    return settings.of(
        {
            "STATE_DIR": str(tmp_path),
            "HOST": "192.0.2.7",
            "PORT": "9000",
            "DATABASE_URL": "postgresql://somebody:hunter2@db/xiaoli",
            "TELEGRAM_TOKEN": "a-token",
            "PATH": "/usr/bin",
        }
    )


def test_only_the_public_port_is_told_to_listen_elsewhere_than_loopback(said: Settings) -> None:
    by_name = {program.name: program for program in programs(said)}

    assert by_name["bot"].environment["HOST"] == "192.0.2.7"
    assert by_name["actions"].environment["ACTIONS_HOST"] == LOOPBACK
    assert LOOPBACK in by_name["rasa"].ready
    assert by_name["bot"].port == 9000


def test_every_internal_port_is_one_of_its_own(said: Settings) -> None:
    ports = [program.port for program in programs(said) if program.port]

    assert len(set(ports)) == len(ports) == 3


def test_rasa_is_told_no_secret_but_the_one_for_the_action_server(said: Settings) -> None:
    rasa = next(program for program in programs(said) if program.name == "rasa")
    made = keep_secrets(said.state_dir)

    told = " ".join(rasa.environment.values())
    assert made["ACTIONS_SECRET"] in told
    assert made["SECRET_KEY"] not in told
    assert "hunter2" not in told
    assert "a-token" not in told


def test_no_secret_stands_on_a_command_line(said: Settings) -> None:
    made = keep_secrets(said.state_dir)

    for program in programs(said):
        assert not set(made.values()) & set(program.command)


@pytest.fixture
def grown(said: Settings) -> Settings:
    many = {"GATEWAYS": "2", "WORKERS": "2", "RASA_WORKERS": "3", "ACTIONS_WORKERS": "2"}
    return said.with_variables(**many)


def test_several_of_a_kind_are_numbered_each_on_a_port_of_its_own(grown: Settings) -> None:
    names = [program.name for program in programs(grown)]
    ports = [program.port for program in programs(grown) if program.port]

    assert names == [
        *("rasa", "rasa-2", "rasa-3", "actions", "actions-2", "bot", "bot-2"),
        *("worker", "worker-2"),
    ]
    assert len(set(ports)) == len(ports) == 7
    assert {9000, 9001} < set(ports)


def test_each_rasa_has_an_action_server_and_the_gateways_know_of_all(grown: Settings) -> None:
    by_name = {program.name: program for program in programs(grown)}
    rasas = [program for name, program in by_name.items() if name.startswith("rasa")]
    servers = [program for name, program in by_name.items() if name.startswith("actions")]
    asked = [rasa.environment["ACTIONS_PORT"] for rasa in rasas]

    assert asked == [str(servers[n % 2].port) for n in range(3)]
    for name in ("bot", "bot-2"):
        told = by_name[name].environment
        assert told["RASA_URL"].split() == [f"http://{LOOPBACK}:{rasa.port}" for rasa in rasas]
        assert len(told["ACTIONS_URL"].split()) == 2
    assert [by_name[name].environment["PORT"] for name in ("bot", "bot-2")] == ["9000", "9001"]


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    made = keep_secrets(tmp_path)

    assert keep_secrets(tmp_path) == made
    assert len(set(made.values())) == 2
    assert min(map(len, made.values())) >= 64
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),  # noqa: S104 - a setting, nothing listens
        ("192.0.2.7", "http://192.0.2.7:8080"),
    ],
)
def test_the_address_is_one_that_can_be_opened_here(host: str, url: str) -> None:
    assert address(settings.of({"HOST": host})) == url
