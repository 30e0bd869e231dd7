"""`python -m setup COMMAND`: what the Makefile calls. Started by any Python ≥ 3.10.

environments · models · encoder · ears · teach · setup · train · run · chat · upgrade
supply · audit · licences · sbom · lists
"""

import os
import sys
import time
from collections.abc import Callable

from setup import settings as setup_settings
from setup import steps
from setup.settings import ROOT, VENV, Settings
from setup.troubles import SetupFailed, check_machine

_INSIDE = "--in-environment"


def main() -> int:
    """Do the command named on the command line; return the exit code."""
    arguments = [part for part in sys.argv[1:] if part != _INSIDE]
    name = arguments[0] if arguments else ""
    if name not in COMMANDS:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        settings = setup_settings.read()
        if _INSIDE not in sys.argv:
            _enter_environment(settings, arguments)
        COMMANDS[name](settings)
    except SetupFailed as failed:
        print(f"\n{failed}", file=sys.stderr)
        return failed.exit_code
    except setup_settings.SettingInvalid as invalid:
        print(f"\n{invalid}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\n已停止。Stopped.", file=sys.stderr)
        return 130
    return 0


def _enter_environment(settings: Settings, arguments: list[str]) -> None:
    """Make the environments, then go on inside the newer one."""
    os.chdir(ROOT)
    check_machine(ROOT, space=0)
    with steps.one_at_a_time(settings):
        steps.make_environments(settings)
    sys.stderr.flush()
    python = str(VENV / "bin" / "python")
    os.execv(python, [python, "-m", "setup", *arguments, _INSIDE])  # noqa: S606 - no shell wanted


def _environments(_settings: Settings) -> None:
    """Already done on the way here."""


def _supply(settings: Settings) -> None:
    """Get the tools that check what is installed; they stay out of both environments."""
    from setup import environments

    with steps.one_at_a_time(settings):
        steps.make_environment(environments.SUPPLY, settings)


def _audit(settings: Settings) -> None:
    _supply(settings)
    from setup import audit

    audit.run(settings)


def _licences(settings: Settings) -> None:
    from setup import licences

    licences.run(settings)


def _sbom(settings: Settings) -> None:
    _supply(settings)
    from setup import sbom

    sbom.run(settings)


def _lists(settings: Settings) -> None:
    """Write the lists of both environments and of the tools anew."""
    from setup import environments

    for environment in (environments.MAIN, environments.RASA, environments.SUPPLY):
        environments.write_list(environment, settings)


def _encoder(settings: Settings) -> None:
    from setup import encoder

    encoder.build(settings.encoder_dir)


def _teach(settings: Settings) -> None:
    """Teach the encoder what the Rasa server is to tell apart; kept, for it takes minutes."""
    from setup import tuning

    tuning.build_once(
        settings.encoder_dir,
        tuning.read_training(ROOT / "nlu" / "training"),
        settings.state_dir / "models" / "encoder",
        settings.build_dir / "taught",
    )


def _ears(settings: Settings) -> None:
    from setup import whisper

    whisper.build(settings.whisper_dir)


def _models(settings: Settings) -> None:
    """Make what does not depend on the content, nor on where the state is."""
    with steps.one_at_a_time(settings):
        steps.make_models(settings)


def _setup(settings: Settings) -> None:
    with steps.one_at_a_time(settings):
        steps.make_models(settings)
        steps.make_state(settings)


def _upgrade(settings: Settings) -> None:
    from setup import upgrading

    upgrading.upgrade(settings, print)


def _run(settings: Settings) -> None:
    began = time.monotonic()
    _setup(settings)
    from setup import supervisor
    from setup.lines import Lines

    lines = Lines(sys.stdout)

    def ready(address: str) -> None:
        took = time.monotonic() - began
        lines.announce(f"小沥已就绪 Xiaoli is ready: {address} ({took:.0f} s; Ctrl-C 停止)")

    try:
        supervisor.run(settings, lines.say, ready)
    except supervisor.NotStarted as failed:
        raise SetupFailed(str(failed)) from None


def _chat(settings: Settings) -> None:
    """Talk in the terminal to the assistant that runs, or to one started for it."""
    from setup import supervisor

    address = supervisor.running_at(settings)
    if address:
        _talk(address)
        return
    _setup(settings)
    try:
        with supervisor.Assistant(
            settings.state_dir, database_url=settings.database_url
        ) as assistant:
            _talk(assistant.url)
    except supervisor.NotStarted as failed:
        raise SetupFailed(str(failed)) from None


def _talk(address: str) -> None:
    import subprocess

    python = str(VENV / "bin" / "python")
    subprocess.run([python, "-m", "bot", "chat", "--url", address], cwd=ROOT, check=False)


COMMANDS: dict[str, Callable[[Settings], None]] = {
    "environments": _environments,
    "supply": _supply,
    "audit": _audit,
    "licences": _licences,
    "sbom": _sbom,
    "lists": _lists,
    "models": _models,
    "encoder": _encoder,
    "ears": _ears,
    "teach": _teach,
    "setup": _setup,
    "train": _setup,
    "run": _run,
    "chat": _chat,
    "upgrade": _upgrade,
}

if __name__ == "__main__":
    sys.exit(main())
