"""The four processes of the assistant, as one table: what is run, with which settings."""

import json
import os
import secrets
from pathlib import Path

from knowledge import manifest
from setup.processes import Program, free_port
from setup.settings import ROOT, VENV, VENV_RASA, Settings
from setup.steps import MODEL, MODEL_ENCODER

SECRETS = "secrets.json"
LOOPBACK = "127.0.0.1"

_PYTHON = str(VENV / "bin" / "python")
# All that Rasa is told of the machine: it needs no secret but the one for the action server.
_TOLD_TO_RASA = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")


def programs(settings: Settings) -> tuple[Program, ...]:
    """Return the processes with their internal ports chosen and their secrets made."""
    actions_port, rasa_port = free_port(), free_port()
    rasa_url = f"http://{LOOPBACK}:{rasa_port}"
    made = keep_secrets(settings.state_dir)
    common = {
        "STATE_DIR": str(settings.state_dir),
        "COMMUNITY_DIR": str(settings.community_dir),
        "ENCODER_DIR": str(settings.encoder_dir),
        "WHISPER_DIR": str(settings.whisper_dir),
        "ACTIONS_HOST": LOOPBACK,
        "ACTIONS_PORT": str(actions_port),
        "ACTIONS_SECRET": settings.variables.get("ACTIONS_SECRET") or made["ACTIONS_SECRET"],
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
    }
    ours = settings.variables | common
    ours |= {
        "HOST": settings.host,
        "PORT": str(settings.port),
        "RASA_URL": rasa_url,
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.variables.get("SECRET_KEY") or made["SECRET_KEY"],
    }
    bot_url = address(settings)
    return (
        Program(
            "rasa",
            _rasa_command(rasa_port, settings),
            _rasa_environment(settings, common),
            rasa_port,
            f"{rasa_url}/",
            refuse=lambda: refuse_model(settings.state_dir / "models"),
        ),
        Program(
            "actions",
            (_PYTHON, "-m", "actions", "serve"),
            ours,
            actions_port,
            f"http://{LOOPBACK}:{actions_port}/health",
        ),
        Program(
            "bot",
            (_PYTHON, "-m", "bot", "serve"),
            ours,
            settings.port,
            f"{bot_url}/healthz",
        ),
        Program("worker", (_PYTHON, "-m", "bot", "worker"), ours),
    )


def address(settings: Settings) -> str:
    """Return where the assistant's page is, as seen from this machine."""
    host = {"0.0.0.0": LOOPBACK, "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{host}:{settings.port}"


def keep_secrets(state: Path) -> dict[str, str]:
    """Return this assistant's secrets, made once and readable by its owner alone."""
    file = state / SECRETS
    if not file.exists():
        made = {name: secrets.token_hex(32) for name in ("ACTIONS_SECRET", "SECRET_KEY")}
        draft = file.with_name(SECRETS + ".draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
            json.dump(made, out)
        draft.replace(file)
    return dict(json.loads(file.read_text(encoding="utf-8")))


def refuse_model(folder: Path) -> str | None:
    """Return why the model must not be loaded, None when it is the one that was trained."""
    changed = manifest.changed(folder, MODEL, MODEL_ENCODER)
    return changed and (
        f"语言模型文件 {changed} 与训练时不同，请执行 make train。"
        f"The model's file {changed} is not the one that was trained: run make train."
    )


def _rasa_command(port: int, settings: Settings) -> tuple[str, ...]:
    model = str(settings.state_dir / "models" / MODEL)
    return (
        *(str(VENV_RASA / "bin" / "python"), "-m", "nlu.command", "run"),
        *("--interface", LOOPBACK, "--port", str(port)),
        *("--model", model, "--endpoints", "nlu/endpoints.yml"),
        *("--credentials", "nlu/credentials.yml"),
    )


def _rasa_environment(settings: Settings, common: dict[str, str]) -> dict[str, str]:
    told = {name: settings.variables.get(name) for name in _TOLD_TO_RASA}
    return (
        {name: value for name, value in told.items() if value}
        | common
        | {
            "RASA_TELEMETRY_ENABLED": "false",
            "SQLALCHEMY_SILENCE_UBER_WARNING": "1",  # Rasa's SQLAlchemy is an old one
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "CUDA_VISIBLE_DEVICES": "-1",
        }
    )
