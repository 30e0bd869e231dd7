"""The steps from a clone to an assistant that can be started, as one table.

A step is skipped while a hash over its inputs is the one it was last done with. What a step
makes is kept under BUILD_DIR by that hash and copied to the state folder, so that a second
state folder (a test's, a bench's) costs no second training. Environments and encoders bear the
mark of what they were made of themselves: they may lie where the assistant cannot write.
"""

import fcntl
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from setup import environments, progress
from setup.fingerprints import Ledger
from setup.settings import ROOT, VENV, VENV_RASA, Settings
from setup.troubles import HALF_RESTORED, NOT_ALLOWED, SetupFailed, check_machine

MADE = "made"  # in the build folder: what steps have made, by step and hash
MARK = "made-of"  # in an environment or an encoder: the hash of what it was made of
KEPT_PRODUCTS = 4  # of each step, the newest ones
UNFINISHED = "restoring"  # in the state folder: a restore has not come to its end
MODEL = "xiaoli.tar.gz"
MODEL_ENCODER = "encoder/onnx/model_int8.onnx"  # beside it: it was trained on its vectors

_RASA = ("{rasa_python}", "-m", "nlu.command")


@dataclass(frozen=True)
class Step:
    """One step: what it reads, the commands that do it, what it leaves in the state folder.

    `{community}`, `{encoder}` and `{state}` stand for the folders of the settings.
    """

    name: str
    title: str
    inputs: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    makes: str  # the folder in the state folder; empty: nothing that could be copied
    usual_seconds: float


ENCODER = Step(
    "encoder",
    "构建语义编码器 The sentence encoder",
    (
        *("requirements.lock", "setup/encoder.py", "setup/blocks.py", "setup/e5_package.py"),
        "knowledge/manifest.py",
    ),
    (("{python}", "-m", "setup", "encoder", "--in-environment"),),
    "",
    40,
)
EARS = Step(
    "ears",
    "准备语音识别 The recogniser of speech",
    ("requirements.lock", "setup/whisper.py", "knowledge/manifest.py"),
    (("{python}", "-m", "setup", "ears", "--in-environment"),),
    "",
    5,
)
INDEX = Step(
    "index",
    "检查内容、建立知识索引 The knowledge index",
    ("knowledge", "{community}", "{encoder}/manifest.json"),
    (("{python}", "-m", "knowledge", "check"), ("{python}", "-m", "knowledge", "build")),
    "index",
    20,
)
TRAINING = Step(
    "model",
    "训练语言模型 The language model",
    (
        *("config.yml", "nlu", "{community}", "{encoder}/manifest.json"),
        *("setup/tuning.py", "setup/encoder.py", "setup/blocks.py"),
    ),
    (
        ("{python}", "-m", "setup", "teach", "--in-environment"),
        (
            *(*_RASA, "train", "--config", "config.yml", "--domain", "nlu/domain"),
            *("--data", "nlu/training", "--out", "{state}/models"),
            *("--fixed-model-name", MODEL.removesuffix(".tar.gz")),
        ),
    ),
    "models",
    300,
)
DATABASE = Step(
    "database",
    "准备数据库 The database",
    ("actions", "{community}"),
    (("{python}", "-m", "actions", "migrate"),),
    "",
    3,
)


def make_environments(settings: Settings) -> None:
    """Make both Python environments, where they are not what their lists say.

    Raises:
        SetupFailed: the message says what to do.
    """
    for environment in (environments.MAIN, environments.RASA):
        make_environment(environment, settings)


def make_environment(environment: environments.Environment, settings: Settings) -> None:
    """Make one environment, where it is not what its list says.

    Raises:
        SetupFailed: the message says what to do.
    """
    with _ledger(settings) as ledger:
        said = (environments.UV_VERSION, *environment.built)
        wanted = ledger.fingerprint([environment.lock], *said)
    mark = environment.folder / MARK
    if environment.python.exists() and _read(mark) == wanted:
        return
    check_machine(ROOT)
    environments.make(environment, settings)
    environments.check_cpu_only()
    _write(mark, wanted)


def make_models(settings: Settings) -> None:
    """Build the encoder and the recogniser of speech, unless they are there.

    Raises:
        SetupFailed: the message says what to do.
    """
    folders = ((ENCODER, settings.encoder_dir), (EARS, settings.whisper_dir))
    with _ledger(settings) as ledger:
        for step, folder in folders:
            wanted = _fingerprint(step, settings, ledger)
            if not (folder / "manifest.json").exists() or _read(folder / MARK) != wanted:
                _do(step, settings)
                _write(folder / MARK, wanted)


