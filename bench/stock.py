"""Stock Rasa beside the assistant: the pipeline of `rasa init` on the same data."""

import contextlib
import hashlib
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.output import say
from setup.processes import answers, free_port
from setup.programs import LOOPBACK, keep_secrets
from setup.settings import BUILD, ROOT, VENV_RASA
from setup.supervisor import RUN_FILE, Assistant

CONFIG = ROOT / "bench" / "stock_config.yml"
EPOCHS = 5  # a message costs the same after five as after the hundred of `rasa init`
LEARNT_FROM = ("nlu/domain", "nlu/training")
STARTS_WITHIN = 180  # seconds
RASA = str(VENV_RASA / "bin" / "rasa")

# What `rasa init` writes, with the action server's address: nothing of ours is in it.
ENDPOINTS = """\
action_endpoint:
  url: http://{host}:{port}/webhook
  headers:
    X-Actions-Secret: {secret}
"""


def trained(epochs: int = EPOCHS) -> tuple[Path, float]:
    """Return the stock model and the seconds its training took, once for the same data.

    A hundred epochs, as `rasa init` has them, take more than an hour on two cores.
    """
    config = re.sub(r"epochs: \d+", f"epochs: {epochs}", CONFIG.read_text("utf-8"))
    folder = BUILD / "bench" / "stock" / _fingerprint(config)
    model, took = folder / "stock.tar.gz", folder / "seconds"
    if not took.exists():
        say(f"training stock Rasa, {epochs} epochs: some minutes, once for this data")
        began = time.monotonic()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.yml").write_text(config, "utf-8")
        command = [RASA, "train", "--config", str(folder / "config.yml")]
        command += ["--domain", "nlu/domain", "--data", "nlu/training"]
        command += ["--out", str(folder), "--fixed-model-name", "stock"]
        with (folder / "training.log").open("w") as log:
            subprocess.run(
                command, cwd=ROOT, env=_environment(), check=True, stdout=log, stderr=log
            )
        took.write_text(f"{time.monotonic() - began:.1f}")
    return model, float(took.read_text())


@contextlib.contextmanager
def running(assistant: Assistant, model: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Run stock Rasa on the assistant's action server; yields its address and its process."""
    state = assistant.settings.state_dir
    port, endpoints = free_port(), state / "stock-endpoints.yml"
    actions = json.loads((state / RUN_FILE).read_text("utf-8"))["actions"]["port"]
    secret = keep_secrets(state)["ACTIONS_SECRET"]
    endpoints.write_text(ENDPOINTS.format(host=LOOPBACK, port=actions, secret=secret))
    command = [RASA, "run", "--interface", LOOPBACK, "--port", str(port), "--model", str(model)]
    command += ["--endpoints", str(endpoints), "--credentials", "nlu/credentials.yml"]
    with (state / "stock.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=_environment(), stdout=log, stderr=log
        )
    try:
        url = f"http://{LOOPBACK}:{port}"
        until = time.monotonic() + STARTS_WITHIN
        while not answers(f"{url}/"):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"stock Rasa did not start; see {state / 'stock.log'}")
            time.sleep(0.5)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _fingerprint(config: str) -> str:
    digest = hashlib.sha256(config.encode())
    for folder in LEARNT_FROM:
        for file in sorted((ROOT / folder).rglob("*.yml")):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _environment() -> dict[str, str]:
    told = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}  # noqa: TID251 - a bench
    return told | {
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "-1",
        "OMP_NUM_THREADS": "1",
    }
