"""The table of steps, with small commands in the place of the long ones."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from knowledge import manifest
from setup import programs, settings, steps
from setup.settings import Settings
from setup.steps import Step
from setup.troubles import SetupFailed

# Writes what it read into the product, and adds a line to a diary that tests can count.
COPY = """
import os, pathlib, sys
name, source, diary = sys.argv[1:]
content = pathlib.Path(source).read_text()
if content == "broken":
    sys.exit("mistake: the source is broken; write something else")
state = pathlib.Path(os.environ["STATE_DIR"])
(state / name).mkdir(parents=True, exist_ok=True)
(state / name / "xiaoli.tar.gz").write_text(content)
if name == "database":
    (state / "xiaoli.db").touch()
with open(diary, "a") as lines:
    print(name, file=lines)
"""


@dataclass
class Place:
    """A clone with three steps that are quick."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "source"

    @property
    def diary(self) -> Path:
        return self.folder / "diary"

    def done(self) -> list[str]:
        """Return the steps that were really done since the last look."""
        lines = self.diary.read_text().split() if self.diary.exists() else []
        self.diary.unlink(missing_ok=True)
        return lines

    def state(self, name: str = "state", **variables: str) -> Settings:
        places = {"STATE_DIR": str(self.folder / name), "BUILD_DIR": str(self.folder / "build")}
        return settings.of(places | variables)

    def step(self, name: str, makes: str) -> Step:
        code = COPY.replace("{", "{{").replace("}", "}}")
        command = (sys.executable, "-c", code, name, str(self.source), str(self.diary))
        return Step(name, name, (str(self.source),), (command,), makes, 1)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path)
    place.source.write_text("one")
    monkeypatch.setattr(steps, "INDEX", place.step("index", "index"))
    monkeypatch.setattr(steps, "TRAINING", place.step("model", "model"))
    monkeypatch.setattr(steps, "DATABASE", place.step("database", ""))
    return place


def test_the_first_set_up_does_every_step(place: Place) -> None:
    steps.make_state(place.state())

    assert place.done() == ["index", "model", "database"]
    assert (place.folder / "state" / "model" / "xiaoli.tar.gz").read_text() == "one"


def test_a_place_that_is_being_restored_is_refused(place: Place) -> None:
    (place.folder / "state" / steps.UNFINISHED).mkdir(parents=True)
    with pytest.raises(SetupFailed, match=r"恢复没有完成.*make restore.*begins anew"):
        steps.make_state(place.state())
    assert place.done() == []


def test_a_second_set_up_does_nothing(place: Place) -> None:
    steps.make_state(place.state())
    place.done()

    steps.make_state(place.state())

    assert place.done() == []


def test_a_changed_input_is_worked_in(place: Place) -> None:
    steps.make_state(place.state())
    place.done()
    place.source.write_text("two")

    steps.make_state(place.state())

    assert place.done() == ["index", "model", "database"]
    assert (place.folder / "state" / "model" / "xiaoli.tar.gz").read_text() == "two"


def test_another_state_folder_gets_the_same_model_without_training(place: Place) -> None:
    steps.make_state(place.state())
    place.done()

    steps.make_state(place.state("another"))

    assert place.done() == ["database"]
    assert (place.folder / "another" / "model" / "xiaoli.tar.gz").read_text() == "one"


def test_a_change_that_is_taken_back_needs_no_training(place: Place) -> None:
    for content in ("one", "two", "one"):
        place.source.write_text(content)
        place.done()
        steps.make_state(place.state())

    assert place.done() == ["database"]
    assert (place.folder / "state" / "model" / "xiaoli.tar.gz").read_text() == "one"


def test_an_index_is_built_anew_for_another_store_of_its_vectors(place: Place) -> None:
    steps.make_state(place.state())
    place.done()

    steps.make_state(place.state(VECTOR_STORE="postgresql://somewhere/else"))

    assert place.done() == ["index", "database"]


def test_a_lost_database_is_made_again(place: Place) -> None:
    steps.make_state(place.state())
    place.done()
    (place.folder / "state" / "xiaoli.db").unlink()

    steps.make_state(place.state())

    assert place.done() == ["database"]


def test_a_database_server_is_always_asked(place: Place) -> None:
    state = place.state(DATABASE_URL="postgresql://somewhere/else")
    steps.make_state(state)
    place.done()

    steps.make_state(state)

    assert place.done() == ["database"]


def test_a_step_that_fails_says_why_and_leaves_what_there_was(place: Place) -> None:
    steps.make_state(place.state())
    place.source.write_text("broken")

    with pytest.raises(SetupFailed, match="mistake: the source is broken"):
        steps.make_state(place.state())

    assert (place.folder / "state" / "model" / "xiaoli.tar.gz").read_text() == "one"


def test_after_a_failure_the_next_set_up_goes_on(place: Place) -> None:
    place.source.write_text("broken")
    with pytest.raises(SetupFailed):
        steps.make_state(place.state())
    place.source.write_text("mended")

    steps.make_state(place.state())

    assert place.done() == ["index", "model", "database"]


def test_only_the_latest_products_are_kept(place: Place) -> None:
    for n in range(steps.KEPT_PRODUCTS + 2):
        place.source.write_text(str(n))
        steps.make_state(place.state())

    assert (
        len(list((place.state().build_dir / steps.MADE / "model").iterdir()))
        == steps.KEPT_PRODUCTS
    )


@pytest.mark.parametrize("name", [steps.MODEL, steps.MODEL_ENCODER])
def test_a_changed_model_is_refused(tmp_path: Path, name: str) -> None:
    for file in (steps.MODEL, steps.MODEL_ENCODER):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(b"trained")
    manifest.write(tmp_path)
    assert programs.refuse_model(tmp_path) is None

    (tmp_path / name).write_bytes(b"tralned")

    assert "run make train" in (programs.refuse_model(tmp_path) or "")


def test_a_model_without_its_encoder_is_refused(tmp_path: Path) -> None:
    (tmp_path / steps.MODEL).write_bytes(b"trained")
    manifest.write(tmp_path)

    assert programs.refuse_model(tmp_path)


def test_a_model_without_a_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / steps.MODEL).write_bytes(b"trained")

    assert programs.refuse_model(tmp_path)
