"""Every promise is shown by something that exists, and has a control; gaps are said."""

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.drills.promises import Shown, is_test, node_and_case, read_list, read_table

DRILLS, PROMISES = read_table()
GAPS = frozenset[str]()  # what is not shown in full, or has no control yet; its row says why


@cache
def functions(file: str) -> dict[str, str]:
    """The tests of a file with their source, decorators included; empty if there is none."""
    if not Path(file).is_file():
        return {}
    source = Path(file).read_text("utf-8")
    lines = source.splitlines()
    return {
        node.name: "\n".join(lines[first_line(node) - 1 : node.end_lineno])
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def first_line(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min(part.lineno for part in (node, *node.decorator_list))


def missing(shown: Shown) -> list[str]:
    """What a row names and is not there."""
    return [name for name in (*shown.by, *shown.control) if not exists(name)]


def exists(name: str) -> bool:
    if not is_test(name):
        return name in DRILLS
    node, case = node_and_case(name)
    file, _, function = node.partition("::")
    return function in functions(file) and f'"{case}"' in functions(file)[function] + '""'


def test_what_is_promised_is_what_is_shown() -> None:
    assert list(read_list()) == list(PROMISES)


@pytest.mark.parametrize("name", PROMISES)
def test_a_promise_is_shown_and_has_a_control(name: str) -> None:
    shown = PROMISES[name]
    assert shown.by
    assert bool(shown.control) != bool(name in GAPS)
    assert bool(shown.gap) == bool(name in GAPS)
    assert missing(shown) == []


def test_what_does_not_exist_is_noticed() -> None:
    """Negative control."""
    here = "tests/bench/drills/test_promises.py::test_a_promise_is_shown_and_has_a_control"
    names = (f"{here}_", f"{here}[naive]", f"{here[1:]}", "no_such_drill")
    assert missing(Shown(by=names, control=())) == list(names)
    assert missing(Shown(by=(here,), control=("kills",))) == []


def test_a_promise_without_a_row_and_a_drill_nobody_needs_are_noticed() -> None:
    named = {name for one in PROMISES.values() for name in (*one.by, *one.control)}
    assert set(DRILLS) == {name for name in named if not is_test(name)}


@pytest.mark.parametrize("name", DRILLS)
def test_a_drill_is_a_module_with_a_short_form(name: str) -> None:
    drill = DRILLS[name]
    assert find_spec(drill.module)
    assert drill.short is not None or name == "chat"
