"""Rules of the house that no linter knows."""

import ast
import re
from pathlib import Path

import pytest

PACKAGES = ("actions", "bot", "knowledge", "nlu", "setup")
MODULES = [
    file
    for package in PACKAGES
    for file in sorted(Path(package).rglob("*.py"))
    if "migrations" not in file.parts
]
READS_THE_CLOCK = re.compile(r"datetime\.now\(|datetime\.utcnow\(|date\.today\(")
MAY_READ_THE_CLOCK = {
    "actions/clock.py",  # the one place
    "knowledge/__main__.py",  # a command, with nobody to hand it the time
}
TEXT_FILES = [
    file
    for file in Path().rglob("*")
    if file.suffix in {".py", ".md", ".yml", ".toml", ".sh", ".html", ".js", ".css", ".lock"}
    and not {".venv", ".venv-rasa", ".tools", ".build", "var", ".git"} & set(file.parts)
]


def test_only_the_clock_reads_the_clock() -> None:
    readers = {str(f) for f in MODULES if READS_THE_CLOCK.search(f.read_text("utf-8"))}
    assert readers <= MAY_READ_THE_CLOCK


def test_no_module_is_called_after_nothing() -> None:
    assert not [
        f for f in MODULES if f.stem in {"utils", "helpers", "common", "manager", "misc"}
    ]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_says_what_it_is_for(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text("utf-8")))


def test_no_client_is_made_when_a_module_is_imported() -> None:
    clients = {"create_engine", "AsyncClient", "Client", "InferenceSession", "Database"}
    made = [
        f"{module}: {node.value.func.id}"
        for module in MODULES
        for node in ast.parse(module.read_text("utf-8")).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id in clients
    ]
    assert made == []


def test_nothing_names_a_machine_or_an_index_address() -> None:
    address = re.compile(r"(/work/|/root/|file:///|https?://[^ ]*/simple)")
    wrong = [
        str(file)
        for file in TEXT_FILES
        if file.name != Path(__file__).name and address.search(file.read_text("utf-8"))
    ]
    assert wrong == []


def test_no_unfinished_work_is_left_lying() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    wrong = [
        str(file)
        for file in TEXT_FILES
        if file.name != Path(__file__).name and marks.search(file.read_text("utf-8"))
    ]
    assert wrong == []
