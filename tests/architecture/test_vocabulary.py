"""One word per thing: what the code says, the domain and the glossary must say too."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

DOMAIN = sorted(Path("nlu/domain").glob("*.yml"))
PYTHON = [
    file
    for folder in ("actions", "bot", "knowledge")
    for file in Path(folder).rglob("*.py")
    if "migrations" not in file.parts
]


@cache
def responses() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for file in DOMAIN:
        found |= yaml.safe_load(file.read_text(encoding="utf-8")).get("responses") or {}
    return found


def in_code(pattern: str) -> set[str]:
    return {hit for file in PYTHON for hit in re.findall(pattern, file.read_text("utf-8"))}


def test_every_response_the_code_says_is_written_in_the_domain() -> None:
    said = in_code(r'"(utter_\w+)"')
    assert said
    assert said <= set(responses())


@pytest.mark.parametrize("response", sorted(responses()))
def test_every_response_is_written_in_chinese_and_in_english(response: str) -> None:
    languages = {
        condition["value"]
        for variant in responses()[response]
        for condition in variant.get("condition", ())
        if condition["name"] == "language"
    }
    assert "en" in languages, f"{response} has no English"
    assert any(not variant.get("condition") for variant in responses()[response])


@pytest.mark.parametrize("response", sorted(responses()))
def test_both_languages_speak_of_the_same_values(response: str) -> None:
    """A value told in one language only is a fact half of the residents never hear."""
    variants = responses()[response]
    plain = [v for v in variants if not _elder(v)]
    values = {frozenset(re.findall(r"{(\w+)}", str(variant["text"]))) for variant in plain}
    assert len(values) == 1, f"{response} speaks of {values}"


def _elder(variant: dict[str, Any]) -> bool:
    return any(condition["name"] == "elder" for condition in variant.get("condition", ()))


TO_STAFF = {"desk", "backup", "backups.py", "doctor"}  # and to operators; no resident reads it


def test_no_residents_words_are_written_in_python() -> None:
    """Chinese sentences belong to nlu/domain and the pack; code may hold words it reads."""
    wrong = {
        str(file)
        for file in PYTHON
        if not TO_STAFF & set(file.parts) and any(map(_is_sentence, _strings(file)))
    }
    assert wrong == set()


def _strings(file: Path) -> list[str]:
    """The string constants of a module, docstrings left out."""
    tree = ast.parse(file.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docs
    ]


def _is_sentence(text: str) -> bool:
    """Whether somebody would read it; what has brackets and bars is a pattern."""
    return bool(re.search("[一-鿿]{2}.*[。！？]", text)) and not re.search(r"[\[|\\]", text)


FORBIDDEN = {
    r"\bconnectors?\b": "channel",
    r"\bTicket\b": "ServiceRequest",
    r"\bescalat": "hand off",
    r"\bbot_mode\b": "status",
}


@pytest.mark.parametrize(("word", "instead"), FORBIDDEN.items())
def test_a_thing_has_one_word(word: str, instead: str) -> None:
    found = {str(file) for file in PYTHON if re.search(word, file.read_text("utf-8"))}
    assert found == set(), f"say {instead}"