def make_state(settings: Settings) -> None:
    """Bring a state folder up to date: its index, its model, its database.

    Raises:
        SetupFailed: the message says what to do.
    """
    if (settings.state_dir / UNFINISHED).exists():
        raise SetupFailed(HALF_RESTORED.format(settings.state_dir))
    with _ledger(settings) as ledger:
        done = _done(settings)
        for step in (INDEX, TRAINING):
            wanted = _fingerprint(step, settings, ledger, *_kept_in(step, settings))
            _make_product(step, settings, wanted)
            if done.get(step.name) != wanted:
                _install(_product(step, settings, wanted), settings.state_dir)
                done = _note(settings, done | {step.name: wanted})
        said = (settings.database_url, done[INDEX.name])
        wanted = _fingerprint(DATABASE, settings, ledger, *said)
        if done.get(DATABASE.name) != wanted or not _database_is_there(settings):
            _do(DATABASE, settings)
            _note(settings, done | {DATABASE.name: wanted})


def _kept_in(step: Step, settings: Settings) -> Iterator[str]:
    """Yield the database an index's vectors are kept in: elsewhere it must be built anew."""
    if step.name == INDEX.name and (store := settings.variables.get("VECTOR_STORE")):
        yield store


@contextmanager
def _ledger(settings: Settings) -> Iterator[Ledger]:
    """Lend what is known of the inputs; what was learnt is kept also when a step fails."""
    ledger = Ledger(settings.build_dir / "ledger.json")
    try:
        yield ledger
    finally:
        ledger.keep()


@contextmanager
def one_at_a_time(settings: Settings) -> Iterator[None]:
    """Wait until no other set-up is at work with this build folder.

    Raises:
        SetupFailed: nothing can be written there.
    """
    try:
        settings.build_dir.mkdir(parents=True, exist_ok=True)
        opened = (settings.build_dir / "setup.lock").open("w")
    except OSError:
        raise SetupFailed(f"{NOT_ALLOWED} (BUILD_DIR={settings.build_dir})") from None
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(
                "等待另一个安装结束… Waiting for another set-up in this folder", file=sys.stderr
            )
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_product(step: Step, settings: Settings, wanted: str) -> None:
    """Make what the step makes in a folder of its own, whole or not at all."""
    from knowledge import manifest  # needs the environment that set-up makes first

    product = _product(step, settings, wanted)
    if product.exists():
        product.touch()
        return
    draft = product.with_name("draft")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / step.makes).mkdir(parents=True)
    _do(step, settings.with_variables(STATE_DIR=str(draft)))
    if step is TRAINING:
        manifest.write(draft / step.makes)
    draft.rename(product)
    _forget_old(product.parent)


def _product(step: Step, settings: Settings, wanted: str) -> Path:
    return settings.build_dir / MADE / step.name / wanted


def _do(step: Step, settings: Settings) -> None:
    log = settings.build_dir / "logs" / f"{step.name}.log"
    for parts in step.commands:
        command = [_filled(part, settings) for part in parts]
        variables, seconds = _variables(settings), step.usual_seconds / len(step.commands)
        progress.run(progress.Task(step.title, command, variables, log, seconds, ROOT))


def _variables(settings: Settings) -> dict[str, str]:
    return settings.variables | {
        "STATE_DIR": str(settings.state_dir),
        "BUILD_DIR": str(settings.build_dir),
        "COMMUNITY_DIR": str(settings.community_dir),
        "ENCODER_DIR": str(settings.encoder_dir),
        "WHISPER_DIR": str(settings.whisper_dir),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "2",  # nobody is being answered meanwhile
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_CACHE_DIRECTORY": str(settings.build_dir / "rasa-cache"),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",  # Rasa's SQLAlchemy is an old one
    }


def _fingerprint(step: Step, settings: Settings, ledger: Ledger, *said: str) -> str:
    places = [ROOT / _filled(place, settings) for place in step.inputs]
    return ledger.fingerprint(places, repr(step.commands), *said)


def _filled(text: str, settings: Settings) -> str:
    return text.format(
        python=VENV / "bin" / "python",
        rasa_python=VENV_RASA / "bin" / "python",
        community=settings.community_dir,
        encoder=settings.encoder_dir,
        state=settings.state_dir,
    )


def _install(product: Path, state: Path) -> None:
    """Copy a product into the state folder; a file is never seen half written."""
    for file in sorted(product.rglob("*"), key=_last_word_last):
        target = state / file.relative_to(product)
        if file.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(target.name + ".draft")
            shutil.copyfile(file, draft)
            draft.replace(target)


def _last_word_last(file: Path) -> tuple[int, bool, str]:
    """Order files so that one that vouches for others or points at them comes after them."""
    return -len(file.parts), file.name == "manifest.json", file.name


def _forget_old(folder: Path) -> None:
    products = sorted(folder.iterdir(), key=lambda product: product.stat().st_mtime)
    for product in products[:-KEPT_PRODUCTS]:
        shutil.rmtree(product)


def _database_is_there(settings: Settings) -> bool:
    """Tell whether the database can be taken for made; a server's never is, it is asked."""
    return not settings.database_url and (settings.state_dir / "xiaoli.db").exists()


def _done(settings: Settings) -> dict[str, str]:
    said = _read(settings.state_dir / "made.json")
    return dict(json.loads(said)) if said else {}


def _note(settings: Settings, done: dict[str, str]) -> dict[str, str]:
    _write(settings.state_dir / "made.json", json.dumps(done))
    return done


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(file.name + ".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)
