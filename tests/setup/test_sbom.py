"""The bill of models: every file that is loaded, with the hash its manifest has."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from knowledge import manifest
from setup import sbom, settings
from setup.environments import SUPPLY
from setup.settings import Settings
from setup.troubles import SetupFailed
from tests.conftest import missing

VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read())
sys.exit(str(wrong) if wrong else 0)
"""


@pytest.fixture
def made(tmp_path: Path) -> Settings:
    """An encoder, a model and two indexes, as set-up leaves them."""
    places = {"STATE_DIR": "state", "ENCODER_DIR": "encoder", "WHISPER_DIR": "none"}
    said = settings.of({name: str(tmp_path / place) for name, place in places.items()})
    for folder in ("encoder", "state/models", "state/index/a", "state/index/b"):
        file = tmp_path / folder / "deep" / "weights.bin"
        file.parent.mkdir(parents=True)
        file.write_text(folder)
        manifest.write(tmp_path / folder)
    return said


def test_every_file_of_a_manifest_is_named_with_its_hash(made: Settings) -> None:
    bill = sbom.bill_of_models(made)

    names = [component["name"] for component in bill["components"]]
    assert names == ["encoder", "language-model", "knowledge-index-a", "knowledge-index-b"]
    for component, part in zip(bill["components"], sbom.parts(made), strict=True):
        (file,) = component["components"]
        assert file["name"] == "deep/weights.bin"
        assert file["hashes"][0]["content"] == manifest.digest(part.folder / file["name"])


def test_another_model_is_another_version(made: Settings) -> None:
    before = versions(sbom.bill_of_models(made))
    (made.encoder_dir / "deep" / "weights.bin").write_text("taught")
    manifest.write(made.encoder_dir)
    after = versions(sbom.bill_of_models(made))

    assert [name for name in before if before[name] != after[name]] == ["encoder"]


def versions(bill: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["version"] for each in bill["components"]}


def test_before_anything_was_made_it_is_said(tmp_path: Path) -> None:
    nothing = {name: str(tmp_path) for name in ("STATE_DIR", "ENCODER_DIR", "WHISPER_DIR")}
    with pytest.raises(SetupFailed, match="make setup"):
        sbom.bill_of_models(settings.of(nothing))


def test_the_bill_is_what_the_standard_says(made: Settings) -> None:
    tools = SUPPLY.python if SUPPLY.python.exists() else Path(sys.executable)
    if subprocess.run([tools, "-c", "import cyclonedx"], capture_output=True).returncode:
        missing("cyclonedx-bom (make supply)")
    bill = sbom.bill_of_models(made)
    wrong = bill | {"components": [{"name": "of no type"}]}  # the control

    checked = [
        subprocess.run(
            [tools, "-c", VALIDATE], input=json.dumps(each), text=True, capture_output=True
        ).returncode
        for each in (bill, wrong)
    ]
    assert checked[0] == 0
    assert checked[1] != 0
