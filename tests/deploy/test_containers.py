"""The container file and compose: no engine is at hand here, so they are read."""

import json
import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.bot.conftest import Bot
from tests.deploy.conftest import tool
from tests.deploy.named import DEPLOY, command_of, commands_known, settings_known

CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
NEEDED = ("actions", "bot", "knowledge", "nlu", "setup", "config.yml", "requirements.lock")


def sources() -> list[str]:
    """What is copied out of the clone."""
    copied = re.findall(r"^COPY (?!--from)(.+)$", CONTAINERFILE, re.M)
    return [source for line in copied for source in line.split()[:-1]]


def environment() -> dict[str, str]:
    said = re.search(r"^ENV ((?:.*\\\n)*.*)$", CONTAINERFILE, re.M)
    assert said
    return dict(re.findall(r"(\w+)=(\S+)", said[1]))


def test_everything_that_is_copied_is_there_and_not_left_out() -> None:
    kept = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").split()
    let_in = [line[1:] for line in kept if line.startswith("!")]

    assert set(NEEDED) <= set(let_in)
    assert all(Path(name).exists() for name in let_in)
    for source in sources():
        assert source == "." or list(Path().glob(source))
        assert source == "." or any(fnmatch(source, f"{name}*") for name in let_in)


def test_secrets_state_and_what_was_made_here_stay_out_of_the_image() -> None:
    kept = (DEPLOY / "Containerfile.dockerignore").read_text("utf-8").split()

    assert kept[kept.index("*") :][0] == "*"
    assert not {"!.env", "!var", "!deploy", "!.build", "!.git"} & set(kept)


def test_it_runs_as_nobody_else_and_a_command_there_is() -> None:
    said = re.search(r"^CMD (\[.+\])$", CONTAINERFILE, re.M)

    assert said
    assert command_of(" ".join(json.loads(said[1]))) in commands_known()
    assert re.search(r"bootstrap\.sh (\w+)", CONTAINERFILE)[1] == "models"  # type: ignore[index]
    assert "setup models" in commands_known()
    user = re.findall(r"^USER (\S+)$", CONTAINERFILE, re.M)
    assert user == ["10001:10001"]


def test_every_setting_is_explained_and_every_secret_is_given() -> None:
    told = SERVICES["xiaoli"]["environment"]

    assert {*environment(), *told} <= settings_known()
    files = {value for name, value in told.items() if name.endswith("_FILE")}
    assert files == {f"/run/secrets/{name}" for name in SERVICES["xiaoli"]["secrets"]}
    used = {name for service in SERVICES.values() for name in service["secrets"]}
    assert used == set(COMPOSE["secrets"])
    assert all(
        secret["file"].startswith("./secrets/") for secret in COMPOSE["secrets"].values()
    )
    assert "/deploy/secrets/" in Path(".gitignore").read_text("utf-8")


def test_what_is_written_is_in_volumes_and_the_rest_is_read_only() -> None:
    kept = {line.split(":")[1] for line in SERVICES["xiaoli"]["volumes"]}

    assert kept == {environment()["STATE_DIR"], environment()["BUILD_DIR"]}
    for service in SERVICES.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {"mem_limit", "pids_limit", "logging", "healthcheck", "restart"} <= set(service)
        named = {line.split(":")[0] for line in service["volumes"] if line[0] not in "./"}
        assert named <= set(COMPOSE["volumes"])
        beside = [line.split(":")[0] for line in service["volumes"] if line[0] == "."]
        assert all((DEPLOY / file).is_file() for file in beside)


def test_nothing_but_the_web_server_of_the_machine_reaches_it() -> None:
    assert SERVICES["xiaoli"]["ports"] == ["127.0.0.1:8080:8080"]
    assert "ports" not in SERVICES["database"]
    (network,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    assert SERVICES["xiaoli"]["environment"]["TRUSTED_PROXIES"] == network["gateway"]


async def test_the_health_it_asks_for_is_answered(bot: Bot) -> None:
    said = " ".join(SERVICES["xiaoli"]["healthcheck"]["test"])
    address = re.search(r"http://[^\"]+", said)

    assert address
    assert (await bot.client.get(httpx.URL(address[0]).path)).status_code == 200


def test_a_linter_of_container_files_finds_nothing(tmp_path: Path) -> None:
    hadolint = tool("hadolint")
    assert subprocess.run([hadolint, DEPLOY / "Containerfile"], check=False).returncode == 0

    worse = tmp_path / "Containerfile"  # the control
    worse.write_text(
        CONTAINERFILE.replace("WORKDIR /opt/xiaoli", "RUN cd /opt/xiaoli && sudo ls")
    )
    assert subprocess.run([hadolint, worse], check=False).returncode != 0


def test_compose_is_what_its_specification_allows(tmp_path: Path) -> None:
    worse = tmp_path / "worse.yml"  # the control
    worse.write_text("services: {xiaoli: {image: xiaoli, readonly: true}}\n")
    check = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "-o", "json"]

    checked = subprocess.run(
        [*check, DEPLOY / "compose.yml", worse], capture_output=True, text=True, check=False
    )

    wrong = {error["filename"] for error in json.loads(checked.stdout)["errors"]}
    assert wrong == {str(worse)}
