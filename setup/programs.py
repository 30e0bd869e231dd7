"""The processes of the assistant, as one table: what is run, with which settings."""

import json
import os
import secrets
from collections.abc import Collection
from itertools import cycle
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
    """Return the processes with their internal ports chosen and their secrets made.

    Of several of a kind the first has its name, the others a number after it ("rasa-2"). Each
    Rasa has one action server, whose next one serves the next.
    """
    rasa_ports = _free_ports(settings.rasa_workers)
    actions_ports = _free_ports(settings.actions_workers, but=rasa_ports)
    made = keep_secrets(settings.state_dir)
    common = {
        "STATE_DIR": str(settings.state_dir),
        "COMMUNITY_DIR": str(settings.community_dir),
        "ENCODER_DIR": str(settings.encoder_dir),
        "WHISPER_DIR": str(settings.whisper_dir),
        "ACTIONS_HOST": LOOPBACK,
        "ACTIONS_SECRET": settings.variables.get("ACTIONS_SECRET") or made["ACTIONS_SECRET"],
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
    }
    ours = settings.variables | common
    ours |= {
        "HOST": settings.host,
        "GATEWAYS": str(settings.gateways),
        "RASA_URL": " ".join(map(_here, rasa_ports)),
        "ACTIONS_URL": " ".join(map(_here, actions_ports)),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.variables.get("SECRET_KEY") or made["SECRET_KEY"],
    }
    return (
        *(
            _rasa(settings, _nth("rasa", n), common, port, actions)
            for n, (port, actions) in enumerate(zip(rasa_ports, cycle(actions_ports)))
        ),
        *(_actions(_nth("actions", n), ours, port) for n, port in enumerate(actions_ports)),
        *(_bot(settings, _nth("bot", n), ours, n) for n in range(settings.gateways)),
        *(
            Program(_nth("worker", n), (_PYTHON, "-m", "bot", "worker"), ours)
            for n in range(settings.workers)
        ),
    )


def _nth(name: str, number: int) -> str:
    return f"{name}-{number + 1}" if number else name


def _free_ports(many: int, but: Collection[int] = ()) -> list[int]:
    found: list[int] = []
    while len(found) < many:
        port = free_port()
        if port not in (*found, *but):
            found.append(port)
    return found


def _here(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def _rasa(
    settings: Settings, name: str, common: dict[str, str], port: int, actions_port: int
) -> Program:
    environment = _rasa_environment(settings, common | {"ACTIONS_PORT": str(actions_port)})
    return Program(
        name,
        _rasa_command(port, settings),
        environment,
        port,
        f"{_here(port)}/",
        refuse=lambda: refuse_model(settings.state_dir / "models"),
    )


def _actions(name: str, ours: dict[str, str], port: int) -> Program:
    return Program(
        name,
        (_PYTHON, "-m", "actions", "serve"),
        ours | {"ACTIONS_PORT": str(port)},
        port,
        f"{_here(port)}/health",
    )


def _bot(settings: Settings, name: str, ours: dict[str, str], number: int) -> Program:
    port = settings.ports[number]
    return Program(
        name,
        (_PYTHON, "-m", "bot", "serve"),
        # Its gate hears single characters. How words are read takes half a second and 50 MB,
        # and only the desk's preview and the names of new articles could use it.
        ours | {"PORT": str(port), "PYPINYIN_NO_PHRASES": "true"},
        port,
        f"{address(settings, number)}/healthz",
    )


def address(settings: Settings, number: int = 0) -> str:
    """Return where the page of a gateway is, as seen from this machine."""
    host = {"0.0.0.0": LOOPBACK, "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{host}:{settings.ports[number]}"


def addresses(settings: Settings) -> tuple[str, ...]:
    """Return where the page of each gateway is."""
    return tuple(address(settings, number) for number in range(settings.gateways))


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
