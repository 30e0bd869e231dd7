"""What all this is made of, as CycloneDX: the packages of both environments, and the models.

`make sbom` writes `.build/sbom-*.json`. Packages are told by cyclonedx-bom, each with its
licence and what it depends on; models, encoders and indexes by their manifests, each file with
its SHA-256. Runs in the Python 3.11 environment.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge import manifest
from setup import progress
from setup.environments import MAIN, RASA, SUPPLY, Environment
from setup.settings import ROOT, Settings
from setup.troubles import SetupFailed

NOTHING_MADE = (
    "还没有任何模型或索引：请先执行 make setup。"
    "There is no model and no index yet: run make setup first."
)
MODEL, DATA = "machine-learning-model", "data"


@dataclass(frozen=True)
class Part:
    """A folder with a manifest: what it is, and the files it vouches for."""

    name: str
    kind: str  # a component's type in CycloneDX
    folder: Path

    def component(self) -> dict[str, Any]:
        """Return it as a component; its version is the hash of its manifest."""
        hashes = json.loads((self.folder / manifest.NAME).read_text(encoding="utf-8"))
        whole = manifest.digest(self.folder / manifest.NAME)
        return {
            "bom-ref": f"{self.name}@{whole[:12]}",
            "type": self.kind,
            "name": self.name,
            "version": whole[:12],
            "hashes": [{"alg": "SHA-256", "content": whole}],
            "components": [
                {
                    "bom-ref": f"{self.name}@{whole[:12]}/{file}",
                    "type": "file",
                    "name": file,
                    "hashes": [{"alg": "SHA-256", "content": digest}],
                }
                for file, digest in sorted(hashes.items())
            ],
        }


def parts(settings: Settings) -> list[Part]:
    """Return all that was made and is vouched for by a manifest."""
    state = settings.state_dir
    known = [
        Part("encoder", MODEL, settings.encoder_dir),
        Part("speech-recogniser", MODEL, settings.whisper_dir),
        Part("language-model", MODEL, state / "models"),
        Part("safety-gate", DATA, state / "safety"),
        Part("sorter-of-reports", DATA, state / "sorting"),
        *_indexes(state / "index"),
    ]
    return [part for part in known if (part.folder / manifest.NAME).is_file()]


def _indexes(folder: Path) -> Iterator[Part]:
    for version in sorted(folder.glob(f"*/{manifest.NAME}")):
        yield Part(f"knowledge-index-{version.parent.name}", DATA, version.parent)


def bill_of_models(settings: Settings) -> dict[str, Any]:
    """Return the bill of what set-up made, as CycloneDX 1.6.

    Raises:
        SetupFailed: nothing was made yet.
    """
    components = [part.component() for part in parts(settings)]
    if not components:
        raise SetupFailed(NOTHING_MADE)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "xiaoli"}},
        "components": components,
    }


def run(settings: Settings) -> None:
    """Write all three bills.

    Raises:
        SetupFailed: a tool failed, or nothing was made yet.
    """
    for name, environment in (("main", MAIN), ("rasa", RASA)):
        progress.run(_task(environment, _file(name, settings), settings))
    written = json.dumps(bill_of_models(settings), indent=1, ensure_ascii=False)
    _file("models", settings).write_text(written, encoding="utf-8")
    for name in ("main", "rasa", "models"):
        print(_file(name, settings))


def _file(name: str, settings: Settings) -> Path:
    return settings.build_dir / f"sbom-{name}.json"


def _task(environment: Environment, written: Path, settings: Settings) -> progress.Task:
    tool = str(SUPPLY.folder / "bin" / "cyclonedx-py")
    command = [
        *(tool, "environment", str(environment.python), "--output-format", "JSON"),
        *("--output-reproducible", "--no-validate", "--output-file", str(written)),
    ]
    log = settings.build_dir / "logs" / "sbom.log"
    return progress.Task(f"SBOM {written.name}", command, settings.variables, log, 5, ROOT)
